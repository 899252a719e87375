"""DatasetService: what is known of a version."""

from __future__ import annotations

from tests.service import Service, add, item, items, json, new_dataset, refusal
from trialbook.v1.dataset_pb2 import Dataset, DatasetVersion
from trialbook.v1.dataset_service_pb2 import (
    GetVersionRequest,
    ItemUpdate,
    ListVersionsRequest,
    RemoveItemsRequest,
    RestoreItemsRequest,
    SetLabelRequest,
    UpdateDatasetRequest,
    UpdateItemsRequest,
)
from trialbook.v1.dataset_settings_pb2 import DatasetLabel, DatasetSettings

ADA = (("trialbook-author", "ada"),)


async def five_versions(service: Service) -> str:
    """Items added, changed, removed, restored, and a schema set: each with a note."""
    name = (await new_dataset(service, 3)).name
    calls = service.datasets
    changed = ItemUpdate(item=item("10", item_id="i1"))
    await calls.UpdateItems(
        UpdateItemsRequest(parent=name, updates=[changed], message="mended"), metadata=ADA
    )
    await calls.RemoveItems(RemoveItemsRequest(parent=name, item_ids=["i1", "i2"]))
    await calls.RestoreItems(RestoreItemsRequest(parent=name, item_ids=["i1"]))
    schema = DatasetSettings(input_schema=json('{"type":"integer"}'), tags=["numbers"])
    await calls.UpdateDataset(
        UpdateDatasetRequest(dataset=Dataset(name=name, settings=schema), message="integers only")
    )
    return name


async def get(service: Service, name: str) -> DatasetVersion:
    return (await service.datasets.GetVersion(GetVersionRequest(name=name))).version


def counts(version: DatasetVersion) -> tuple[int, ...]:
    return (
        version.item_count,
        version.added_count,
        version.changed_count,
        version.removed_count,
        version.restored_count,
    )


async def test_a_version_tells_what_it_did(service: Service) -> None:
    name = await five_versions(service)

    found = [await get(service, f"{name}/versions/{version}") for version in range(1, 6)]

    assert [one.version for one in found] == [1, 2, 3, 4, 5]
    assert [counts(one) for one in found] == [
        (3, 3, 0, 0, 0),
        (3, 0, 1, 0, 0),
        (1, 0, 0, 2, 0),
        (2, 0, 0, 0, 1),
        (2, 0, 0, 0, 0),
    ]
    assert (found[1].author, found[1].message) == ("ada", "mended")
    assert [one.settings_changed for one in found] == [False, False, False, False, True]
    assert found[4].message == "integers only"


async def test_a_version_has_the_settings_that_held_then(service: Service) -> None:
    name = await five_versions(service)
    await add(service, name, items(1, first=50))

    before, at, after = [await get(service, f"{name}/versions/{one}") for one in (4, 5, 6)]

    assert before.settings == DatasetSettings()
    assert list(at.settings.tags) == ["numbers"]
    assert after.settings == at.settings


async def test_labels_stand_beside_their_version(service: Service) -> None:
    name = await five_versions(service)
    for label_id in ("golden", "baseline"):
        await service.datasets.SetLabel(
            SetLabelRequest(parent=name, label=DatasetLabel(label_id=label_id, version=2))
        )

    assert list((await get(service, f"{name}/versions/2")).labels) == ["baseline", "golden"]
    assert list((await get(service, f"{name}/versions/5")).labels) == ["latest"]
    assert (await get(service, f"{name}/versions/golden")).version == 2
    assert (await get(service, f"{name}/versions/latest")).version == 5


async def test_the_listing_tells_the_same_as_each_version(service: Service) -> None:
    name = await five_versions(service)
    token, listed = "", list[DatasetVersion]()
    while token or not listed:
        page = await service.datasets.ListVersions(
            ListVersionsRequest(parent=name, page_size=2, page_token=token)
        )
        listed += page.versions
        token = page.next_page_token

    assert listed == [await get(service, f"{name}/versions/{one}") for one in range(5, 0, -1)]


async def test_the_empty_dataset_has_no_version_to_tell_of(service: Service) -> None:
    name = (await new_dataset(service)).name

    told = await refusal(
        service.datasets.GetVersion(GetVersionRequest(name=f"{name}/versions/latest"))
    )

    assert told.reason == "VERSION_NOT_FOUND"
