"""DatasetService: changes of items, each as one version, or none."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from tests.service import (
    PROJECT,
    Refusal,
    Service,
    invalid,
    item,
    json,
    new_dataset,
    refusal,
    requests,
    summary,
)
from trialbook.v1.dataset_file_pb2 import IMPORT_MODE_UPSERT
from trialbook.v1.dataset_pb2 import (
    ITEM_SOURCE_TYPE_CSV,
    ITEM_SOURCE_TYPE_MANUAL,
    UNMOCKED_TOOL_POLICY_DENY,
    DatasetVersion,
    Item,
    ItemSource,
    ToolMock,
)
from trialbook.v1.dataset_service_pb2 import (
    AddItemsRequest,
    AddItemsResponse,
    DiffVersionsRequest,
    GetDatasetRequest,
    GetItemRequest,
    ImportItemsResponse,
    ItemUpdate,
    ListItemsRequest,
    ListVersionsRequest,
    PurgeItemsRequest,
    RemoveItemsRequest,
    RemoveItemsResponse,
    RestoreItemsRequest,
    RestoreItemsResponse,
    RestoreVersionRequest,
    UpdateItemsRequest,
    UpdateItemsResponse,
    UpsertItemsRequest,
    UpsertItemsResponse,
)
from trialbook.v1.experiment_pb2 import SCORER_SCOPE_ITEM, ScorerSpec

LARGE = '"' + "x" * 5000 + '"'
FULL = Item(
    item_id="full",
    external_id="crm/ä 1",
    input=json('{"q" : 1}'),
    expected=json("[1, 2]"),
    context=json('{"user":"u"}'),
    metadata=json('{"m":1.0}'),
    expected_trajectory=json('{"steps" : [ "a" ]}'),
    start_options=json('{"temperature":0}'),
    tool_mocks=[
        ToolMock(tool="search", arguments=json('{"q": "x"}'), output=json("[ ]")),
        ToolMock(tool="clock", output=json('"12:00"')),
    ],
    unmocked_tools=UNMOCKED_TOOL_POLICY_DENY,
    scorers=[
        ScorerSpec(
            scorer="exact_match",
            params=json('{"case_sensitive": false}'),
            alias="exact",
            scope=SCORER_SCOPE_ITEM,
            output_pointer="/answer",
            expected_pointer="/0",
        )
    ],
    source=ItemSource(type=ITEM_SOURCE_TYPE_CSV, reference="cases.csv"),
    tags=["b", "a"],
    split="test",
)
OUTPUT_ONLY = ("name", "ordinal", "added_version", "create_time", "version", "update_time")


async def add(service: Service, parent: str, *rows: Item, **more: Any) -> AddItemsResponse:
    return await service.datasets.AddItems(AddItemsRequest(parent=parent, items=rows, **more))


async def update(
    service: Service, parent: str, *changes: ItemUpdate, **more: Any
) -> UpdateItemsResponse:
    request = UpdateItemsRequest(parent=parent, updates=changes, **more)
    return await service.datasets.UpdateItems(request)


async def upsert(service: Service, parent: str, *rows: Item, **more: Any) -> UpsertItemsResponse:
    return await service.datasets.UpsertItems(UpsertItemsRequest(parent=parent, items=rows, **more))


async def remove(service: Service, parent: str, *ids: str, **more: Any) -> RemoveItemsResponse:
    request = RemoveItemsRequest(parent=parent, item_ids=ids, **more)
    return await service.datasets.RemoveItems(request)


async def restore(service: Service, parent: str, *ids: str, **more: Any) -> RestoreItemsResponse:
    request = RestoreItemsRequest(parent=parent, item_ids=ids, **more)
    return await service.datasets.RestoreItems(request)


async def send(
    service: Service, parent: str, *batches: Sequence[Item], **first: Any
) -> ImportItemsResponse:
    return await service.datasets.ImportItems(iter(requests(parent, batches, **first)))


def change(row: Item, *fields: str) -> ItemUpdate:
    return ItemUpdate(item=row, update_mask=FieldMask(paths=fields))


async def get(service: Service, dataset: str, item_id: str, version: int = 0) -> Item:
    request = GetItemRequest(name=f"{dataset}/items/{item_id}", version=version)
    return (await service.datasets.GetItem(request)).item


async def inputs(service: Service, dataset: str, version: int = 0) -> dict[str, str]:
    request = ListItemsRequest(parent=dataset, version=version, page_size=1000)
    found = (await service.datasets.ListItems(request)).items
    return {row.item_id: row.input.json for row in found}


async def version_of(service: Service, dataset: str) -> int:
    return (await service.datasets.GetDataset(GetDatasetRequest(name=dataset))).dataset.version


async def last_version(service: Service, dataset: str) -> DatasetVersion:
    request = ListVersionsRequest(parent=dataset, page_size=1)
    return (await service.datasets.ListVersions(request)).versions[0]


def counts(version: DatasetVersion) -> tuple[int, int, int, int]:
    return (
        version.added_count,
        version.changed_count,
        version.removed_count,
        version.restored_count,
    )


def conflict(told: Refusal, *paths: str) -> bool:
    return (told.code, told.reason, told.paths) == (
        grpc.StatusCode.ALREADY_EXISTS,
        "ITEM_CONFLICT",
        list(paths),
    )


async def test_every_field_comes_back_as_it_was_sent(service: Service) -> None:
    dataset = await new_dataset(service)

    await add(service, dataset.name, FULL)

    found = await get(service, dataset.name, "full")
    assert found.scorers[0].scorer_version == 1
    for name in OUTPUT_ONLY:
        found.ClearField(name)
    found.scorers[0].ClearField("scorer_version")
    assert found == FULL


async def test_an_item_without_a_source_was_written_by_hand(service: Service) -> None:
    dataset = await new_dataset(service)
    by_hand = ItemSource(type=ITEM_SOURCE_TYPE_MANUAL, reference="ticket 7")

    await add(service, dataset.name, item(item_id="a"), item(item_id="b", source=by_hand))

    assert not (await get(service, dataset.name, "a")).HasField("source")
    assert (await get(service, dataset.name, "b")).source == by_hand


@pytest.mark.parametrize(
    ("row", "paths"),
    [
        (item(external_id="x" * 257), ["items[0].external_id"]),
        (item(external_id="a\0b"), ["items[0].external_id"]),
        (item(tags=["a\0"]), ["items[0].tags[0]"]),
        (item(split="\0"), ["items[0].split"]),
        (item(expected_trajectory=json("[]")), ["items[0].expected_trajectory.json"]),
        (item(start_options=json("1")), ["items[0].start_options.json"]),
        (item(tool_mocks=[ToolMock(output=json("1"))]), ["items[0].tool_mocks[0].tool"]),
        (item(tool_mocks=[ToolMock(tool="t")]), ["items[0].tool_mocks[0].output"]),
        (
            item(tool_mocks=[ToolMock(tool="t" * 129, output=json("1"))]),
            ["items[0].tool_mocks[0].tool"],
        ),
        (item(tool_mocks=[ToolMock(tool="t", output=json("1"))] * 101), ["items[0].tool_mocks"]),
        (item(unmocked_tools=7), ["items[0].unmocked_tools"]),
        (item(source=ItemSource(type=99)), ["items[0].source.type"]),  # type: ignore[arg-type]
        (item(source=ItemSource(reference="x" * 501)), ["items[0].source.reference"]),
        (item(scorers=[ScorerSpec(scorer="nobody")]), ["items[0].scorers[0].scorer"]),
        (item(scorers=[ScorerSpec(scorer="contains")] * 33), ["items[0].scorers"]),
    ],
)
async def test_a_bad_field_is_named(service: Service, row: Item, paths: list[str]) -> None:
    dataset = await new_dataset(service)

    told = await refusal(add(service, dataset.name, row))

    assert (told.code, told.paths[:1]) == (grpc.StatusCode.INVALID_ARGUMENT, paths)
    assert await version_of(service, dataset.name) == 0


async def test_the_first_hundred_bad_fields_are_counted(service: Service) -> None:
    dataset = await new_dataset(service)

    told = await refusal(add(service, dataset.name, *[item("{") for _ in range(1000)]))

    assert told.message.endswith("(and 99 more)")
    assert told.paths[:2] == ["items[0].input.json", "items[1].input.json"]


async def test_the_same_item_again_is_that_item_and_no_version(service: Service) -> None:
    dataset = await new_dataset(service)
    first = await add(
        service, dataset.name, item('{"a":1,"b":2}', external_id="k", tags=["x", "y"])
    )
    same = item('{"b" : 2.0, "a" : 1}', external_id="k", tags=["y", "x"], expected="null")

    again = await add(service, dataset.name, same)

    assert list(again.item_ids) == list(first.item_ids)
    assert (again.dataset.version, again.added_count) == (1, 0)


async def test_where_an_item_comes_from_is_no_part_of_its_content(service: Service) -> None:
    dataset = await new_dataset(service, [FULL])
    elsewhere = Item()
    elsewhere.CopyFrom(FULL)
    elsewhere.source.reference = "others.csv"

    assert (await add(service, dataset.name, elsewhere)).dataset.version == 1


async def test_the_first_content_is_known_again_after_an_update(service: Service) -> None:
    dataset = await new_dataset(service, [item("1", item_id="a")])
    await update(service, dataset.name, change(item("2", item_id="a"), "input"))

    for text in ("1", "2"):
        again = await add(service, dataset.name, item(text, item_id="a"))
        assert (list(again.item_ids), again.dataset.version) == (["a"], 2)
    told = await refusal(add(service, dataset.name, item("3", item_id="a")))
    assert conflict(told, "items[0].item_id")
    assert (await get(service, dataset.name, "a")).input.json == "2"


async def test_every_conflict_of_a_call_is_named_and_nothing_is_added(service: Service) -> None:
    dataset = await new_dataset(
        service, [item(item_id="a"), item(external_id="k"), item(item_id="gone")]
    )
    await remove(service, dataset.name, "gone")
    rows = [
        item("2", item_id="a"),
        item("9", item_id="new"),
        item("2", external_id="k"),
        item("1", item_id="gone"),
        item("1", item_id="a", external_id="other"),
        item("1", item_id="other", external_id="k"),
    ]

    told = await refusal(add(service, dataset.name, *rows))

    assert conflict(
        told,
        "items[0].item_id",
        "items[2].external_id",
        "items[3].item_id",
        "items[4].item_id",
        "items[5].external_id",
    )
    assert told.metadata == {"resource": f"{dataset.name}/items/a"}
    assert len(await inputs(service, dataset.name)) == 2


async def test_an_item_that_stands_twice_in_a_call_is_one_item(service: Service) -> None:
    dataset = await new_dataset(service)

    done = await add(
        service,
        dataset.name,
        item("1", external_id="k"),
        item("2"),
        item(" 1 ", external_id="k"),
        item("2"),
    )

    assert list(done.item_ids) == ["item-1", "item-2", "item-1", "item-3"]
    assert (done.added_count, done.dataset.item_count) == (3, 3)


async def test_a_call_that_gives_one_id_two_contents_is_refused(service: Service) -> None:
    dataset = await new_dataset(service)

    told = await refusal(
        add(service, dataset.name, item("1", external_id="k"), item("2", external_id="k"))
    )

    assert conflict(told, "items[1].external_id")


async def test_an_assigned_id_gives_way_to_a_given_one(service: Service) -> None:
    dataset = await new_dataset(service, [item(item_id="item-3")])

    done = await add(service, dataset.name, item(item_id="item-2"), item("2"))

    assert done.item_ids[0] == "item-2"
    assert done.item_ids[1].startswith("item-3-")


async def test_an_update_changes_the_fields_that_it_names(service: Service) -> None:
    dataset = await new_dataset(service, [FULL])
    new = Item(item_id="full", split="train", expected=json("3"), metadata=json("{}"))

    done = await update(service, dataset.name, change(new, "split", "expected"), message="why")

    found = await get(service, dataset.name, "full")
    assert (found.split, found.expected.json) == ("train", "3")
    assert (found.version, found.added_version) == (2, 1)
    assert (found.metadata, found.tool_mocks) == (FULL.metadata, FULL.tool_mocks)
    assert found.external_id == FULL.external_id
    assert (await get(service, dataset.name, "full", 1)).split == "test"
    assert (done.changed_count, done.dataset.version) == (1, 2)
    made = await last_version(service, dataset.name)
    assert (counts(made), made.message) == ((0, 1, 0, 0), "why")


@pytest.mark.parametrize(
    "field",
    [
        "expected",
        "expected_trajectory",
        "context",
        "metadata",
        "tags",
        "split",
        "start_options",
        "tool_mocks",
        "unmocked_tools",
        "scorers",
        "source",
    ],
)
async def test_a_field_that_is_named_and_not_set_is_cleared(service: Service, field: str) -> None:
    dataset = await new_dataset(service, [FULL])

    await update(service, dataset.name, change(Item(item_id="full"), field))

    found = await get(service, dataset.name, "full")
    assert found.version == 2
    assert field not in {name.name for name, _ in found.ListFields()}
    found.MergeFrom(Item(**{field: getattr(FULL, field)}))
    for name in OUTPUT_ONLY:
        found.ClearField(name)
    for spec in found.scorers:
        spec.ClearField("scorer_version")
    assert found == FULL


async def test_without_a_mask_what_is_set_changes(service: Service) -> None:
    dataset = await new_dataset(service, [FULL])

    await update(service, dataset.name, ItemUpdate(item=Item(external_id="crm/ä 1", split="x")))

    found = await get(service, dataset.name, "full")
    assert (found.split, found.input) == ("x", FULL.input)


async def test_an_update_that_changes_nothing_makes_no_version(service: Service) -> None:
    dataset = await new_dataset(service, [FULL, item(item_id="b")])
    same = Item(item_id="full", input=json('{"q":1.0}'), tags=["a", "b"])

    done = await update(service, dataset.name, ItemUpdate(item=same))

    assert (done.changed_count, done.dataset.version) == (0, 1)
    assert (await get(service, dataset.name, "full")).input == FULL.input


async def test_updates_touch_only_what_they_change(service: Service) -> None:
    dataset = await new_dataset(service, [item("1", item_id="a"), item(LARGE, item_id="b")])

    done = await update(
        service,
        dataset.name,
        change(item("1", item_id="a"), "input"),
        change(Item(item_id="b", split="s"), "split"),
    )

    assert done.changed_count == 1
    assert (await get(service, dataset.name, "a")).version == 1
    assert (await get(service, dataset.name, "b")).input.json == LARGE


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        (change(Item(item_id="a"), "input"), "updates[0].item.input"),
        (change(item("{", item_id="a"), "input"), "updates[0].item.input.json"),
        (change(Item(item_id="a", split="x" * 65), "split"), "updates[0].item.split"),
        (change(Item(item_id="a"), "item_id"), "updates[0].update_mask"),
        (change(Item(item_id="a"), "external_id"), "updates[0].update_mask"),
        (change(Item(split="s"), "split"), "updates[0].item.item_id"),
        (change(Item(item_id="a", external_id="z"), "split"), "updates[0].item.external_id"),
        (
            change(Item(item_id="a", scorers=[ScorerSpec(scorer="nobody")]), "scorers"),
            "updates[0].item.scorers[0].scorer",
        ),
    ],
    ids=range(8),
)
async def test_a_bad_update_is_refused(service: Service, wanted: ItemUpdate, path: str) -> None:
    dataset = await new_dataset(service, [item(item_id="a", external_id="k")])

    told = await refusal(update(service, dataset.name, wanted))

    assert (told.code, told.paths) == (grpc.StatusCode.INVALID_ARGUMENT, [path])
    assert await version_of(service, dataset.name) == 1


async def test_two_updates_of_one_item_are_refused(service: Service) -> None:
    dataset = await new_dataset(service, [item(item_id="a", external_id="k")])
    by_one, by_other = Item(item_id="a", split="s"), Item(external_id="k", split="t")

    told = await refusal(
        update(service, dataset.name, ItemUpdate(item=by_one), ItemUpdate(item=by_other))
    )

    assert summary(told) == invalid("updates[1].item")


async def test_updates_of_one_item_at_the_same_time_lose_nothing(service: Service) -> None:
    dataset = await new_dataset(service, [item(item_id="a")])
    new = [
        Item(item_id="a", split="s"),
        Item(item_id="a", tags=["t"]),
        Item(item_id="a", expected=json("2")),
        Item(item_id="a", metadata=json('{"m":1}')),
        Item(item_id="a", context=json('{"c":1}')),
        Item(item_id="a", start_options=json('{"o":1}')),
        Item(item_id="a", expected_trajectory=json('{"e":1}')),
    ]

    calls = [update(service, dataset.name, ItemUpdate(item=row)) for row in new]
    done = await asyncio.gather(*calls)

    found = await get(service, dataset.name, "a")
    assert sorted(answer.dataset.version for answer in done) == list(range(2, 9))
    for row in new:
        for field, value in row.ListFields():
            assert getattr(found, field.name) == value


@pytest.mark.parametrize("item_id", ["never", "gone"])
async def test_an_update_of_what_is_not_there_is_refused(service: Service, item_id: str) -> None:
    dataset = await new_dataset(service, [item(item_id="a"), item(item_id="gone")])
    await remove(service, dataset.name, "gone")
    ghost, there = Item(item_id=item_id, split="s"), Item(item_id="a", split="s")

    told = await refusal(
        update(service, dataset.name, ItemUpdate(item=there), ItemUpdate(item=ghost))
    )

    assert (told.code, told.reason) == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")
    assert told.metadata == {"resource": f"{dataset.name}/items/{item_id}"}
    assert (await get(service, dataset.name, "a")).split == ""


async def test_upserts_add_change_restore_and_leave_alone(service: Service) -> None:
    dataset = await new_dataset(
        service,
        [
            item("1", item_id="same", tags=["t"]),
            item("1", external_id="other", split="s"),
            item("1", item_id="gone"),
        ],
    )
    await remove(service, dataset.name, "gone")

    done = await upsert(
        service,
        dataset.name,
        item(" 1", item_id="same", tags=["t"]),
        item("2", external_id="other"),
        item("1", item_id="gone"),
        item("4", external_id="new"),
        item("5"),
    )

    assert list(done.item_ids) == ["same", "item-2", "gone", "item-4", "item-5"]
    assert (done.added_count, done.changed_count, done.restored_count) == (2, 1, 1)
    assert await inputs(service, dataset.name) == {
        "same": "1",
        "item-2": "2",
        "gone": "1",
        "item-4": "4",
        "item-5": "5",
    }
    assert (await get(service, dataset.name, "item-2")).split == ""
    assert counts(await last_version(service, dataset.name)) == (2, 1, 0, 1)
    assert (
        await upsert(service, dataset.name, item("2", external_id="other"))
    ).dataset.version == 3


async def test_an_item_twice_in_an_upsert_is_refused(service: Service) -> None:
    dataset = await new_dataset(service)

    told = await refusal(
        upsert(service, dataset.name, item(external_id="k"), item("2", external_id="k"))
    )

    assert summary(told) == invalid("items[1].external_id")


async def test_an_upsert_cannot_change_ids(service: Service) -> None:
    dataset = await new_dataset(service, [item(item_id="a", external_id="k")])

    told = await refusal(upsert(service, dataset.name, item("2", item_id="b", external_id="k")))

    assert conflict(told, "items[0].external_id")


async def test_removed_items_stay_in_older_versions(service: Service) -> None:
    dataset = await new_dataset(service, 3)

    done = await remove(service, dataset.name, "i1", "i3", "i1", message="stale")

    assert (done.removed_count, done.dataset.version, done.dataset.item_count) == (2, 2, 1)
    assert list(await inputs(service, dataset.name)) == ["i2"]
    assert list(await inputs(service, dataset.name, 1)) == ["i1", "i2", "i3"]
    assert counts(await last_version(service, dataset.name)) == (0, 0, 2, 0)


async def test_removing_again_makes_no_version(service: Service) -> None:
    dataset = await new_dataset(service, 2)
    await remove(service, dataset.name, "i1")

    done = await remove(service, dataset.name, "i1")

    assert (done.removed_count, done.dataset.version) == (0, 2)
    assert (await remove(service, dataset.name)).dataset.version == 2


async def test_removing_what_never_was_is_refused(service: Service) -> None:
    dataset = await new_dataset(service, 2)

    told = await refusal(remove(service, dataset.name, "i1", "never"))

    assert told.metadata == {"resource": f"{dataset.name}/items/never"}
    assert await version_of(service, dataset.name) == 1
    assert summary(await refusal(remove(service, dataset.name, "a b"))) == invalid("item_ids[0]")
    many = [f"i{n}" for n in range(1001)]
    assert summary(await refusal(remove(service, dataset.name, *many))) == invalid("item_ids")


async def test_removed_items_come_back_as_they_were_last_in_their_places(service: Service) -> None:
    dataset = await new_dataset(service, [item(LARGE, item_id="a"), item(item_id="b")])
    await update(service, dataset.name, ItemUpdate(item=Item(item_id="a", split="s")))
    await remove(service, dataset.name, "a", "b")

    done = await restore(service, dataset.name, "b", "a")

    assert (done.restored_count, done.changed_count, done.dataset.item_count) == (2, 0, 2)
    assert list(await inputs(service, dataset.name)) == ["a", "b"]
    found = await get(service, dataset.name, "a")
    assert (found.split, found.input.json, found.ordinal) == ("s", LARGE, 1)
    assert (found.added_version, found.version) == (1, 4)
    assert (await restore(service, dataset.name, "a")).dataset.version == 4


async def test_items_come_back_from_a_version(service: Service) -> None:
    dataset = await new_dataset(service, 3)
    await update(service, dataset.name, ItemUpdate(item=item("7", item_id="i1")))
    await remove(service, dataset.name, "i2")

    done = await restore(service, dataset.name, "i1", "i2", "i3", version=1)

    assert (done.restored_count, done.changed_count) == (1, 1)
    assert await inputs(service, dataset.name) == {"i1": "1", "i2": "2", "i3": "3"}
    assert counts(await last_version(service, dataset.name)) == (0, 1, 0, 1)


async def test_what_a_version_does_not_have_cannot_be_restored_from_it(service: Service) -> None:
    dataset = await new_dataset(service, 1)
    await add(service, dataset.name, item(item_id="late"))

    told = await refusal(restore(service, dataset.name, "late", version=1))
    above = await refusal(restore(service, dataset.name, "late", version=9))
    never = await refusal(restore(service, dataset.name, "never"))
    negative = await refusal(restore(service, dataset.name, "late", version=-1))

    assert (told.code, told.reason) == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")
    assert above.reason == "VERSION_NOT_FOUND"
    assert never.reason == "RESOURCE_NOT_FOUND"
    assert summary(negative) == invalid("version")


async def test_a_purged_item_can_be_neither_changed_nor_restored(service: Service) -> None:
    dataset = await new_dataset(service, 2)
    await service.datasets.PurgeItems(PurgeItemsRequest(parent=dataset.name, item_ids=["i1"]))
    there = ItemUpdate(item=item("7", item_id="i1"))

    for call in (
        update(service, dataset.name, there),
        restore(service, dataset.name, "i1"),
        restore(service, dataset.name, "i1", version=1),
        upsert(service, dataset.name, item("7", item_id="i1")),
    ):
        told = await refusal(call)
        assert (told.code, told.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "ITEM_PURGED")
        assert told.metadata == {"resource": f"{dataset.name}/items/i1"}
    assert conflict(
        await refusal(add(service, dataset.name, item(item_id="i1"))), "items[0].item_id"
    )
    found = await get(service, dataset.name, "i1", 1)
    assert found.purged
    assert not found.HasField("input")


async def test_a_version_comes_back_with_its_items_and_settings(service: Service) -> None:
    dataset = await new_dataset(service, 4)
    await remove(service, dataset.name, "i1")
    await update(service, dataset.name, ItemUpdate(item=item("7", item_id="i2")))
    await add(service, dataset.name, item(item_id="late"))

    done = await service.datasets.RestoreVersion(
        RestoreVersionRequest(name=f"{dataset.name}/versions/1", message="back")
    )

    assert (done.dataset.version, done.dataset.item_count) == (5, 4)
    assert await inputs(service, dataset.name) == await inputs(service, dataset.name, 1)
    assert list(await inputs(service, dataset.name, 4)) == ["i2", "i3", "i4", "late"]
    made = await last_version(service, dataset.name)
    assert (counts(made), made.message) == ((0, 1, 1, 1), "back")
    difference = await service.datasets.DiffVersions(
        DiffVersionsRequest(parent=dataset.name, base="1", head="5")
    )
    assert not difference.differences


async def test_restoring_the_present_state_makes_no_version(service: Service) -> None:
    dataset = await new_dataset(service, 2)
    await update(service, dataset.name, ItemUpdate(item=item("7", item_id="i1")))
    await update(service, dataset.name, ItemUpdate(item=item("1", item_id="i1")))

    done = await service.datasets.RestoreVersion(
        RestoreVersionRequest(name=f"{dataset.name}/versions/1")
    )

    assert done.dataset.version == 3


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("versions/9", "VERSION_NOT_FOUND"),
        ("versions/golden", "RESOURCE_NOT_FOUND"),
        ("versions/0", "INVALID_FIELD"),
        ("versions", "INVALID_FIELD"),
    ],
)
async def test_a_version_that_was_never_made_is_not_restored(
    service: Service, name: str, reason: str
) -> None:
    dataset = await new_dataset(service, 1)

    told = await refusal(
        service.datasets.RestoreVersion(RestoreVersionRequest(name=f"{dataset.name}/{name}"))
    )

    assert told.reason == reason


async def test_a_large_version_is_restored_in_slices(service: Service) -> None:
    dataset = await new_dataset(service, 2600)
    for start in (1, 1001):
        ids = [f"i{n}" for n in range(start, start + 1000)]
        await remove(service, dataset.name, *ids)

    done = await service.datasets.RestoreVersion(
        RestoreVersionRequest(name=f"{dataset.name}/versions/1", request_id="once")
    )
    again = await service.datasets.RestoreVersion(
        RestoreVersionRequest(name=f"{dataset.name}/versions/1", request_id="once")
    )

    assert (done.dataset.version, done.dataset.item_count) == (4, 2600)
    assert again == done
    assert counts(await last_version(service, dataset.name)) == (0, 0, 0, 2000)


CHANGES = [
    lambda s, d, **more: add(s, d, item("9"), **more),
    lambda s, d, **more: update(s, d, ItemUpdate(item=item("9", item_id="i1")), **more),
    lambda s, d, **more: upsert(s, d, item("9", item_id="i1"), **more),
    lambda s, d, **more: remove(s, d, "i1", **more),
    lambda s, d, **more: restore(s, d, "gone", **more),
    lambda s, d, **more: s.datasets.RestoreVersion(
        RestoreVersionRequest(name=f"{d}/versions/1", **more)
    ),
    lambda s, d, **more: send(s, d, [item("9")], **more),
]
NAMES = ["add", "update", "upsert", "remove", "restore", "restore_version", "import"]


@pytest.mark.parametrize("call", CHANGES, ids=NAMES)
async def test_a_change_that_rests_on_another_version_is_refused(
    service: Service, call: Any
) -> None:
    dataset = await new_dataset(service, [item("1", item_id="i1"), item(item_id="gone")])
    await remove(service, dataset.name, "gone")

    told = await refusal(call(service, dataset.name, expected_version=1))

    assert (told.code, told.reason) == (grpc.StatusCode.ABORTED, "STALE_VERSION")
    assert await version_of(service, dataset.name) == 2
    assert (await call(service, dataset.name, expected_version=2)).dataset.version == 3


@pytest.mark.parametrize("call", CHANGES, ids=NAMES)
async def test_a_repeated_change_returns_what_the_first_did(service: Service, call: Any) -> None:
    dataset = await new_dataset(service, [item("1", item_id="i1"), item(item_id="gone")])
    await remove(service, dataset.name, "gone")

    first = await call(service, dataset.name, request_id="once")
    await add(service, dataset.name, item(item_id="later"))
    again = await call(service, dataset.name, request_id="once")

    assert again == first
    assert await version_of(service, dataset.name) == 4


@pytest.mark.parametrize("call", CHANGES, ids=NAMES)
async def test_a_change_of_no_dataset_is_refused(service: Service, call: Any) -> None:
    told = await refusal(call(service, f"{PROJECT}/datasets/none"))

    assert (told.code, told.reason) == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")


@pytest.mark.parametrize("call", CHANGES, ids=NAMES)
async def test_a_note_may_not_be_too_long(service: Service, call: Any) -> None:
    dataset = await new_dataset(service, [item("1", item_id="i1"), item(item_id="gone")])

    told = await refusal(call(service, dataset.name, message="x" * 501))

    assert summary(told) == invalid("message")


async def test_a_request_id_has_no_zero_character(service: Service) -> None:
    dataset = await new_dataset(service)

    told = await refusal(add(service, dataset.name, item(), request_id="a\0"))

    assert summary(told) == invalid("request_id")


async def test_importing_the_same_again_changes_nothing(service: Service) -> None:
    dataset = await new_dataset(service)
    rows = [item("1"), item("2", item_id="a"), item("3", external_id="k"), item("1")]
    first = await send(service, dataset.name, rows)

    again = await send(service, dataset.name, rows)

    assert (first.added_count, first.unchanged_count) == (4, 0)
    assert (again.added_count, again.unchanged_count) == (0, 4)
    assert (again.dataset.version, again.dataset.item_count) == (1, 4)


async def test_rows_without_ids_are_compared_with_what_was_there_before(service: Service) -> None:
    dataset = await new_dataset(service, [item("1"), item("2", item_id="a")])
    await remove(service, dataset.name, "item-1")

    done = await send(service, dataset.name, [item("1"), item("2"), item("3")], [item("3")])

    assert (done.added_count, done.unchanged_count) == (3, 1)


async def test_an_import_adds_or_refuses(service: Service) -> None:
    dataset = await new_dataset(service, [item("1", item_id="a")])

    told = await refusal(
        send(service, dataset.name, [item("5")], [item("6"), item("2", item_id="a")])
    )

    assert conflict(told, "items[2].item_id")
    assert await version_of(service, dataset.name) == 1
    assert (await add(service, dataset.name, item("7"))).dataset.version == 2


async def test_an_import_upserts(service: Service) -> None:
    dataset = await new_dataset(
        service, [item("1", item_id="a"), item("1", item_id="b"), item("1", item_id="gone")]
    )
    await remove(service, dataset.name, "gone")

    done = await send(
        service,
        dataset.name,
        [item("2", item_id="a"), item("1", item_id="b")],
        [item("3", item_id="gone"), item("4", item_id="new")],
        mode=IMPORT_MODE_UPSERT,
        message="nightly",
    )

    assert (done.added_count, done.changed_count, done.unchanged_count) == (1, 2, 1)
    assert await inputs(service, dataset.name) == {"a": "2", "b": "1", "gone": "3", "new": "4"}
    made = await last_version(service, dataset.name)
    assert (counts(made), made.message) == ((1, 1, 0, 1), "nightly")


async def test_a_dropped_upsert_disturbs_nothing(service: Service) -> None:
    rows = [item("1", item_id="a"), item("1", item_id="b"), item("1", item_id="gone")]
    dataset = await new_dataset(service, rows)
    await remove(service, dataset.name, "gone")
    before = [await get(service, dataset.name, name) for name in "ab"]

    told = await refusal(
        send(
            service,
            dataset.name,
            [item("2", item_id="a"), item("3", item_id="gone"), item("4", item_id="new")],
            [item("{", item_id="b")],
            mode=IMPORT_MODE_UPSERT,
        )
    )

    assert summary(told) == invalid("items[3].input.json", reason="INVALID_JSON")
    assert [await get(service, dataset.name, name) for name in "ab"] == before
    assert await inputs(service, dataset.name) == {"a": "1", "b": "1"}
    assert (await add(service, dataset.name, item("9", item_id="new"))).added_count == 1
    assert (await restore(service, dataset.name, "gone")).restored_count == 1
    assert (await get(service, dataset.name, "gone")).input.json == "1"


async def test_an_item_twice_in_an_upserting_import_is_refused(service: Service) -> None:
    dataset = await new_dataset(service, [item("1", item_id="a")])

    told = await refusal(
        send(
            service,
            dataset.name,
            [item("2", item_id="a")],
            [item("2", item_id="a"), item("3", item_id="a")],
            mode=IMPORT_MODE_UPSERT,
        )
    )

    assert conflict(told, "items[2].item_id")
    assert (await get(service, dataset.name, "a")).input.json == "1"


async def test_an_unknown_mode_is_refused(service: Service) -> None:
    dataset = await new_dataset(service)

    told = await refusal(send(service, dataset.name, [item()], mode=9))

    assert summary(told) == invalid("mode")


async def test_an_integer_of_thousands_of_digits_is_a_value_like_others(service: Service) -> None:
    dataset = await new_dataset(service)
    digits = "1" * 5000

    await add(service, dataset.name, item(digits, external_id="k"))
    again = await add(service, dataset.name, item(f" {digits} ", external_id="k"))
    told = await refusal(add(service, dataset.name, item(digits + "1", external_id="k")))

    assert again.dataset.version == 1
    assert conflict(told, "items[0].external_id")
