from __future__ import annotations

import pytest

from trialbook.eventstore import LogRow
from trialbook.eventstore.pending import Pending

pytestmark = pytest.mark.unit

COLUMNS = ("id", "value")
UPSERT = "ON CONFLICT (id) DO UPDATE SET value = excluded.value"
SKIP = "ON CONFLICT (id) DO NOTHING"


def groups(pending: Pending) -> list[tuple[str, list[tuple[object, ...]]]]:
    return [(group.table, [*group.rows]) for group in pending.rows()]


def test_rows_of_several_requests_for_one_table_go_together() -> None:
    pending = Pending()
    pending.add("a", COLUMNS, "", [(1, "x")])
    pending.add("b", COLUMNS, "", [(1, "x")])
    pending.add("a", COLUMNS, "", [(2, "y"), (3, "z")])

    assert groups(pending) == [("a", [(1, "x"), (2, "y"), (3, "z")]), ("b", [(1, "x")])]
    assert pending.size == 4


def test_a_row_that_takes_anothers_place_waits_for_the_next_statement() -> None:
    pending = Pending()
    pending.add("a", COLUMNS, UPSERT, [(1, "old"), (2, "x")])
    pending.add("a", COLUMNS, UPSERT, [(3, "y")])
    pending.add("a", COLUMNS, UPSERT, [(1, "new")])

    assert groups(pending) == [("a", [(1, "old"), (2, "x"), (3, "y")]), ("a", [(1, "new")])]


def test_rows_of_one_request_may_take_each_others_place() -> None:
    pending = Pending()
    pending.add("a", COLUMNS, UPSERT, [(1, "first"), (1, "second"), (2, "x"), (1, "third")])

    values: dict[object, object] = {}
    for _, rows in groups(pending):
        assert len({row[0] for row in rows}) == len(rows)
        values.update({row[0]: row[1] for row in rows})
    assert values == {1: "third", 2: "x"}


@pytest.mark.parametrize(
    ("clause", "statements"),
    [
        ("ON CONFLICT (id) WHERE value = 'x' DO UPDATE SET value = 'y'", 1),
        ("ON CONFLICT (lower(id)) DO UPDATE SET value = 'y'", 2),
        ("ON CONFLICT DO UPDATE SET value = 'y'", 2),
    ],
)
def test_rows_whose_key_cannot_be_told_go_one_by_one(clause: str, statements: int) -> None:
    pending = Pending()
    pending.add("a", COLUMNS, clause, [(1, "x"), (2, "y")])

    assert len(groups(pending)) == statements


def test_rows_that_give_way_need_not_be_told_apart() -> None:
    pending = Pending()
    pending.add("a", COLUMNS, SKIP, [(1, "first"), (1, "second")])

    assert groups(pending) == [("a", [(1, "first"), (1, "second")])]


def test_rows_for_a_table_in_another_way_do_not_wait_beside_others() -> None:
    pending = Pending()
    pending.add("a", COLUMNS, "", [(1, "x")])

    assert pending.takes_for("A", COLUMNS, "")
    assert pending.takes_for("b", COLUMNS, SKIP)
    assert not pending.takes_for("a", COLUMNS, SKIP)
    assert not pending.takes_for("A", ("id",), "")


def test_a_statement_that_names_a_table_sees_its_rows() -> None:
    pending = Pending()
    assert not pending.touches(frozenset({"event", "a"}))

    pending.add("A", COLUMNS, "", [(1, "x")])
    assert pending.touches(frozenset({"select", "a"}))
    assert not pending.touches(frozenset({"event"}))

    pending.events.append(LogRow(1, "s", 1, "t.x.v1", b"", b""))
    assert pending.touches(frozenset({"event"}))
