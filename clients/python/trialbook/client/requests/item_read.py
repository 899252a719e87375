"""The calls of DatasetService that read items."""

from __future__ import annotations

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from trialbook.client.errors import invalid_field
from trialbook.client.models.dataset_diff import ItemRevision
from trialbook.client.models.item import DatasetItem
from trialbook.client.models.item_selection import ItemSelection
from trialbook.client.names import Reference, resource_name
from trialbook.client.operation import Listing, Operation, Page
from trialbook.v1 import dataset_service_pb2 as service


def get_item(
    project: str,
    dataset: Reference,
    item_id: str,
    *,
    version: int | None,
    label: str | None,
    as_of: datetime | None,
) -> Operation[service.GetItemResponse, DatasetItem]:
    """Get an item at a version."""
    parent = resource_name(project, "datasets", dataset)
    return Operation(
        "DatasetService/GetItem",
        service.GetItemRequest(
            name=f"{parent}/items/{item_id}",
            version=version_number(version),
            label=label or "",
            as_of=timestamp_of(as_of),
        ),
        service.GetItemResponse,
        lambda answer: DatasetItem.from_message(answer.item),
    )


def list_items(
    project: str,
    dataset: Reference,
    *,
    version: int | None,
    label: str | None,
    as_of: datetime | None,
    selection: ItemSelection | None,
    page_size: int,
) -> Listing[DatasetItem]:
    """List the items of a version."""
    parent = resource_name(project, "datasets", dataset)
    wanted = None if selection is None else selection.to_message()
    number, moment = version_number(version), timestamp_of(as_of)
    return lambda token: Operation(
        "DatasetService/ListItems",
        service.ListItemsRequest(
            parent=parent,
            version=number,
            label=label or "",
            as_of=moment,
            selection=wanted,
            page_size=page_size,
            page_token=token,
        ),
        service.ListItemsResponse,
        lambda answer: Page(
            [DatasetItem.from_message(item) for item in answer.items], answer.next_page_token
        ),
    )


def list_item_revisions(
    project: str, dataset: Reference, item_id: str, page_size: int
) -> Listing[ItemRevision]:
    """List what happened to an item."""
    parent = f"{resource_name(project, 'datasets', dataset)}/items/{item_id}"
    return lambda token: Operation(
        "DatasetService/ListItemRevisions",
        service.ListItemRevisionsRequest(parent=parent, page_size=page_size, page_token=token),
        service.ListItemRevisionsResponse,
        lambda answer: Page(
            [ItemRevision.from_message(revision) for revision in answer.revisions],
            answer.next_page_token,
        ),
    )


def version_number(version: int | None) -> int:
    """Return the number that is sent. Raises `InvalidArgument` for 0, which means something else.

    The contract's 0 is the current version; whoever writes 0 here means the empty dataset.
    """
    if version == 0:
        raise invalid_field("version", "is 0, which has no items; leave it out for the current one")
    return version or 0


def timestamp_of(moment: datetime | None) -> Timestamp | None:
    """Return a moment as the contract's message. Raises `InvalidArgument` without a time zone."""
    if moment is None:
        return None
    if moment.utcoffset() is None:
        raise invalid_field("as_of", "has no time zone, so it could be any of several moments")
    timestamp = Timestamp()
    timestamp.FromDatetime(moment)
    return timestamp
