"""The calls of DatasetService."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from google.protobuf.field_mask_pb2 import FieldMask

from trialbook.client.errors import invalid_field
from trialbook.client.models.dataset import (
    AddedItems,
    Dataset,
    DatasetItem,
    DatasetVersion,
    Item,
    item_from,
)
from trialbook.client.names import Reference, new_request_id, project_name, resource_name
from trialbook.client.operation import Listing, Operation, Page, nothing
from trialbook.client.payload import MISSING, MissingType, encode_field
from trialbook.v1 import dataset_pb2
from trialbook.v1 import dataset_service_pb2 as service

IMPORT_METHOD = "DatasetService/ImportItems"
IMPORT_BATCH_ITEMS = 1_000
IMPORT_BATCH_BYTES = 1024 * 1024


def create_dataset(
    project: str,
    dataset_id: str,
    *,
    display_name: str,
    description: str,
    metadata: Mapping[str, object] | None,
    request_id: str | None,
) -> Operation[service.CreateDatasetResponse, Dataset]:
    """Create an empty dataset."""
    message = dataset_pb2.Dataset(display_name=display_name, description=description)
    if metadata is not None:
        message.metadata.json = encode_field(metadata, "dataset.metadata")
    return Operation(
        "DatasetService/CreateDataset",
        service.CreateDatasetRequest(
            parent=project_name(project),
            dataset_id=dataset_id,
            dataset=message,
            request_id=request_id or new_request_id(),
        ),
        service.CreateDatasetResponse,
        lambda answer: Dataset.from_message(answer.dataset),
    )


def get_dataset(project: str, dataset: Reference) -> Operation[service.GetDatasetResponse, Dataset]:
    """Get a dataset."""
    return Operation(
        "DatasetService/GetDataset",
        service.GetDatasetRequest(name=resource_name(project, "datasets", dataset)),
        service.GetDatasetResponse,
        lambda answer: Dataset.from_message(answer.dataset),
    )


def list_datasets(project: str, page_size: int) -> Listing[Dataset]:
    """List a project's datasets."""
    return lambda token: Operation(
        "DatasetService/ListDatasets",
        service.ListDatasetsRequest(
            parent=project_name(project), page_size=page_size, page_token=token
        ),
        service.ListDatasetsResponse,
        lambda answer: Page(
            [Dataset.from_message(dataset) for dataset in answer.datasets], answer.next_page_token
        ),
    )


def update_dataset(
    project: str,
    dataset: Reference,
    *,
    display_name: str | MissingType,
    description: str | MissingType,
    metadata: Mapping[str, object] | MissingType | None,
    etag: str | None,
    request_id: str | None,
) -> Operation[service.UpdateDatasetResponse, Dataset]:
    """Change what describes a dataset: what is given."""
    message = dataset_pb2.Dataset(name=resource_name(project, "datasets", dataset), etag=etag or "")
    paths = []
    if display_name is not MISSING:
        paths.append("display_name")
        message.display_name = display_name
    if description is not MISSING:
        paths.append("description")
        message.description = description
    if metadata is not MISSING:
        paths.append("metadata")
        if metadata is not None:
            message.metadata.json = encode_field(metadata, "dataset.metadata")
    if not paths:
        raise invalid_field("update_mask", "give display_name, description or metadata")
    return Operation(
        "DatasetService/UpdateDataset",
        service.UpdateDatasetRequest(
            dataset=message,
            update_mask=FieldMask(paths=paths),
            request_id=request_id or new_request_id(),
        ),
        service.UpdateDatasetResponse,
        lambda answer: Dataset.from_message(answer.dataset),
    )


def delete_dataset(
    project: str, dataset: Reference, *, etag: str | None, request_id: str | None
) -> Operation[service.DeleteDatasetResponse, None]:
    """Delete a dataset."""
    return Operation(
        "DatasetService/DeleteDataset",
        service.DeleteDatasetRequest(
            name=resource_name(project, "datasets", dataset),
            etag=etag or "",
            request_id=request_id or new_request_id(),
        ),
        service.DeleteDatasetResponse,
        nothing,
    )


def add_items(
    project: str,
    dataset: Reference,
    items: Iterable[Item | Mapping[str, object]],
    *,
    expected_version: int | None,
    request_id: str | None,
) -> Operation[service.AddItemsResponse, AddedItems]:
    """Add items as one version."""
    paths = ((f"items[{index}]", item) for index, item in enumerate(items))
    return Operation(
        "DatasetService/AddItems",
        service.AddItemsRequest(
            parent=resource_name(project, "datasets", dataset),
            items=[item_from(item, path).to_message(path) for path, item in paths],
            expected_version=expected_version,
            request_id=request_id or new_request_id(),
        ),
        service.AddItemsResponse,
        AddedItems.from_message,
    )


def import_messages(
    project: str,
    dataset: Reference,
    items: Iterable[Item | Mapping[str, object]],
    *,
    expected_version: int | None,
    request_id: str | None,
) -> Iterator[service.ImportItemsRequest]:
    """Yield the messages of an import, each of about a mebibyte at most, as items come.

    One is yielded also for no items: it names the dataset. The last one says that it is.
    """
    batch = service.ImportItemsRequest(
        parent=resource_name(project, "datasets", dataset),
        expected_version=expected_version,
        request_id=request_id or new_request_id(),
    )
    size = 0
    for index, item in enumerate(items):
        path = f"items[{index}]"
        message = item_from(item, path).to_message(path)
        item_size = message.ByteSize()
        full = len(batch.items) >= IMPORT_BATCH_ITEMS or size + item_size > IMPORT_BATCH_BYTES
        if full and batch.items:
            yield batch
            batch, size = service.ImportItemsRequest(), 0
        batch.items.append(message)
        size += item_size
    batch.last = True
    yield batch


def get_item(
    project: str, dataset: Reference, item_id: str, *, version: int | None
) -> Operation[service.GetItemResponse, DatasetItem]:
    """Get an item at a version."""
    parent = resource_name(project, "datasets", dataset)
    return Operation(
        "DatasetService/GetItem",
        service.GetItemRequest(name=f"{parent}/items/{item_id}", version=version or 0),
        service.GetItemResponse,
        lambda answer: DatasetItem.from_message(answer.item),
    )


def list_items(
    project: str, dataset: Reference, *, version: int | None, page_size: int
) -> Listing[DatasetItem]:
    """List the items of a version."""
    parent = resource_name(project, "datasets", dataset)
    return lambda token: Operation(
        "DatasetService/ListItems",
        service.ListItemsRequest(
            parent=parent, version=version or 0, page_size=page_size, page_token=token
        ),
        service.ListItemsResponse,
        lambda answer: Page(
            [DatasetItem.from_message(item) for item in answer.items], answer.next_page_token
        ),
    )


def list_versions(project: str, dataset: Reference, page_size: int) -> Listing[DatasetVersion]:
    """List the versions of a dataset."""
    parent = resource_name(project, "datasets", dataset)
    return lambda token: Operation(
        "DatasetService/ListVersions",
        service.ListVersionsRequest(parent=parent, page_size=page_size, page_token=token),
        service.ListVersionsResponse,
        lambda answer: Page(
            [DatasetVersion.from_message(version) for version in answer.versions],
            answer.next_page_token,
        ),
    )
