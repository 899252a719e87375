"""What the client promises of items: changing, reading, selecting, erasing them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from trialbook.client import (
    Aborted,
    AlreadyExists,
    AsyncClient,
    Client,
    Dataset,
    FailedPrecondition,
    InvalidArgument,
    Item,
    ItemChangeKind,
    ItemSample,
    ItemSelection,
    ItemSource,
    ItemSourceType,
    ItemUpdate,
    Json,
    NotFound,
    Scorer,
    ToolMock,
    TrialbookError,
    UnmockedToolPolicy,
)

Call = Callable[[Client, Dataset], object]
ODD = Json('{ "n": 12345678901234567890123, "x": 1.0, "u": "\\u00e9é" }')


def fill(client: Client, dataset: Dataset) -> None:
    client.datasets.add_items(
        dataset,
        [
            Item({"q": 1}, "one", id="a", tags=("hard",), split="train", metadata={"level": 1}),
            Item({"q": 2}, None, id="b", external_id="crm 2", split="test", metadata={"level": 2}),
            Item({"q": 3}, id="c", tags=("hard", "new"), metadata={"level": 3}),
        ],
    )


def test_all_fields_of_an_item_come_back_as_they_were_given(
    shared_client: Client, dataset: Dataset
) -> None:
    item = Item(
        ODD,
        Json(" null "),
        id="full",
        external_id="ticket/4711 ü",
        context={"user": 1},
        metadata={"m": [1]},
        tags=("x", "y"),
        split="test",
        expected_trajectory={"steps": [{"tool": "search"}]},
        start_options={"temperature": 0},
        tool_mocks=(ToolMock("search", ODD, arguments=Json('{"q":  1}')), ToolMock("now", None)),
        unmocked_tools=UnmockedToolPolicy.DENY,
        scorers=("exact_match", Scorer("levenshtein", threshold=0.5, alias="near")),
        source=ItemSource(ItemSourceType.TRACE, "4bf92f35"),
    )

    added = shared_client.datasets.add_items(dataset, [item])
    stored = shared_client.datasets.item(dataset, "full")

    assert (added.item_ids, added.added_count) == (("full",), 1)
    assert stored.input_json == ODD.text
    assert (stored.has_expected, stored.expected) == (True, None)
    assert (stored.external_id, stored.split, stored.tags) == ("ticket/4711 ü", "test", ("x", "y"))
    assert stored.expected_trajectory == {"steps": [{"tool": "search"}]}
    assert (stored.context, stored.metadata) == ({"user": 1}, {"m": [1]})
    assert stored.start_options == {"temperature": 0}
    assert stored.tool_mocks == item.tool_mocks
    assert stored.unmocked_tools is UnmockedToolPolicy.DENY
    assert [(scorer.name, scorer.params) for scorer in stored.scorers] == [
        ("exact_match", {}),
        ("levenshtein", {"threshold": 0.5}),
    ]
    assert stored.source == item.source
    assert (stored.ordinal, stored.added_version, stored.version, stored.purged) == (1, 1, 1, False)


def test_the_same_item_again_changes_nothing(shared_client: Client, dataset: Dataset) -> None:
    fill(shared_client, dataset)

    again = shared_client.datasets.add_items(
        dataset,
        [
            {
                "input": Json('{"q":  3}'),
                "id": "c",
                "tags": ["new", "hard"],
                "metadata": {"level": 3},
            }
        ],
    )

    assert (again.item_ids, again.added_count, again.dataset.version) == (("c",), 0, 1)


def test_items_are_updated_field_by_field(shared_client: Client, dataset: Dataset) -> None:
    client = shared_client
    fill(client, dataset)

    one = client.datasets.update_item(
        dataset, "a", expected=None, tags=["easy"], clear=["split"], message="m", expected_version=1
    )
    many = client.datasets.update_items(
        dataset,
        [
            ItemUpdate(external_id="crm 2", clear=("expected",), metadata=None),
            {"id": "c", "input": {"q": 30}, "scorers": ["exact_match"]},
        ],
    )
    idle = client.datasets.update_item(dataset, "c", input={"q": 30})

    a, b, c = client.datasets.items(dataset)
    assert (one.changed_count, many.changed_count, idle.changed_count) == (1, 2, 0)
    assert (many.dataset.version, idle.dataset.version) == (3, 3)
    assert (a.input, a.has_expected, a.expected, a.tags, a.split) == (
        {"q": 1},
        True,
        None,
        ("easy",),
        "",
    )
    assert (b.has_expected, b.metadata, b.split) == (False, {}, "test")
    assert (c.input, c.tags, [scorer.name for scorer in c.scorers]) == (
        {"q": 30},
        ("hard", "new"),
        ["exact_match"],
    )
    assert (a.version, a.added_version, b.version) == (2, 1, 3)


def test_an_upsert_adds_replaces_and_brings_back(shared_client: Client, dataset: Dataset) -> None:
    client = shared_client
    fill(client, dataset)
    client.datasets.remove_items(dataset, ["c"])

    done = client.datasets.upsert_items(
        dataset,
        [
            Item({"q": 1}, "one", id="a", tags=("hard",), split="train", metadata={"level": 1}),
            {"external_id": "crm 2", "input": {"q": 20}},
            {"id": "c", "input": {"q": 3}},
            {"external_id": "crm 4", "input": {"q": 4}},
        ],
    )

    assert done.item_ids[:3] == ("a", "b", "c")
    assert (done.added_count, done.changed_count, done.restored_count) == (1, 1, 1)
    assert client.datasets.item(dataset, "b").has_expected is False
    assert client.datasets.item(dataset, "c").ordinal == 3


def test_removed_items_stay_in_old_versions_and_come_back(
    shared_client: Client, dataset: Dataset
) -> None:
    client = shared_client
    fill(client, dataset)
    client.datasets.update_item(dataset, "a", input={"q": 10})

    removed = client.datasets.remove_items(dataset, ["a", "b"])
    idle = client.datasets.remove_items(dataset, ["a"])
    restored = client.datasets.restore_items(dataset, ["a"])
    as_first = client.datasets.restore_items(dataset, ["a", "b"], version=1)

    assert (removed.removed_count, idle.removed_count, idle.dataset.version) == (2, 0, 3)
    assert (restored.restored_count, restored.changed_count) == (1, 0)
    assert (as_first.restored_count, as_first.changed_count) == (1, 1)
    assert [item.id for item in client.datasets.items(dataset, version=3)] == ["c"]
    assert [item.input["q"] for item in client.datasets.items(dataset)] == [1, 2, 3]


def test_the_history_of_an_item_has_every_step(shared_client: Client, dataset: Dataset) -> None:
    client = shared_client
    fill(client, dataset)
    client.datasets.update_item(dataset, "a", input={"q": 10}, message="better")
    client.datasets.remove_items(dataset, ["a"])
    client.datasets.restore_items(dataset, ["a"])

    steps = list(client.datasets.item_revisions(dataset, "a", page_size=1))

    assert [(step.kind, step.version) for step in steps] == [
        (ItemChangeKind.RESTORED, 4),
        (ItemChangeKind.REMOVED, 3),
        (ItemChangeKind.CHANGED, 2),
        (ItemChangeKind.ADDED, 1),
    ]
    assert steps[2].message == "better"
    assert [(c.path, c.before, c.after) for c in steps[2].changes] == [("input.q", 1, 10)]
    assert [step.item.input["q"] for step in steps] == [10, 10, 10, 1]


SELECTIONS: dict[str, tuple[ItemSelection, list[str]]] = {
    "ids": (ItemSelection(item_ids=["c", "a", "none"]), ["a", "c"]),
    "splits": (ItemSelection(splits=["test", ""]), ["b", "c"]),
    "tags": (ItemSelection(tags=["hard", "new"]), ["c"]),
    "filter": (ItemSelection(filter='metadata.level >= 2 AND NOT split = "test"'), ["c"]),
    "all parts": (ItemSelection(splits=["train"], tags=["hard"], filter="input.q = 1"), ["a"]),
    "large sample": (ItemSelection(sample=ItemSample(count=9)), ["a", "b", "c"]),
    "nothing": (ItemSelection(tags=["none"]), []),
}


@pytest.mark.parametrize("case", list(SELECTIONS))
def test_some_of_the_items_are_read(shared_client: Client, dataset: Dataset, case: str) -> None:
    selection, expected = SELECTIONS[case]
    fill(shared_client, dataset)

    found = shared_client.datasets.items(dataset, selection=selection, page_size=1)

    assert [item.id for item in found] == expected


def test_a_sample_is_the_same_for_the_same_seed(shared_client: Client, dataset: Dataset) -> None:
    shared_client.datasets.add_items(dataset, [{"input": n, "id": f"i{n}"} for n in range(200)])

    def sample(seed: int) -> list[str]:
        selection = ItemSelection(sample=ItemSample(count=20, seed=seed))
        return [item.id for item in shared_client.datasets.items(dataset, selection=selection)]

    assert len(sample(1)) == 20
    assert sample(1) == sample(1)
    assert sample(1) != sample(2)


def test_duplicates_are_found_and_all_but_the_first_removed(
    shared_client: Client, dataset: Dataset
) -> None:
    client = shared_client
    client.datasets.add_items(
        dataset,
        [
            {"input": Json('{"q": 1, "r": 2}'), "id": "a"},
            {"input": Json('{"r":2,"q":1}'), "id": "b"},
            {"input": {"q": 1, "r": 3}, "id": "c"},
        ],
    )

    whole = list(client.datasets.find_duplicates(dataset))
    by_field = list(client.datasets.find_duplicates(dataset, fields=["input.q"]))
    removed = client.datasets.remove_duplicates(dataset, expected_version=1, message="once")
    idle = client.datasets.remove_duplicates(dataset)

    assert [(group.item_id, group.duplicate_ids) for group in whole] == [("a", ("b",))]
    assert [(group.item_id, group.duplicate_count) for group in by_field] == [("a", 2)]
    assert (removed.removed_count, removed.dataset.version) == (1, 2)
    assert (idle.removed_count, idle.dataset.version) == (0, 2)
    assert [item.id for item in client.datasets.items(dataset)] == ["a", "c"]


def test_a_purge_erases_an_item_from_every_version(shared_client: Client, dataset: Dataset) -> None:
    client = shared_client
    fill(client, dataset)
    client.datasets.update_item(dataset, "a", input={"q": 10})

    done = client.datasets.purge_items(dataset, ["a"], message="asked for by the customer")
    again = client.datasets.purge_items(dataset, ["a"])

    assert (done.purged_count, again.purged_count) == (1, 0)
    assert done.event_count > 0
    assert (done.dataset.version, done.dataset.item_count) == (3, 2)
    first = client.datasets.item(dataset, "a", version=1)
    assert (first.purged, first.input, first.has_expected) == (True, None, False)
    with pytest.raises(FailedPrecondition) as caught:
        client.datasets.restore_items(dataset, ["a"])
    assert caught.value.reason == "ITEM_PURGED"
    with pytest.raises(AlreadyExists):
        client.datasets.add_items(dataset, [{"input": 1, "id": "a"}])


def test_an_import_of_the_same_items_changes_nothing(
    shared_client: Client, dataset: Dataset
) -> None:
    client = shared_client
    items = [{"input": n, "id": f"i{n}"} for n in range(1_500)]

    first = client.datasets.import_items(dataset, items, message="all")
    again = client.datasets.import_items(dataset, items)
    items[7] = {"input": "other", "id": "i7"}
    with pytest.raises(AlreadyExists) as caught:
        client.datasets.import_items(dataset, items)
    replaced = client.datasets.import_items(dataset, items, upsert=True)

    assert (first.added_count, first.dataset.version) == (1_500, 1)
    assert (again.unchanged_count, again.dataset.version) == (1_500, 1)
    assert caught.value.reason == "ITEM_CONFLICT"
    assert caught.value.violations[0].field.startswith("items[7]")
    assert (replaced.changed_count, replaced.unchanged_count) == (1, 1_499)
    assert client.datasets.version(dataset, 1).message == "all"


REFUSALS: dict[str, tuple[Call, type[TrialbookError], str, str]] = {
    "bad field in one of many": (
        lambda c, d: c.datasets.add_items(d, [{"input": 1}, {"input": 2, "context": 3}]),
        InvalidArgument,
        "INVALID_FIELD",
        "items[1].context",
    ),
    "bad tool mock": (
        lambda c, d: c.datasets.add_items(
            d, [{"input": 1, "tool_mocks": [{"tool": "", "output": 1}]}]
        ),
        InvalidArgument,
        "INVALID_FIELD",
        "items[0].tool_mocks[0].tool",
    ),
    "unknown scorer of an item": (
        lambda c, d: c.datasets.add_items(d, [{"input": 1, "scorers": ["exact_mach"]}]),
        InvalidArgument,
        "UNKNOWN_SCORER",
        "items[0].scorers[0]",
    ),
    "taken id": (
        lambda c, d: c.datasets.add_items(d, [{"input": 1}, {"input": 2, "id": "a"}]),
        AlreadyExists,
        "ITEM_CONFLICT",
        "items[1]",
    ),
    "taken external id": (
        lambda c, d: c.datasets.add_items(d, [{"input": 2, "external_id": "crm 2"}]),
        AlreadyExists,
        "ITEM_CONFLICT",
        "items[0].external_id",
    ),
    "update of an item that is not there": (
        lambda c, d: c.datasets.update_item(d, "none", input=1),
        NotFound,
        "RESOURCE_NOT_FOUND",
        "",
    ),
    "update with bad JSON": (
        lambda c, d: c.datasets.update_item(d, "a", input=Json("{")),
        InvalidArgument,
        "INVALID_JSON",
        "updates[0].item.input",
    ),
    "cleared input": (
        lambda c, d: c.datasets.update_item(d, "a", clear=["input"]),
        InvalidArgument,
        "INVALID_FIELD",
        "updates[0]",
    ),
    "the same item twice": (
        lambda c, d: c.datasets.update_items(
            d, [{"id": "a", "input": 1}, {"id": "a", "split": "x"}]
        ),
        InvalidArgument,
        "INVALID_FIELD",
        "updates[1]",
    ),
    "removal of an item that never was": (
        lambda c, d: c.datasets.remove_items(d, ["a", "none"]),
        NotFound,
        "RESOURCE_NOT_FOUND",
        "",
    ),
    "stale removal": (
        lambda c, d: c.datasets.remove_items(d, ["a"], expected_version=0),
        Aborted,
        "STALE_VERSION",
        "",
    ),
    "restore from a version above": (
        lambda c, d: c.datasets.restore_items(d, ["a"], version=9),
        NotFound,
        "VERSION_NOT_FOUND",
        "",
    ),
    "history of nothing": (
        lambda c, d: list(c.datasets.item_revisions(d, "none")),
        NotFound,
        "RESOURCE_NOT_FOUND",
        "",
    ),
    "a filter that is none": (
        lambda c, d: list(c.datasets.items(d, selection=ItemSelection(filter="split ="))),
        InvalidArgument,
        "INVALID_FILTER",
        "selection.filter",
    ),
    "an unknown field to compare": (
        lambda c, d: list(c.datasets.find_duplicates(d, fields=["output"])),
        InvalidArgument,
        "INVALID_FIELD",
        "fields[0]",
    ),
    "purge of nothing": (
        lambda c, d: c.datasets.purge_items(d, []),
        InvalidArgument,
        "INVALID_FIELD",
        "item_ids",
    ),
}


@pytest.mark.parametrize("case", list(REFUSALS))
def test_refusals_name_the_field_and_change_nothing(
    shared_client: Client, dataset: Dataset, case: str
) -> None:
    call, error_class, reason, field = REFUSALS[case]
    fill(shared_client, dataset)

    with pytest.raises(error_class) as caught:
        call(shared_client, dataset)

    assert caught.value.reason == reason
    if field:
        assert any(violation.field.startswith(field) for violation in caught.value.violations)
    assert shared_client.datasets.get(dataset).version == 1


CHANGES: dict[str, Call] = {
    "add": lambda c, d: c.datasets.add_items(d, [{"input": 9}], request_id=f"{d.id}-r"),
    "update": lambda c, d: c.datasets.update_item(d, "a", input=9, request_id=f"{d.id}-r"),
    "upsert": lambda c, d: c.datasets.upsert_items(d, [{"input": 9}], request_id=f"{d.id}-r"),
    "remove": lambda c, d: c.datasets.remove_items(d, ["a"], request_id=f"{d.id}-r"),
    "restore": lambda c, d: c.datasets.restore_items(d, ["c"], request_id=f"{d.id}-r"),
    "deduplicate": lambda c, d: c.datasets.remove_duplicates(
        d, fields=["input"], request_id=f"{d.id}-r"
    ),
    "purge": lambda c, d: c.datasets.purge_items(d, ["a"], request_id=f"{d.id}-r"),
    "import": lambda c, d: c.datasets.import_items(d, [{"input": 9}], request_id=f"{d.id}-r"),
}


@pytest.mark.parametrize("change", list(CHANGES))
def test_a_repeated_change_is_made_once_and_answered_alike(
    shared_client: Client, dataset: Dataset, change: str
) -> None:
    fill(shared_client, dataset)
    shared_client.datasets.add_items(dataset, [{"input": {"q": 1}, "id": "d"}])
    shared_client.datasets.remove_items(dataset, ["c"])

    first = CHANGES[change](shared_client, dataset)
    again = CHANGES[change](shared_client, dataset)

    assert again == first
    assert shared_client.datasets.get(dataset).version == 4


def test_the_async_client_does_the_same(shared_client: Client, dataset: Dataset) -> None:
    fill(shared_client, dataset)

    async def use() -> None:
        async with AsyncClient(shared_client.address) as client:
            datasets = client.datasets
            assert (await datasets.update_item(dataset, "a", input=10)).changed_count == 1
            assert (await datasets.upsert_items(dataset, [{"input": 9}])).added_count == 1
            assert (await datasets.remove_items(dataset, ["a"])).removed_count == 1
            assert (await datasets.restore_items(dataset, ["a"])).restored_count == 1
            assert (await datasets.item(dataset, "a")).input == 10
            selection = ItemSelection(splits=["test"])
            assert [i.id async for i in datasets.items(dataset, selection=selection)] == ["b"]
            assert len([r async for r in datasets.item_revisions(dataset, "a")]) == 4
            assert [g async for g in datasets.find_duplicates(dataset)] == []
            assert (await datasets.remove_duplicates(dataset)).removed_count == 0
            assert (await datasets.purge_items(dataset, ["a"])).purged_count == 1

    asyncio.run(use())
