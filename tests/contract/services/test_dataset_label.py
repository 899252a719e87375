"""DatasetService: labels, the movable names of versions."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from tests.service import PROJECT, Service, invalid, item, new_dataset, refusal, summary
from trialbook.v1.dataset_service_pb2 import (
    AddItemsRequest,
    CreateDatasetRequest,
    DeleteDatasetRequest,
    DeleteLabelRequest,
    GetDatasetRequest,
    ListItemsRequest,
    ListLabelsRequest,
    SetLabelRequest,
)
from trialbook.v1.dataset_settings_pb2 import DatasetLabel

ADA = (("trialbook-author", "ada"),)


async def with_versions(service: Service, count: int = 3) -> str:
    """Return the name of a dataset with so many versions, each of which adds an item."""
    dataset = await new_dataset(service)
    for number in range(count):
        request = AddItemsRequest(parent=dataset.name, items=[item(str(number))])
        await service.datasets.AddItems(request, metadata=ADA)
    return dataset.name


async def set_label(
    service: Service, parent: str, label_id: str, version: int, **more: Any
) -> DatasetLabel:
    label = {name: more.pop(name) for name in ("frozen", "message") if name in more}
    request = SetLabelRequest(
        parent=parent, label=DatasetLabel(label_id=label_id, version=version, **label), **more
    )
    return (await service.datasets.SetLabel(request, metadata=ADA)).label


async def listed(service: Service, parent: str) -> dict[str, int]:
    labels = (await service.datasets.ListLabels(ListLabelsRequest(parent=parent))).labels
    return {label.label_id: label.version for label in labels}


async def etag(service: Service, name: str) -> str:
    return (await service.datasets.GetDataset(GetDatasetRequest(name=name))).dataset.etag


async def test_a_label_names_a_version(service: Service) -> None:
    name = await with_versions(service)

    label = await set_label(service, name, "golden", 2, message="reviewed")

    assert label.name == f"{name}/labels/golden"
    assert (label.version, label.frozen, label.author) == (2, False, "ada")
    assert (label.message, label.update_time.seconds > 0) == ("reviewed", True)
    labels = (await service.datasets.ListLabels(ListLabelsRequest(parent=name))).labels
    assert labels[0] == label
    page = await service.datasets.ListItems(ListItemsRequest(parent=f"{name}/versions/golden"))
    assert (page.version, len(page.items)) == (2, 2)


async def test_a_label_moves(service: Service) -> None:
    name = await with_versions(service)
    await set_label(service, name, "golden", 2)

    await set_label(service, name, "golden", 3, expected_version=2)
    await set_label(service, name, "golden", 1)

    assert await listed(service, name) == {"golden": 1, "latest": 3}


async def test_latest_always_names_the_current_version(service: Service) -> None:
    empty = await new_dataset(service)
    name = await with_versions(service)

    (label,) = (await service.datasets.ListLabels(ListLabelsRequest(parent=name))).labels

    assert (label.label_id, label.version, label.author) == ("latest", 3, "ada")
    assert await listed(service, empty.name) == {"latest": 0}


async def test_labels_are_listed_by_id_in_pages(service: Service) -> None:
    name = await with_versions(service)
    wanted = sorted(["latest", "zulu", *(f"l{n}" for n in range(4)), "a.b_c-d", "1a"])
    for label_id in wanted:
        if label_id != "latest":
            await set_label(service, name, label_id, 1)

    found, token = [], ""
    while True:
        page = await service.datasets.ListLabels(
            ListLabelsRequest(parent=name, page_size=3, page_token=token)
        )
        found += [label.label_id for label in page.labels]
        token = page.next_page_token
        if not token:
            break

    assert found == wanted


async def test_a_frozen_label_is_neither_moved_nor_thawed_nor_deleted(service: Service) -> None:
    name = await with_versions(service)
    frozen = await set_label(service, name, "2026-q4", 2, frozen=True)

    for call in (
        set_label(service, name, "2026-q4", 3),
        set_label(service, name, "2026-q4", 3, frozen=True),
        set_label(service, name, "2026-q4", 2),
        service.datasets.DeleteLabel(DeleteLabelRequest(name=frozen.name)),
    ):
        told = await refusal(call)
        assert (told.code, told.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "LABEL_FROZEN")
        assert told.metadata == {"resource": frozen.name, "version": "2"}
    again = await set_label(service, name, "2026-q4", 2, frozen=True, message="other")
    assert again == frozen


async def test_a_label_is_frozen_where_it_is(service: Service) -> None:
    name = await with_versions(service)
    await set_label(service, name, "golden", 2)

    assert (await set_label(service, name, "golden", 2, frozen=True)).frozen


async def test_a_label_that_stays_the_same_is_no_change(service: Service) -> None:
    name = await with_versions(service)
    first = await set_label(service, name, "golden", 2, message="m")
    before = await etag(service, name)

    assert await set_label(service, name, "golden", 2, message="m") == first
    assert await etag(service, name) == before
    await set_label(service, name, "golden", 2, message="n")
    assert await etag(service, name) != before


@pytest.mark.parametrize("expected", [0, 1, 3])
async def test_a_label_that_moved_meanwhile_is_not_moved(service: Service, expected: int) -> None:
    name = await with_versions(service)
    await set_label(service, name, "golden", 2)

    told = await refusal(set_label(service, name, "golden", 3, expected_version=expected))

    assert (told.code, told.reason) == (grpc.StatusCode.ABORTED, "STALE_VERSION")
    assert (await listed(service, name))["golden"] == 2


async def test_a_label_can_be_asked_to_be_new(service: Service) -> None:
    name = await with_versions(service)

    assert (await set_label(service, name, "new", 1, expected_version=0)).version == 1


@pytest.mark.parametrize("label_id", ["", "A", "1", "1.2", "-a", "a b", "x" * 64, "latest", "ä"])
async def test_a_label_id_of_another_form_is_refused(service: Service, label_id: str) -> None:
    name = await with_versions(service, 1)

    told = await refusal(set_label(service, name, label_id, 1))

    assert summary(told) == invalid("label.label_id")


async def test_what_cannot_be_labelled_is_refused(service: Service) -> None:
    name = await with_versions(service)

    assert summary(await refusal(set_label(service, name, "a", 0))) == invalid("label.version")
    assert summary(await refusal(set_label(service, name, "a", -1))) == invalid("label.version")
    long = await refusal(set_label(service, name, "a", 1, message="x" * 501))
    assert summary(long) == invalid("label.message")
    above = await refusal(set_label(service, name, "a", 4))
    assert (above.code, above.reason) == (grpc.StatusCode.NOT_FOUND, "VERSION_NOT_FOUND")
    none = await refusal(set_label(service, f"{PROJECT}/datasets/none", "a", 1))
    assert none.reason == "RESOURCE_NOT_FOUND"


async def test_a_deleted_label_is_gone_and_its_version_stays(service: Service) -> None:
    name = await with_versions(service)
    label = await set_label(service, name, "golden", 2)
    request = DeleteLabelRequest(name=label.name, request_id="once")

    await service.datasets.DeleteLabel(request)
    await service.datasets.DeleteLabel(request)
    told = await refusal(service.datasets.DeleteLabel(DeleteLabelRequest(name=label.name)))
    latest = await refusal(
        service.datasets.DeleteLabel(DeleteLabelRequest(name=f"{name}/labels/latest"))
    )

    assert await listed(service, name) == {"latest": 3}
    assert (told.code, told.reason) == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")
    assert told.metadata == {"resource": label.name}
    assert summary(latest) == invalid("name")
    page = await service.datasets.ListItems(ListItemsRequest(parent=f"{name}/versions/2"))
    assert len(page.items) == 2


async def test_a_repeated_label_is_set_once(service: Service) -> None:
    name = await with_versions(service)
    first = await set_label(service, name, "golden", 2, request_id="once")
    await set_label(service, name, "golden", 3)

    again = await set_label(service, name, "golden", 2, request_id="once")

    assert again == first
    assert (await listed(service, name))["golden"] == 3


async def test_a_label_goes_with_its_dataset(service: Service) -> None:
    name = await with_versions(service)
    await set_label(service, name, "golden", 2, frozen=True)

    await service.datasets.DeleteDataset(DeleteDatasetRequest(name=name))
    gone = await refusal(service.datasets.ListLabels(ListLabelsRequest(parent=name)))
    request = CreateDatasetRequest(parent=PROJECT, dataset_id=name.rpartition("/")[2])
    await service.datasets.CreateDataset(request)

    assert gone.reason == "RESOURCE_NOT_FOUND"
    assert await listed(service, name) == {"latest": 0}
