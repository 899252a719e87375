"""DatasetService: what differs between two versions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service import (
    Service,
    add,
    invalid,
    item,
    items,
    json,
    new_dataset,
    refusal,
    summary,
)
from trialbook.v1.dataset_diff_pb2 import FieldChange, ItemChangeKind, ItemDifference
from trialbook.v1.dataset_pb2 import Dataset, Item
from trialbook.v1.dataset_service_pb2 import (
    DiffVersionsRequest,
    DiffVersionsResponse,
    ItemUpdate,
    PurgeItemsRequest,
    RemoveItemsRequest,
    RestoreItemsRequest,
    SetLabelRequest,
    UpdateDatasetRequest,
    UpdateItemsRequest,
)
from trialbook.v1.dataset_settings_pb2 import DatasetLabel, DatasetSettings

Told = tuple[str, str, str | None, str | None]


async def diff(
    service: Service, name: str, base: str, head: str = "", **more: Any
) -> DiffVersionsResponse:
    return await service.datasets.DiffVersions(
        DiffVersionsRequest(parent=name, base=base, head=head, **more)
    )


async def change(service: Service, name: str, *rows: Item) -> None:
    await service.datasets.UpdateItems(
        UpdateItemsRequest(parent=name, updates=[ItemUpdate(item=row) for row in rows])
    )


async def remove(service: Service, name: str, *item_ids: str) -> None:
    await service.datasets.RemoveItems(RemoveItemsRequest(parent=name, item_ids=item_ids))


def kind(difference: ItemDifference) -> str:
    return ItemChangeKind.Name(difference.kind).removeprefix("ITEM_CHANGE_KIND_")


def told(differences: list[ItemDifference]) -> list[Told]:
    """Which item, what became of it, and its input before and after."""
    return [
        (
            one.item_id,
            kind(one),
            one.before.input.json if one.HasField("before") else None,
            one.after.input.json if one.HasField("after") else None,
        )
        for one in differences
    ]


def fields(changes: list[FieldChange]) -> list[tuple[str, str | None, str | None]]:
    return [
        (
            one.path,
            one.before.json if one.HasField("before") else None,
            one.after.json if one.HasField("after") else None,
        )
        for one in changes
    ]


def counted(answer: DiffVersionsResponse) -> tuple[int, int, int]:
    return answer.added_count, answer.changed_count, answer.removed_count


async def test_added_changed_and_removed_are_told_apart(service: Service) -> None:
    name = (await new_dataset(service, 3)).name
    await change(service, name, item("20", item_id="i2"))
    await remove(service, name, "i3")
    await add(service, name, items(1, first=4))

    answer = await diff(service, name, "1", "4")

    assert told(list(answer.differences)) == [
        ("i2", "CHANGED", "2", "20"),
        ("i3", "REMOVED", "3", None),
        ("i4", "ADDED", None, "4"),
    ]
    assert counted(answer) == (1, 1, 1)
    assert (answer.from_version, answer.to_version) == (1, 4)
    assert not answer.next_page_token


async def test_backwards_is_the_opposite(service: Service) -> None:
    name = (await new_dataset(service, 3)).name
    await change(service, name, item("20", item_id="i2"))
    await remove(service, name, "i3")
    await add(service, name, items(1, first=4))

    answer = await diff(service, name, "4", "1")

    assert told(list(answer.differences)) == [
        ("i2", "CHANGED", "20", "2"),
        ("i3", "ADDED", None, "3"),
        ("i4", "REMOVED", "4", None),
    ]
    assert counted(answer) == (1, 1, 1)


async def test_what_was_changed_and_changed_back_does_not_differ(service: Service) -> None:
    name = (
        await new_dataset(service, [item('{"a":1,"b":2}', item_id="i1"), *items(2, first=2)])
    ).name
    await change(service, name, item("0", item_id="i1"))
    await change(service, name, item('{ "b": 2.0, "a": 1 }', item_id="i1"))
    await remove(service, name, "i2")
    await service.datasets.RestoreItems(RestoreItemsRequest(parent=name, item_ids=["i2"]))
    await add(service, name, items(1, first=9))
    await remove(service, name, "i9")

    answer = await diff(service, name, "1")

    assert answer.to_version == 7
    assert not answer.differences
    assert counted(answer) == (0, 0, 0)


async def test_a_version_does_not_differ_from_itself(service: Service) -> None:
    name = (await new_dataset(service, 3)).name

    answer = await diff(service, name, "1", "latest")

    assert (list(answer.differences), counted(answer)) == ([], (0, 0, 0))


async def test_the_empty_dataset_has_number_0(service: Service) -> None:
    name = (await new_dataset(service, 3)).name
    await remove(service, name, "i2")

    forth, back = await diff(service, name, "0"), await diff(service, name, "2", "0")

    assert [kind(one) for one in forth.differences] == ["ADDED", "ADDED"]
    assert [kind(one) for one in back.differences] == ["REMOVED", "REMOVED"]
    assert (counted(forth), counted(back)) == ((2, 0, 0), (0, 0, 2))


async def test_labels_may_stand_for_versions(service: Service) -> None:
    name = (await new_dataset(service, 3)).name
    label = DatasetLabel(label_id="golden", version=1)
    await service.datasets.SetLabel(SetLabelRequest(parent=name, label=label))
    await remove(service, name, "i2")

    answer = await diff(service, name, "golden", "latest")

    assert (answer.from_version, answer.to_version) == (1, 2)
    assert told(list(answer.differences)) == [("i2", "REMOVED", "2", None)]


async def test_differences_are_told_field_by_field(service: Service) -> None:
    before = Item(
        item_id="i",
        input=json('{"messages":[{"role":"user","text":"hi"},{"role":"bot"}],"n":1.10}'),
        expected=json('"yes"'),
        metadata=json('{"a key":1,"same":[1,2]}'),
        tags=["x"],
        split="train",
        start_options=json('{"depth":1}'),
    )
    name = (await new_dataset(service, [before])).name
    after = Item(
        item_id="i",
        input=json('{"n":1.2,"messages":[{"role":"user","text":"hello"}],"more":{"k":[]}}'),
        metadata=json('{"same":[1,2.0],"a key":2}'),
        tags=["y", "x"],
        split="test",
        start_options=json('{"depth":2}'),
    )
    await service.datasets.UpdateItems(
        UpdateItemsRequest(
            parent=name,
            updates=[
                ItemUpdate(
                    item=after,
                    update_mask={
                        "paths": ["input", "expected", "metadata", "tags", "split", "start_options"]
                    },
                )
            ],
        )
    )

    (difference,) = (await diff(service, name, "1")).differences

    assert fields(list(difference.changes)) == [
        ("input.messages[0].text", '"hi"', '"hello"'),
        ("input.messages[1]", '{"role":"bot"}', None),
        ("input.n", "1.10", "1.2"),
        ("input.more", None, '{"k":[]}'),
        ("expected", '"yes"', None),
        ('metadata["a key"]', "1", "2"),
        ("tags", '["x"]', '["x","y"]'),
        ("split", '"train"', '"test"'),
        ("start_options.depth", "1", "2"),
    ]


async def test_at_most_200_fields_of_an_item_are_told(service: Service) -> None:
    first, second = (
        "[" + ",".join(str(number + shift) for number in range(500)) + "]" for shift in (0, 1)
    )
    name = (await new_dataset(service, [item(first, item_id="i")])).name
    await change(service, name, item(second, item_id="i"))

    (difference,) = (await diff(service, name, "1")).differences

    assert len(difference.changes) == 200


async def test_settings_differ_too(service: Service) -> None:
    name = (await new_dataset(service, 1)).name
    for tags in (["a"], ["a", "b"]):
        settings = DatasetSettings(tags=tags, input_schema=json(f'{{"minimum":{len(tags) - 2}}}'))
        await service.datasets.UpdateDataset(
            UpdateDatasetRequest(dataset=Dataset(name=name, settings=settings))
        )

    answer = await diff(service, name, "2", "3")

    assert fields(list(answer.settings_changes)) == [
        ("settings.input_schema.minimum", "-1", "0"),
        ("settings.tags[1]", None, '"b"'),
    ]
    assert not answer.differences


async def test_pages_bring_everything_once_and_stay_between_their_versions(
    service: Service,
) -> None:
    name = (await new_dataset(service, 700)).name
    rows = [item("0", item_id=f"i{number}") for number in range(1, 701, 3)]
    await change(service, name, *rows)
    whole = await diff(service, name, "1", page_size=1000)
    token, found, pages = "", list[ItemDifference](), 0
    while token or not pages:
        page = await diff(service, name, "1", page_size=40, page_token=token)
        if pages == 0:
            assert counted(page) == (0, 234, 0)
            await remove(service, name, "i1", "i700")
        else:
            assert counted(page) == (0, 0, 0)
        found += page.differences
        token, pages = page.next_page_token, pages + 1
        assert page.to_version == 2

    assert found == list(whole.differences)
    assert [one.item_id for one in found] == [row.item_id for row in rows]
    assert pages == 6


async def test_a_page_ends_early_when_its_items_are_large(service: Service) -> None:
    rows = [item('"' + "x" * 900_000 + f'{number}"', item_id=f"i{number}") for number in range(4)]
    name = (await new_dataset(service, rows)).name

    first = await diff(service, name, "0")
    second = await diff(service, name, "0", page_token=first.next_page_token)

    assert [len(first.differences), len(second.differences)] == [2, 2]
    assert not second.next_page_token


async def test_nothing_is_told_of_purged_items_but_that_they_were(service: Service) -> None:
    name = (await new_dataset(service, 2)).name
    await change(service, name, item('"secret"', item_id="i1"))
    await service.datasets.PurgeItems(PurgeItemsRequest(parent=name, item_ids=["i1"]))

    between, since = await diff(service, name, "1", "2"), await diff(service, name, "2")

    assert not between.differences
    assert counted(between) == (0, 0, 0)
    (gone,) = since.differences
    assert (gone.item_id, kind(gone), gone.before.purged) == ("i1", "REMOVED", True)
    assert not gone.before.HasField("input")
    assert not gone.changes


@pytest.mark.parametrize(
    ("base", "head", "path"),
    [("", "", "base"), ("-1", "", "base"), ("A", "", "base"), ("1", "x y", "head")],
)
async def test_what_is_no_version_is_refused(
    service: Service, base: str, head: str, path: str
) -> None:
    name = (await new_dataset(service, 1)).name

    assert summary(await refusal(diff(service, name, base, head))) == invalid(path)


async def test_versions_that_were_never_made_are_not_found(service: Service) -> None:
    name = (await new_dataset(service, 1)).name

    assert (await refusal(diff(service, name, "1", "2"))).reason == "VERSION_NOT_FOUND"
    assert (await refusal(diff(service, name, "golden"))).reason == "RESOURCE_NOT_FOUND"
    assert (await refusal(diff(service, f"{name}x", "1"))).reason == "RESOURCE_NOT_FOUND"
