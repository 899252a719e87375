"""The calls of DatasetService that change items."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from trialbook.client.errors import invalid_field
from trialbook.client.models.item import Item, item_message
from trialbook.client.models.item_change import (
    AddedItems,
    PurgedItems,
    RemovedItems,
    RestoredItems,
    UpdatedItems,
    UpsertedItems,
)
from trialbook.client.models.item_update import ItemUpdate, update_from
from trialbook.client.names import Reference, new_request_id, resource_name
from trialbook.client.operation import LONG_TIMEOUT, Operation
from trialbook.v1 import dataset_pb2
from trialbook.v1 import dataset_service_pb2 as service

IMPORT_METHOD = "DatasetService/ImportItems"
IMPORT_BATCH_ITEMS = 1_000
IMPORT_BATCH_BYTES = 1024 * 1024


def add_items(
    project: str,
    dataset: Reference,
    items: Iterable[Item | Mapping[str, object]],
    *,
    expected_version: int | None,
    note: str,
    request_id: str | None,
) -> Operation[service.AddItemsResponse, AddedItems]:
    """Add items as one version."""
    return Operation(
        "DatasetService/AddItems",
        service.AddItemsRequest(
            parent=resource_name(project, "datasets", dataset),
            items=_messages(items),
            expected_version=expected_version,
            message=note,
            request_id=request_id or new_request_id(),
        ),
        service.AddItemsResponse,
        AddedItems.from_message,
    )


def update_items(
    project: str,
    dataset: Reference,
    updates: Iterable[ItemUpdate | Mapping[str, object]],
    *,
    expected_version: int | None,
    note: str,
    request_id: str | None,
) -> Operation[service.UpdateItemsResponse, UpdatedItems]:
    """Change items as one version."""
    paths = ((f"updates[{index}].item", update) for index, update in enumerate(updates))
    return Operation(
        "DatasetService/UpdateItems",
        service.UpdateItemsRequest(
            parent=resource_name(project, "datasets", dataset),
            updates=[update_from(update, path).to_message(path) for path, update in paths],
            expected_version=expected_version,
            message=note,
            request_id=request_id or new_request_id(),
        ),
        service.UpdateItemsResponse,
        UpdatedItems.from_message,
    )


def upsert_items(
    project: str,
    dataset: Reference,
    items: Iterable[Item | Mapping[str, object]],
    *,
    expected_version: int | None,
    note: str,
    request_id: str | None,
) -> Operation[service.UpsertItemsResponse, UpsertedItems]:
    """Add or replace items as one version."""
    return Operation(
        "DatasetService/UpsertItems",
        service.UpsertItemsRequest(
            parent=resource_name(project, "datasets", dataset),
            items=_messages(items),
            expected_version=expected_version,
            message=note,
            request_id=request_id or new_request_id(),
        ),
        service.UpsertItemsResponse,
        UpsertedItems.from_message,
    )


def remove_items(
    project: str,
    dataset: Reference,
    item_ids: Iterable[str],
    *,
    expected_version: int | None,
    note: str,
    request_id: str | None,
) -> Operation[service.RemoveItemsResponse, RemovedItems]:
    """Remove items as one version."""
    return Operation(
        "DatasetService/RemoveItems",
        service.RemoveItemsRequest(
            parent=resource_name(project, "datasets", dataset),
            item_ids=_ids(item_ids),
            expected_version=expected_version,
            message=note,
            request_id=request_id or new_request_id(),
        ),
        service.RemoveItemsResponse,
        RemovedItems.from_message,
    )


def restore_items(
    project: str,
    dataset: Reference,
    item_ids: Iterable[str],
    *,
    version: int | None,
    expected_version: int | None,
    note: str,
    request_id: str | None,
) -> Operation[service.RestoreItemsResponse, RestoredItems]:
    """Bring items back as one version."""
    return Operation(
        "DatasetService/RestoreItems",
        service.RestoreItemsRequest(
            parent=resource_name(project, "datasets", dataset),
            item_ids=_ids(item_ids),
            version=version or 0,
            expected_version=expected_version,
            message=note,
            request_id=request_id or new_request_id(),
        ),
        service.RestoreItemsResponse,
        RestoredItems.from_message,
    )


def purge_items(
    project: str,
    dataset: Reference,
    item_ids: Iterable[str],
    *,
    note: str,
    request_id: str | None,
) -> Operation[service.PurgeItemsResponse, PurgedItems]:
    """Erase items for good."""
    return Operation(
        "DatasetService/PurgeItems",
        service.PurgeItemsRequest(
            parent=resource_name(project, "datasets", dataset),
            item_ids=_ids(item_ids),
            message=note,
            request_id=request_id or new_request_id(),
        ),
        service.PurgeItemsResponse,
        PurgedItems.from_message,
        timeout=LONG_TIMEOUT,
    )


def import_messages(
    project: str,
    dataset: Reference,
    items: Iterable[Item | Mapping[str, object]],
    *,
    upsert: bool,
    expected_version: int | None,
    note: str,
    request_id: str | None,
) -> Iterator[service.ImportItemsRequest]:
    """Yield the messages of an import, each of about a mebibyte at most, as items come.

    One is yielded also for no items: it names the dataset. The last one says that it is.
    """
    batch = service.ImportItemsRequest(
        parent=resource_name(project, "datasets", dataset),
        mode="IMPORT_MODE_UPSERT" if upsert else "IMPORT_MODE_ADD",
        expected_version=expected_version,
        message=note,
        request_id=request_id or new_request_id(),
    )
    size = 0
    for index, item in enumerate(items):
        path = f"items[{index}]"
        message = item_message(item, path)
        item_size = message.ByteSize()
        full = len(batch.items) >= IMPORT_BATCH_ITEMS or size + item_size > IMPORT_BATCH_BYTES
        if full and batch.items:
            yield batch
            batch, size = service.ImportItemsRequest(), 0
        batch.items.append(message)
        size += item_size
    batch.last = True
    yield batch


def _messages(items: Iterable[Item | Mapping[str, object]]) -> list[dataset_pb2.Item]:
    paths = ((f"items[{index}]", item) for index, item in enumerate(items))
    return [item_message(item, path) for path, item in paths]


def _ids(item_ids: Iterable[str]) -> Sequence[str]:
    if isinstance(item_ids, str):
        raise invalid_field("item_ids", "give a list of strings")
    return list(item_ids)
