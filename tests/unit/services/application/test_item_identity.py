"""Which item a given one is, and what becomes of it."""

from __future__ import annotations

import pytest

from trialbook.services.application.item import ItemDraft
from trialbook.services.application.item_content import content_of
from trialbook.services.application.item_identity import (
    Fate,
    GivenItem,
    ImportMode,
    Known,
    decide,
    refusals,
)
from trialbook.services.application.item_state import KnownItem

ADD, UPSERT = ImportMode.ADD, ImportMode.UPSERT


def given(text: str, item_id: str = "", external_id: str = "") -> GivenItem:
    return GivenItem(item_id, external_id, content_of(ItemDraft(item_id, text)))


def known(
    ordinal: int,
    item_id: str,
    external_id: str = "",
    *,
    now: str | None = "1",
    first: str = "1",
    version: int = 1,
    purged: bool = False,
) -> KnownItem:
    """Return an item that has this content now (None: it is removed) and had another at first."""
    return KnownItem(
        item_id,
        ordinal,
        external_id,
        0 if now is None else version,
        b"" if now is None else given(now).content.digest,
        given(first).content.digest,
        purged,
    )


STOCK = Known.of(
    [
        known(1, "a", "ka"),
        known(2, "b", now="2"),
        known(3, "gone", "kg", now=None),
        known(4, "purged", now=None, purged=True),
        known(5, "fresh", version=7),
    ]
)


@pytest.mark.parametrize(
    ("item", "adding", "upserting"),
    [
        (given("1"), Fate.ADDED, Fate.ADDED),
        (given("1", "new", "kn"), Fate.ADDED, Fate.ADDED),
        (given("1.0", "a"), Fate.UNCHANGED, Fate.UNCHANGED),
        (given("1", "", "ka"), Fate.UNCHANGED, Fate.UNCHANGED),
        (given("1", "a", "ka"), Fate.UNCHANGED, Fate.UNCHANGED),
        (given("3", "a"), Fate.REFUSED, Fate.CHANGED),
        (given("1", "b"), Fate.UNCHANGED, Fate.CHANGED),
        (given("1", "gone"), Fate.REFUSED, Fate.RESTORED),
        (given("1", "", "kg"), Fate.REFUSED, Fate.RESTORED),
        (given("1", "purged"), Fate.REFUSED, Fate.REFUSED),
        (given("1", "b", "new"), Fate.REFUSED, Fate.REFUSED),
        (given("1", "b", "ka"), Fate.REFUSED, Fate.REFUSED),
        (given("1", "new", "ka"), Fate.REFUSED, Fate.REFUSED),
    ],
    ids=range(13),
)
def test_one_item_meets_what_is_there(item: GivenItem, adding: Fate, upserting: Fate) -> None:
    assert [decide(STOCK, [item], mode)[0].fate for mode in (ADD, UPSERT)] == [adding, upserting]


def test_what_an_import_has_touched_it_touches_no_more() -> None:
    rows = [given("1", "fresh"), given("2", "fresh")]

    fates = [decide(STOCK, [row], UPSERT, version=7)[0].fate for row in rows]

    assert fates == [Fate.UNCHANGED, Fate.REFUSED]


@pytest.mark.parametrize(
    ("second", "fate"),
    [
        (given("9", "new", "kn"), Fate.REPEATED),
        (given("9.0", "", "kn"), Fate.REPEATED),
        (given("9", "new"), Fate.REPEATED),
        (given("8", "new"), Fate.REFUSED),
        (given("9", "new", "other"), Fate.REFUSED),
        (given("9", "other", "kn"), Fate.REFUSED),
    ],
    ids=range(6),
)
def test_a_batch_meets_itself(second: GivenItem, fate: Fate) -> None:
    decisions = decide(Known(), [given("9", "new", "kn"), second], ADD)

    assert [decision.fate for decision in decisions] == [Fate.ADDED, fate]
    assert decisions[1].first == 0


def test_one_known_item_by_both_of_its_ids_is_one() -> None:
    decisions = decide(STOCK, [given("3", "a"), given("3", "", "ka"), given("4", "a")], UPSERT)

    assert [decision.fate for decision in decisions] == [Fate.CHANGED, Fate.REPEATED, Fate.REFUSED]


def test_refusals_name_the_row_and_the_field() -> None:
    rows = [given("1"), given("3", "a"), given("1", "", "kg")]

    found = refusals(decide(STOCK, rows, ADD), rows, offset=1000)

    assert [bad.path for bad in found] == ["items[1001].item_id", "items[1002].external_id"]
    assert "'a' is there with other content" in found[0].message
    assert "'kg' belongs to a removed item" in found[1].message
