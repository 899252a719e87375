"""DatasetService.ImportItems: any number of items as one version, or nothing at all."""

from __future__ import annotations

import asyncio
from pathlib import Path

import grpc
import pytest

from tests.service import (
    PROJECT,
    Service,
    add,
    eventually,
    invalid,
    item,
    items,
    new_dataset,
    refusal,
    requests,
    started,
    summary,
)
from trialbook.v1.dataset_pb2 import Dataset, Item
from trialbook.v1.dataset_service_pb2 import (
    AddItemsRequest,
    DeleteDatasetRequest,
    GetDatasetRequest,
    GetItemRequest,
    ImportItemsRequest,
    ImportItemsResponse,
    ListItemsRequest,
    ListVersionsRequest,
    UpdateDatasetRequest,
)


async def send(
    service: Service, parent: str, *batches: list[Item], **first: object
) -> ImportItemsResponse:
    messages = requests(parent, batches, **first)
    answer: ImportItemsResponse = await service.datasets.ImportItems(iter(messages))
    return answer


async def get(service: Service, name: str) -> Dataset:
    return (await service.datasets.GetDataset(GetDatasetRequest(name=name))).dataset


class OpenImport:
    """An import whose client takes its time."""

    def __init__(self, service: Service, dataset: Dataset) -> None:
        self._service = service
        self._dataset = dataset
        self.call = service.datasets.ImportItems()

    async def bring(self, rows: list[Item]) -> None:
        """Send items and return when the service has begun the import."""
        before = await get(self._service, self._dataset.name)
        await self.call.write(ImportItemsRequest(parent=self._dataset.name, items=rows))

        async def begun() -> bool:
            return (await get(self._service, self._dataset.name)).etag != before.etag

        await eventually(begun)

    async def finish(self) -> ImportItemsResponse:
        """Say that nothing more comes."""
        await self.call.write(ImportItemsRequest(last=True))
        await self.call.done_writing()
        answer: ImportItemsResponse = await self.call
        return answer


async def test_an_import_is_one_version(service: Service) -> None:
    dataset = await new_dataset(service)

    done = await send(service, dataset.name, items(1000), items(500, first=1001), [])

    versions = await service.datasets.ListVersions(ListVersionsRequest(parent=dataset.name))
    assert done.added_count == 1500
    assert (done.dataset.version, done.dataset.item_count) == (1, 1500)
    assert [(row.item_count, row.added_count) for row in versions.versions] == [(1500, 1500)]
    assert await get(service, dataset.name) == done.dataset


async def test_imported_items_keep_their_order_after_those_before(service: Service) -> None:
    dataset = await new_dataset(service, 2)

    await send(service, dataset.name, *([row] for row in items(300, first=3)))

    listed = await service.datasets.ListItems(ListItemsRequest(parent=dataset.name, page_size=1000))
    assert [row.item_id for row in listed.items] == [f"i{n}" for n in range(1, 303)]
    assert [row.ordinal for row in listed.items] == list(range(1, 303))


async def test_the_same_parent_may_stand_in_every_message(service: Service) -> None:
    dataset = await new_dataset(service)
    messages = requests(dataset.name, [items(1), items(1, first=2)])
    messages[1].parent = dataset.name

    assert (await service.datasets.ImportItems(iter(messages))).added_count == 2


async def test_an_import_of_nothing_makes_no_version(service: Service) -> None:
    dataset = await new_dataset(service, 1)

    done = await send(service, dataset.name, [], [])

    assert done.added_count == 0
    assert (done.dataset.version, done.dataset.item_count) == (1, 1)
    await add(service, dataset.name, items(1, first=2))


async def test_an_import_without_a_message_is_refused(service: Service) -> None:
    told = await refusal(service.datasets.ImportItems(iter([])))

    assert summary(told) == invalid("parent")


async def test_an_import_that_names_no_dataset_is_refused(service: Service) -> None:
    told = await refusal(send(service, "", items(1)))

    assert summary(told) == invalid("parent")


async def test_an_import_into_nothing_is_not_found(service: Service) -> None:
    told = await refusal(send(service, f"{PROJECT}/datasets/none", items(1)))

    assert (told.code, told.reason) == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")


async def test_a_bad_row_is_counted_over_the_whole_stream(service: Service) -> None:
    dataset = await new_dataset(service)

    told = await refusal(
        send(service, dataset.name, items(1000), [*items(3, first=1001), item("{")])
    )

    assert summary(told) == invalid("items[1003].input.json", reason="INVALID_JSON")


async def test_an_import_that_fails_leaves_nothing(service: Service) -> None:
    dataset = await new_dataset(service, 2)

    await refusal(send(service, dataset.name, items(1000, first=3), [item("{")]))

    found = await get(service, dataset.name)
    assert (found.version, found.item_count) == (1, 2)
    told = await refusal(service.datasets.GetItem(GetItemRequest(name=f"{dataset.name}/items/i3")))
    assert told.reason == "RESOURCE_NOT_FOUND"
    done = await send(service, dataset.name, items(1000, first=3))
    assert (done.dataset.version, done.dataset.item_count) == (2, 1002)


@pytest.mark.parametrize("second", [[item("7", item_id="i1")], [item("7", item_id="old")]])
async def test_a_taken_item_id_refuses_the_whole_import(
    service: Service, second: list[Item]
) -> None:
    dataset = await new_dataset(service, [item(item_id="old")])

    told = await refusal(send(service, dataset.name, items(2), second))

    assert (told.code, told.reason) == (grpc.StatusCode.ALREADY_EXISTS, "ITEM_CONFLICT")
    assert told.paths == ["items[2].item_id"]
    assert told.metadata == {"resource": f"{dataset.name}/items/{second[0].item_id}"}
    assert (await get(service, dataset.name)).item_count == 1


async def test_more_than_a_thousand_items_in_a_message_are_refused(service: Service) -> None:
    dataset = await new_dataset(service)

    told = await refusal(send(service, dataset.name, items(1), items(1001, first=2)))

    assert summary(told) == invalid("items")
    assert (await get(service, dataset.name)).version == 0


async def test_another_parent_in_mid_stream_is_refused(service: Service) -> None:
    dataset, other = await new_dataset(service), await new_dataset(service)
    messages = requests(dataset.name, [items(1), items(1, first=2)])
    messages[1].parent = other.name

    told = await refusal(service.datasets.ImportItems(iter(messages)))

    assert summary(told) == invalid("parent")
    assert (await get(service, dataset.name)).version == 0


async def test_an_expected_version_is_checked(service: Service) -> None:
    dataset = await new_dataset(service, 1)

    told = await refusal(send(service, dataset.name, items(1, first=2), expected_version=0))
    done = await send(service, dataset.name, items(1, first=2), expected_version=1)

    assert (told.code, told.reason) == (grpc.StatusCode.ABORTED, "STALE_VERSION")
    assert done.dataset.version == 2


async def test_a_repeated_import_answers_as_before(service: Service) -> None:
    dataset = await new_dataset(service)
    first = await send(service, dataset.name, items(10), items(5, first=11), request_id="r-1")
    await add(service, dataset.name, items(1, first=100))

    # Cut into other messages it is still the same content.
    again = await send(service, dataset.name, items(15), request_id="r-1")

    assert again == first
    assert (await get(service, dataset.name)).item_count == 16


async def test_a_repeated_import_of_other_content_is_refused(service: Service) -> None:
    dataset, other = await new_dataset(service), await new_dataset(service)
    await send(service, dataset.name, items(10), request_id="r-1")

    fewer = await refusal(send(service, dataset.name, items(9), request_id="r-1"))
    elsewhere = await refusal(send(service, other.name, items(10), request_id="r-1"))

    assert fewer.reason == elsewhere.reason == "REQUEST_ID_REUSED"
    assert fewer.code is grpc.StatusCode.ALREADY_EXISTS


async def test_a_failed_import_can_be_repeated(service: Service) -> None:
    dataset = await new_dataset(service)
    await refusal(send(service, dataset.name, items(3), [item("{")], request_id="r-1"))

    done = await send(service, dataset.name, items(4), request_id="r-1")

    assert done.added_count == 4


async def test_readers_see_nothing_of_an_open_import(service: Service) -> None:
    dataset = await new_dataset(service, 1)
    opened = OpenImport(service, dataset)
    await opened.bring(items(5, first=2))

    found = await get(service, dataset.name)
    listed = await service.datasets.ListItems(ListItemsRequest(parent=dataset.name))
    told = await refusal(
        service.datasets.ListItems(ListItemsRequest(parent=dataset.name, version=2))
    )

    assert (found.version, found.item_count, len(listed.items)) == (1, 1, 1)
    assert told.reason == "VERSION_NOT_FOUND"
    assert (await opened.finish()).dataset.version == 2


async def test_other_changes_of_items_wait_for_an_import(service: Service) -> None:
    dataset = await new_dataset(service, 1)
    opened = OpenImport(service, dataset)
    await opened.bring(items(5, first=2))

    told = [
        await refusal(
            service.datasets.AddItems(AddItemsRequest(parent=dataset.name, items=items(1, first=9)))
        ),
        await refusal(send(service, dataset.name, items(1, first=9))),
        await refusal(service.datasets.DeleteDataset(DeleteDatasetRequest(name=dataset.name))),
    ]
    described = await service.datasets.UpdateDataset(
        UpdateDatasetRequest(dataset=Dataset(name=dataset.name, description="while it runs"))
    )

    assert {(one.code, one.reason) for one in told} == {
        (grpc.StatusCode.ABORTED, "IMPORT_IN_PROGRESS")
    }
    assert described.dataset.description == "while it runs"
    done = await opened.finish()
    assert (done.dataset.version, done.dataset.item_count) == (2, 6)
    assert done.dataset.description == "while it runs"


async def test_imports_into_two_datasets_do_not_wait_for_each_other(service: Service) -> None:
    one, other = await new_dataset(service), await new_dataset(service)
    opened = OpenImport(service, one)
    await opened.bring(items(5))

    assert (await send(service, other.name, items(5))).added_count == 5
    assert (await opened.finish()).added_count == 5


async def test_a_client_that_goes_away_leaves_nothing(service: Service) -> None:
    dataset = await new_dataset(service, 1)
    opened = OpenImport(service, dataset)
    await opened.bring(items(1000, first=2))

    opened.call.cancel()

    async def free() -> bool:
        try:
            await add(service, dataset.name, items(1, first=500))
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.ABORTED:
                return False
            raise
        return True

    await eventually(free)
    found = await get(service, dataset.name)
    assert (found.version, found.item_count) == (2, 2)


async def test_a_service_that_stops_in_mid_import_leaves_nothing(tmp_path: Path) -> None:
    async with started(tmp_path) as service:
        dataset = await new_dataset(service, 1)
        opened = OpenImport(service, dataset)
        await opened.bring(items(1000, first=2))
        # The connection goes first, as it does when the whole machine goes.
        await service.channel.close()

    async with started(tmp_path) as service:
        found = await get(service, dataset.name)
        assert (found.version, found.item_count) == (1, 1)
        done = await send(service, dataset.name, items(1000, first=2))
        assert (done.dataset.version, done.dataset.item_count) == (2, 1001)


async def test_imports_at_the_same_time_are_made_one_by_one(service: Service) -> None:
    dataset = await new_dataset(service)

    answers = await asyncio.gather(
        *(send(service, dataset.name, items(50, first=100 * n)) for n in range(1, 6)),
        return_exceptions=True,
    )

    found = await get(service, dataset.name)
    made = [answer for answer in answers if not isinstance(answer, BaseException)]
    assert made
    assert found.version == len(made)
    assert found.item_count == 50 * len(made)
    for answer in answers:
        if isinstance(answer, grpc.aio.AioRpcError):
            assert answer.code() is grpc.StatusCode.ABORTED


async def test_a_stream_that_ends_without_its_last_message_leaves_nothing(
    service: Service,
) -> None:
    dataset = await new_dataset(service)
    messages = requests(dataset.name, [items(10), items(10, first=11)])
    messages[-1].last = False

    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await service.datasets.ImportItems(iter(messages))

    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "last" in str(refused.value.details())
    assert (await get(service, dataset.name)).version == 0
    await add(service, dataset.name, items(1))
    assert (await get(service, dataset.name)).version == 1
