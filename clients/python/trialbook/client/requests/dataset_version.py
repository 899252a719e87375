"""The calls of DatasetService about versions and what differs between them."""

from __future__ import annotations

from trialbook.client.models.dataset import Dataset
from trialbook.client.models.dataset_diff import DatasetDiff, ItemDifference
from trialbook.client.models.dataset_version import DatasetVersion
from trialbook.client.names import Reference, new_request_id, resource_name
from trialbook.client.operation import LONG_TIMEOUT, Listing, Operation, Page
from trialbook.v1 import dataset_service_pb2 as service


def get_version(
    project: str, dataset: Reference, version: int | str
) -> Operation[service.GetVersionResponse, DatasetVersion]:
    """Get a version by number or label."""
    return Operation(
        "DatasetService/GetVersion",
        service.GetVersionRequest(name=_version_name(project, dataset, version)),
        service.GetVersionResponse,
        lambda answer: DatasetVersion.from_message(answer.version),
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


def restore_version(
    project: str,
    dataset: Reference,
    version: int | str,
    *,
    expected_version: int | None,
    note: str,
    request_id: str | None,
) -> Operation[service.RestoreVersionResponse, Dataset]:
    """Make a dataset be as it was at a version."""
    return Operation(
        "DatasetService/RestoreVersion",
        service.RestoreVersionRequest(
            name=_version_name(project, dataset, version),
            expected_version=expected_version,
            message=note,
            request_id=request_id or new_request_id(),
        ),
        service.RestoreVersionResponse,
        lambda answer: Dataset.from_message(answer.dataset),
        timeout=LONG_TIMEOUT,
    )


def diff_versions(
    project: str, dataset: Reference, base: int | str, head: int | str | None
) -> Operation[service.DiffVersionsResponse, DatasetDiff]:
    """Get the sum of what differs between two versions."""
    return Operation(
        "DatasetService/DiffVersions",
        _diff_request(project, dataset, base, head, page_size=1, token=""),
        service.DiffVersionsResponse,
        DatasetDiff.from_message,
        timeout=LONG_TIMEOUT,
    )


def list_differences(
    project: str, dataset: Reference, base: int | str, head: int | str | None, page_size: int
) -> Listing[ItemDifference]:
    """List the items that differ between two versions."""
    return lambda token: Operation(
        "DatasetService/DiffVersions",
        _diff_request(project, dataset, base, head, page_size=page_size, token=token),
        service.DiffVersionsResponse,
        lambda answer: Page(
            [ItemDifference.from_message(difference) for difference in answer.differences],
            answer.next_page_token,
        ),
        timeout=LONG_TIMEOUT,
    )


def _diff_request(
    project: str,
    dataset: Reference,
    base: int | str,
    head: int | str | None,
    *,
    page_size: int,
    token: str,
) -> service.DiffVersionsRequest:
    return service.DiffVersionsRequest(
        parent=resource_name(project, "datasets", dataset),
        base=str(base),
        head="" if head is None else str(head),
        page_size=page_size,
        page_token=token,
    )


def _version_name(project: str, dataset: Reference, version: int | str) -> str:
    return f"{resource_name(project, 'datasets', dataset)}/versions/{version}"
