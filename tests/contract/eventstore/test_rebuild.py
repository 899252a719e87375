from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from tests.unit.eventstore.toy import (
    SCHEMA,
    TABLES,
    Mark,
    MarksGiven,
    NoteWritten,
    metadata,
    read_models,
    write_note,
)
from trialbook.eventstore import RecordedEvent, SQLiteDatabase, StoreError, Transaction


def fill(database: SQLiteDatabase, count: int = 300) -> None:
    random = Random(7)
    for number in range(count):
        stream = f"n-{random.randrange(9)}"
        if random.random() < 0.5:
            event: Any = NoteWritten(f"note {number}")
        else:
            names = random.sample(range(1_000_000), random.randrange(5))
            event = MarksGiven([Mark(f"{number}-{name}", name / 7) for name in names])
        database.submit(
            lambda tx, stream=stream, event=event: tx.append(  # type: ignore[misc]  # binds both
                stream, [event], expected_version=None, metadata=metadata()
            )
        ).result()


def test_rebuilt_tables_equal_those_that_lived(database: SQLiteDatabase) -> None:
    fill(database)
    lived = database.read_now(read_models)

    assert database.rebuild(tables=TABLES, schema=SCHEMA) == 300
    assert database.read_now(read_models) == lived
    assert all(lived)


def test_a_damaged_table_is_mended(database: SQLiteDatabase) -> None:
    fill(database)
    lived = database.read_now(read_models)
    database.submit(lambda tx: tx.execute("DROP TABLE mark")).result()
    database.submit(lambda tx: tx.execute("UPDATE note SET text = 'wrong'")).result()

    database.rebuild(tables=TABLES, schema=SCHEMA)

    assert database.read_now(read_models) == lived


def test_an_empty_log_gives_empty_tables(database: SQLiteDatabase) -> None:
    assert database.rebuild(tables=TABLES, schema=SCHEMA) == 0
    assert database.read_now(read_models) == [[], []]


def with_projection(
    database: SQLiteDatabase,
    monkeypatch: pytest.MonkeyPatch,
    projection: Callable[[RecordedEvent, Transaction], None],
) -> None:
    monkeypatch.setattr(database._session, "_projection", projection)


def test_a_rebuild_that_fails_changes_nothing(
    database: SQLiteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, 200)
    lived = database.read_now(read_models)

    def fail_late(recorded: RecordedEvent, tx: Transaction) -> None:
        if recorded.position == 150:
            raise LookupError("a bug in the projection")

    with monkeypatch.context() as broken:
        with_projection(database, broken, fail_late)
        with pytest.raises(LookupError, match="a bug"):
            database.rebuild(tables=TABLES, schema=SCHEMA)

    assert database.read_now(read_models) == lived
    database.submit(lambda tx: write_note(tx, "n", "the writer lives")).result()


def test_a_rebuild_calls_nobody_back_and_appends_nothing(
    database: SQLiteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, 10)
    heard: list[int] = []

    with monkeypatch.context() as changed:
        with_projection(
            database,
            changed,
            lambda recorded, tx: tx.after_commit(lambda: heard.append(recorded.position)),
        )
        database.rebuild(tables=TABLES, schema=SCHEMA)
        assert heard == []
        database.submit(lambda tx: write_note(tx, "n", "new")).result()
        assert heard == [11]

        with_projection(database, changed, lambda recorded, tx: tx.remember("c", b"", b"", 1))
        with pytest.raises(StoreError, match="read models only"):
            database.rebuild(tables=TABLES, schema=SCHEMA)


@pytest.mark.parametrize("table", ["event", "Meta", "blob", "command", "tracking"])
def test_the_tables_of_the_store_are_not_read_models(database: SQLiteDatabase, table: str) -> None:
    with pytest.raises(ValueError, match="belongs to the store"):
        database.rebuild(tables=[table], schema=[])


def test_a_table_name_is_a_plain_name(database: SQLiteDatabase) -> None:
    with pytest.raises(ValueError, match="not a plain table name"):
        database.rebuild(tables=["note; DROP TABLE event"], schema=[])
