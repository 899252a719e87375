"""DatasetService: a dataset as it was at a version, at a label, and at a time."""

from __future__ import annotations

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from tests.service import Service, add, invalid, item, items, new_dataset, refusal, summary
from trialbook.v1.dataset_pb2 import Item
from trialbook.v1.dataset_service_pb2 import (
    GetItemRequest,
    GetVersionRequest,
    ItemUpdate,
    ListItemsRequest,
    ListVersionsRequest,
    RemoveItemsRequest,
    SetLabelRequest,
    UpdateItemsRequest,
)
from trialbook.v1.dataset_settings_pb2 import DatasetLabel


async def three_versions(service: Service) -> str:
    """Items i1 and i2 added, i1 changed to 10, i2 removed."""
    name = (await new_dataset(service, 2)).name
    await change(service, name, item("10", item_id="i1"))
    await service.datasets.RemoveItems(RemoveItemsRequest(parent=name, item_ids=["i2"]))
    return name


async def change(service: Service, name: str, row: Item, message: str = "") -> None:
    await service.datasets.UpdateItems(
        UpdateItemsRequest(parent=name, updates=[ItemUpdate(item=row)], message=message)
    )


async def label(service: Service, name: str, label_id: str, version: int) -> None:
    await service.datasets.SetLabel(
        SetLabelRequest(parent=name, label=DatasetLabel(label_id=label_id, version=version))
    )


async def read(service: Service, parent: str, **point: object) -> dict[str, str]:
    page = await service.datasets.ListItems(ListItemsRequest(parent=parent, **point))  # type: ignore[arg-type]
    return {row.item_id: row.input.json for row in page.items}


AT = {0: {}, 1: {"i1": "1", "i2": "2"}, 2: {"i1": "10", "i2": "2"}, 3: {"i1": "10"}}


async def test_every_version_reads_as_it_was(service: Service) -> None:
    name = await three_versions(service)

    for version in (1, 2, 3):
        assert await read(service, name, version=version) == AT[version]
        assert await read(service, f"{name}/versions/{version}") == AT[version]


async def test_a_label_reads_what_it_names_and_moves(service: Service) -> None:
    name = await three_versions(service)
    await label(service, name, "golden", 1)
    assert await read(service, name, label="golden") == AT[1]

    await label(service, name, "golden", 2)

    assert await read(service, f"{name}/versions/golden") == AT[2]
    assert await read(service, f"{name}/versions/latest") == AT[3]
    assert await read(service, name, label="latest") == AT[3]


async def test_a_time_reads_the_version_that_was_current_then(service: Service) -> None:
    name = await three_versions(service)
    listed = await service.datasets.ListVersions(ListVersionsRequest(parent=name))

    for version in listed.versions:
        assert await read(service, name, as_of=version.create_time) == AT[version.version]
    assert await read(service, name, as_of=Timestamp(seconds=1)) == AT[0]
    assert await read(service, name, as_of=Timestamp(seconds=-(10**11))) == AT[0]
    assert await read(service, name, as_of=Timestamp(seconds=2**62)) == AT[3]


async def test_an_item_is_read_at_a_version_a_label_and_a_time(service: Service) -> None:
    name = await three_versions(service)
    await label(service, name, "golden", 1)
    first = (
        await service.datasets.GetVersion(GetVersionRequest(name=f"{name}/versions/1"))
    ).version
    points = [{"version": 1}, {"label": "golden"}, {"as_of": first.create_time}]

    for point in points:
        got = await service.datasets.GetItem(
            GetItemRequest(name=f"{name}/items/i1", **point)  # type: ignore[arg-type]
        )
        assert (got.item.input.json, got.item.version) == ("1", 1)


async def test_an_item_that_a_version_does_not_have_is_not_found(service: Service) -> None:
    name = await three_versions(service)

    gone = await refusal(service.datasets.GetItem(GetItemRequest(name=f"{name}/items/i2")))
    too_early = await refusal(
        service.datasets.GetItem(
            GetItemRequest(name=f"{name}/items/i1", as_of=Timestamp(seconds=1))
        )
    )

    assert gone.reason == too_early.reason == "RESOURCE_NOT_FOUND"


@pytest.mark.parametrize(
    "point",
    [
        {"version": 1, "label": "golden"},
        {"version": 1, "as_of": Timestamp(seconds=1)},
        {"label": "golden", "as_of": Timestamp(seconds=1)},
    ],
)
async def test_two_points_at_once_are_refused(service: Service, point: dict[str, object]) -> None:
    name = await three_versions(service)

    listing = await refusal(
        service.datasets.ListItems(ListItemsRequest(parent=name, **point))  # type: ignore[arg-type]
    )
    single = await refusal(
        service.datasets.GetItem(GetItemRequest(name=f"{name}/items/i1", **point))  # type: ignore[arg-type]
    )

    assert summary(listing) == summary(single) == invalid("version")


async def test_a_label_beside_a_version_in_the_name_is_refused(service: Service) -> None:
    name = await three_versions(service)

    told = await refusal(
        service.datasets.ListItems(ListItemsRequest(parent=f"{name}/versions/1", label="latest"))
    )

    assert summary(told) == invalid("version")


async def test_a_version_above_the_current_one_is_not_found(service: Service) -> None:
    name = await three_versions(service)

    for call in (
        service.datasets.ListItems(ListItemsRequest(parent=name, version=4)),
        service.datasets.GetItem(GetItemRequest(name=f"{name}/items/i1", version=4)),
        service.datasets.GetVersion(GetVersionRequest(name=f"{name}/versions/4")),
    ):
        told = await refusal(call)
        assert (told.code, told.reason) == (grpc.StatusCode.NOT_FOUND, "VERSION_NOT_FOUND")
        assert told.metadata["current_version"] == "3"


async def test_a_label_that_was_never_set_is_not_found(service: Service) -> None:
    name = await three_versions(service)

    told = await refusal(service.datasets.ListItems(ListItemsRequest(parent=name, label="none")))

    assert told.reason == "RESOURCE_NOT_FOUND"
    assert told.metadata["resource"] == f"{name}/labels/none"


async def test_a_listing_stays_where_it_began(service: Service) -> None:
    name = (await new_dataset(service, 5)).name
    await label(service, name, "golden", 1)
    first = await service.datasets.ListItems(
        ListItemsRequest(parent=name, label="golden", page_size=2)
    )
    await add(service, name, items(5, first=20))
    await label(service, name, "golden", 2)

    second = await service.datasets.ListItems(
        ListItemsRequest(
            parent=name, label="golden", page_size=100, page_token=first.next_page_token
        )
    )

    assert (first.version, second.version) == (1, 1)
    assert [row.item_id for row in second.items] == ["i3", "i4", "i5"]


async def test_a_token_of_another_point_is_refused(service: Service) -> None:
    name = (await new_dataset(service, 5)).name
    first = await service.datasets.ListItems(ListItemsRequest(parent=name, page_size=2))

    told = await refusal(
        service.datasets.ListItems(
            ListItemsRequest(parent=name, label="latest", page_token=first.next_page_token)
        )
    )

    assert told.reason == "INVALID_PAGE_TOKEN"
