from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialbook.services.domain import dataset as domain
from trialbook.services.domain.dataset import (
    Dataset,
    DatasetCreated,
    DatasetDeleted,
    DatasetEvent,
    DatasetSettings,
    ImportAbandoned,
    ImportBegun,
    ItemCounts,
    ItemFact,
    ItemsAdded,
)
from trialbook.services.domain.errors import ImportInProgress, NotFound, Stale

CREATED = DatasetCreated("u", "p", "d", "D", "", "")


def replayed(*events: DatasetEvent) -> Dataset:
    head: Dataset | None = None
    for event in (CREATED, *events):
        head = domain.evolve(head, event)
    assert head is not None
    return head


def test_a_new_dataset_is_empty_at_version_zero() -> None:
    head = replayed()

    assert (head.version, head.item_count, head.deleted, head.import_id) == (0, 0, False, "")
    assert head.name == "projects/p/datasets/d"


@given(st.lists(st.integers(1, 10_000), max_size=30))
def test_each_version_follows_the_one_before(counts: list[int]) -> None:
    head = replayed()
    for count in counts:
        head = domain.evolve(head, domain.make_version(head, ItemCounts(added=count)))

    assert head.version == len(counts)
    assert head.item_count == sum(counts)


@given(st.lists(st.sampled_from(["describe", "begin", "abandon", "make", "delete"]), max_size=30))
def test_every_event_changes_the_etag(doings: list[str]) -> None:
    head = replayed()
    etags = [head.etag]
    for number, doing in enumerate(doings):
        head = domain.evolve(head, event_of(doing, head, number))
        etags.append(head.etag)

    assert len(set(etags)) == len(etags)


def event_of(doing: str, head: Dataset, number: int) -> DatasetEvent:
    match doing:
        case "describe":
            (event,) = domain.describe(head, display_name=str(number), description="", metadata="")
            return event
        case "begin":
            return ImportBegun("u", head.version + 1, f"i{number}")
        case "abandon":
            return ImportAbandoned("u", head.version + 1, head.import_id)
        case "make":
            return domain.make_version(head, ItemCounts(added=1))
        case _:
            return DatasetDeleted("u")


def test_the_same_description_is_no_event() -> None:
    head = replayed()

    assert domain.describe(head, display_name="D", description="", metadata="") == []


def test_an_import_keeps_others_out_until_it_is_over() -> None:
    begun = ImportBegun("u", 1, "i")
    importing = replayed(begun)

    with pytest.raises(ImportInProgress):
        domain.require_writable(importing)
    domain.require_writable(replayed(begun, ImportAbandoned("u", 1, "i")))
    domain.require_writable(
        domain.evolve(importing, domain.make_version(importing, ItemCounts(added=3)))
    )


def test_an_expected_version_is_compared() -> None:
    head = replayed()

    domain.require_writable(head, 0)
    with pytest.raises(Stale):
        domain.require_writable(head, 1)


def test_an_etag_is_compared_if_there_is_one() -> None:
    head = replayed()

    domain.require_current(head, "")
    domain.require_current(head, head.etag)
    with pytest.raises(Stale):
        domain.require_current(head, "0")


def test_a_deleted_dataset_is_not_there() -> None:
    deleted = replayed(DatasetDeleted("u"))

    with pytest.raises(NotFound):
        domain.require_current(deleted, "")
    with pytest.raises(NotFound):
        domain.require_writable(deleted)


@given(st.integers(0, 1200))
def test_items_are_cut_into_chunks_that_lose_none(count: int) -> None:
    facts = tuple(ItemFact(str(n), n, "1") for n in range(count))

    chunks = list(domain.chunks(facts))

    assert [fact for chunk in chunks for fact in chunk] == list(facts)
    assert all(1 <= len(chunk) <= domain.FACTS_PER_EVENT for chunk in chunks)


def test_a_version_counts_what_it_touched() -> None:
    head = replayed()

    made = domain.make_version(head, ItemCounts(added=5, changed=7, removed=2, restored=1))

    assert (made.version, made.item_count) == (1, 4)


def test_other_settings_make_a_version_with_the_same_items() -> None:
    head = domain.evolve(replayed(), domain.make_version(replayed(), ItemCounts(added=3)))
    new = DatasetSettings(tags=("a",))

    for event in domain.change_settings(head, new, message="why"):
        head = domain.evolve(head, event)

    assert (head.version, head.item_count, head.settings) == (2, 3, new)


def test_a_history_begins_with_its_creation_and_holds_no_items() -> None:
    with pytest.raises(ValueError, match="begins with"):
        domain.evolve(None, DatasetDeleted("u"))
    with pytest.raises(ValueError, match="item facts"):
        domain.evolve(replayed(), ItemsAdded("u", 1, ()))
