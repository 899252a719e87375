"""DatasetService: items that are the same."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from tests.service import (
    Service,
    add,
    eventually,
    invalid,
    item,
    items,
    json,
    new_dataset,
    refusal,
    summary,
)
from trialbook.v1.dataset_pb2 import Item
from trialbook.v1.dataset_service_pb2 import (
    FindDuplicatesRequest,
    FindDuplicatesResponse,
    GetDatasetRequest,
    GetVersionRequest,
    ImportItemsRequest,
    ListItemsRequest,
    RemoveDuplicatesRequest,
    RemoveDuplicatesResponse,
    RemoveItemsRequest,
)

SAME = [
    item('{"q":"a","n":1}', "1", item_id="a1", metadata=json('{"from":"x"}')),
    item('{"q":"b","n":1}', "2", item_id="b1"),
    item('{ "n": 1.0, "q": "\\u0061" }', " 1 ", item_id="a2", metadata=json('{"from":"x"}')),
    item('{"q":"a","n":1}', "1", item_id="a3", metadata=json('{"from":"y"}')),
    item('{"q":"b","n":1}', "2", item_id="b2"),
    item('{"q":"b","n":1}', "2", item_id="b3"),
    item('{"q":"c"}', item_id="c1"),
]


async def find(service: Service, name: str, *fields: str, **more: Any) -> FindDuplicatesResponse:
    return await service.datasets.FindDuplicates(
        FindDuplicatesRequest(parent=name, fields=fields, **more)
    )


async def remove(
    service: Service, name: str, *fields: str, **more: Any
) -> RemoveDuplicatesResponse:
    return await service.datasets.RemoveDuplicates(
        RemoveDuplicatesRequest(parent=name, fields=fields, **more)
    )


def groups(answer: FindDuplicatesResponse) -> dict[str, list[str]]:
    return {one.item_id: list(one.duplicate_ids) for one in answer.groups}


async def ids(service: Service, name: str) -> list[str]:
    page = await service.datasets.ListItems(ListItemsRequest(parent=name, page_size=1000))
    return [row.item_id for row in page.items]


async def test_equal_contents_are_found_however_they_are_written(service: Service) -> None:
    name = (await new_dataset(service, SAME)).name

    answer = await find(service, name)

    assert groups(answer) == {"a1": ["a2"], "b1": ["b2", "b3"]}
    assert [one.duplicate_count for one in answer.groups] == [1, 2]
    assert (answer.version, answer.duplicate_count, answer.next_page_token) == (1, 3, "")


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        (["input", "expected"], {"a1": ["a2", "a3"], "b1": ["b2", "b3"]}),
        (["input.q"], {"a1": ["a2", "a3"], "b1": ["b2", "b3"]}),
        (["input.n"], {"a1": ["b1", "a2", "a3", "b2", "b3"]}),
        (["metadata.from"], {"a1": ["a2"]}),
        (["input.none"], {}),
        (["tags", "split"], {}),
        (
            ["input", "metadata", "tags", "split", "expected_trajectory", "scorers"],
            {"a1": ["a2"], "b1": ["b2", "b3"]},
        ),
    ],
)
async def test_chosen_fields_are_compared(
    service: Service, fields: list[str], wanted: dict[str, list[str]]
) -> None:
    """An item that has none of the fields is like no other."""
    name = (await new_dataset(service, SAME)).name

    assert groups(await find(service, name, *fields)) == wanted


async def test_fields_that_few_items_have_are_compared(service: Service) -> None:
    rows = [
        Item(
            item_id=f"i{number}",
            input=json(str(number)),
            expected_trajectory=json(f'{{"steps":[{number % 2}]}}'),
            tags=["b", "a"] if number < 2 else ["a", "b"],
            split="s",
        )
        for number in range(4)
    ]
    name = (await new_dataset(service, rows)).name

    assert groups(await find(service, name, "expected_trajectory.steps[0]")) == {
        "i0": ["i2"],
        "i1": ["i3"],
    }
    assert groups(await find(service, name, "tags", "split")) == {"i0": ["i1", "i2", "i3"]}


async def test_pages_go_by_the_first_item_and_stay_at_their_version(service: Service) -> None:
    rows = [item(str(number % 10), item_id=f"i{number}") for number in range(40)]
    name = (await new_dataset(service, rows)).name
    for fields in ((), ("input",)):
        first = await find(service, name, *fields, page_size=6)
        await service.datasets.RemoveItems(
            RemoveItemsRequest(parent=name, item_ids=["i7", f"i{38 + len(fields)}"])
        )
        second = await find(service, name, *fields, page_token=first.next_page_token)
        assert list(groups(first)) == [f"i{number}" for number in range(6)]
        assert not set(groups(first)) & set(groups(second))
        assert (first.version, first.duplicate_count) == (
            second.version,
            second.duplicate_count,
        )
        assert not second.next_page_token


async def test_all_but_the_first_are_removed_as_one_version(service: Service) -> None:
    name = (await new_dataset(service, SAME)).name

    answer = await remove(service, name, message="no repeats")

    assert answer.removed_count == 3
    assert (answer.dataset.version, answer.dataset.item_count) == (2, 4)
    assert await ids(service, name) == ["a1", "b1", "a3", "c1"]
    made = await service.datasets.GetVersion(GetVersionRequest(name=f"{name}/versions/2"))
    assert (made.version.removed_count, made.version.message) == (3, "no repeats")
    assert not (await find(service, name)).groups


async def test_nothing_to_remove_makes_no_version(service: Service) -> None:
    name = (await new_dataset(service, 5)).name

    answer = await remove(service, name)

    assert (answer.removed_count, answer.dataset.version) == (0, 1)


async def test_removal_by_fields_does_what_the_preview_said(service: Service) -> None:
    name = (await new_dataset(service, SAME)).name
    preview = await find(service, name, "input.q")

    answer = await remove(service, name, "input.q", expected_version=preview.version)

    assert answer.removed_count == preview.duplicate_count == 4
    assert await ids(service, name) == ["a1", "b1", "c1"]


async def test_a_removal_on_an_old_preview_is_refused(service: Service) -> None:
    name = (await new_dataset(service, SAME)).name
    await add(service, name, items(1, first=50))

    told = await refusal(remove(service, name, expected_version=1))

    assert (told.code, told.reason) == (grpc.StatusCode.ABORTED, "STALE_VERSION")
    assert len(await ids(service, name)) == len(SAME) + 1


async def test_a_repeated_removal_answers_as_before(service: Service) -> None:
    name = (await new_dataset(service, SAME)).name
    first = await remove(service, name, request_id="r")
    await add(service, name, [item('{"q":"c"}', item_id="c2")])

    again = await remove(service, name, request_id="r")

    assert again == first
    assert "c2" in await ids(service, name)
    other = await refusal(remove(service, name, "input", request_id="r"))
    assert other.reason == "REQUEST_ID_REUSED"


async def test_an_import_under_way_is_left_out(service: Service) -> None:
    name = (await new_dataset(service, SAME)).name
    before = await service.datasets.GetDataset(GetDatasetRequest(name=name))
    call = service.datasets.ImportItems()
    await call.write(ImportItemsRequest(parent=name, items=[item('{"q":"c"}', item_id="c2")]))

    async def begun() -> bool:
        now = await service.datasets.GetDataset(GetDatasetRequest(name=name))
        return now.dataset.etag != before.dataset.etag

    await eventually(begun)

    found = await find(service, name)
    told = await refusal(remove(service, name))
    call.cancel()

    assert groups(found) == {"a1": ["a2"], "b1": ["b2", "b3"]}
    assert told.reason == "IMPORT_IN_PROGRESS"


async def test_a_group_names_at_most_1000_and_counts_all(service: Service) -> None:
    name = (await new_dataset(service, [item("1") for _ in range(1500)])).name
    for fields in ((), ("input",)):
        (group,) = (await find(service, name, *fields)).groups
        assert len(group.duplicate_ids) == 1000
        assert group.duplicate_count == 1499

    assert (await remove(service, name)).removed_count == 1499


@pytest.mark.parametrize(
    "field", ["", "colour", "input.", "split.x", "source", "item_id", "Input", "input[x]"]
)
async def test_what_is_no_field_is_refused(service: Service, field: str) -> None:
    name = (await new_dataset(service, 1)).name

    for call in (find(service, name, "input", field), remove(service, name, "input", field)):
        assert summary(await refusal(call)) == invalid("fields[1]")


async def test_too_many_fields_and_too_long_a_note_are_refused(service: Service) -> None:
    name = (await new_dataset(service, 1)).name

    assert summary(await refusal(find(service, name, *["input"] * 33))) == invalid("fields")
    assert summary(await refusal(remove(service, name, message="x" * 501))) == invalid("message")
    assert (await refusal(find(service, f"{name}x"))).reason == "RESOURCE_NOT_FOUND"
    assert (await refusal(remove(service, f"{name}x"))).reason == "RESOURCE_NOT_FOUND"
