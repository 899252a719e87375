"""The calls of DatasetService about items that are the same."""

from __future__ import annotations

from collections.abc import Iterable

from trialbook.client.models.duplicate import DuplicateGroup
from trialbook.client.models.item_change import RemovedItems
from trialbook.client.names import Reference, new_request_id, resource_name
from trialbook.client.operation import LONG_TIMEOUT, Listing, Operation, Page
from trialbook.v1 import dataset_service_pb2 as service


def find_duplicates(
    project: str, dataset: Reference, fields: Iterable[str], page_size: int
) -> Listing[DuplicateGroup]:
    """Find items that are the same."""
    parent, compared = resource_name(project, "datasets", dataset), list(fields)
    return lambda token: Operation(
        "DatasetService/FindDuplicates",
        service.FindDuplicatesRequest(
            parent=parent, fields=compared, page_size=page_size, page_token=token
        ),
        service.FindDuplicatesResponse,
        lambda answer: Page(
            [DuplicateGroup.from_message(group) for group in answer.groups], answer.next_page_token
        ),
        timeout=LONG_TIMEOUT,
    )


def remove_duplicates(
    project: str,
    dataset: Reference,
    fields: Iterable[str],
    *,
    expected_version: int | None,
    note: str,
    request_id: str | None,
) -> Operation[service.RemoveDuplicatesResponse, RemovedItems]:
    """Remove all but the first of the items that are the same."""
    return Operation(
        "DatasetService/RemoveDuplicates",
        service.RemoveDuplicatesRequest(
            parent=resource_name(project, "datasets", dataset),
            fields=list(fields),
            expected_version=expected_version,
            message=note,
            request_id=request_id or new_request_id(),
        ),
        service.RemoveDuplicatesResponse,
        RemovedItems.from_message,
        timeout=LONG_TIMEOUT,
    )
