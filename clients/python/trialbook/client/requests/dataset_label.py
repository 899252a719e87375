"""The calls of DatasetService about labels."""

from __future__ import annotations

from trialbook.client.models.dataset_label import DatasetLabel
from trialbook.client.names import Reference, new_request_id, resource_name
from trialbook.client.operation import Listing, Operation, Page, nothing
from trialbook.v1 import dataset_service_pb2 as service
from trialbook.v1 import dataset_settings_pb2


def set_label(
    project: str,
    dataset: Reference,
    label: str,
    version: int,
    *,
    frozen: bool,
    note: str,
    expected_version: int | None,
    request_id: str | None,
) -> Operation[service.SetLabelResponse, DatasetLabel]:
    """Set a label to a version."""
    return Operation(
        "DatasetService/SetLabel",
        service.SetLabelRequest(
            parent=resource_name(project, "datasets", dataset),
            label=dataset_settings_pb2.DatasetLabel(
                label_id=label, version=version, frozen=frozen, message=note
            ),
            expected_version=expected_version,
            request_id=request_id or new_request_id(),
        ),
        service.SetLabelResponse,
        lambda answer: DatasetLabel.from_message(answer.label),
    )


def list_labels(project: str, dataset: Reference, page_size: int) -> Listing[DatasetLabel]:
    """List the labels of a dataset."""
    parent = resource_name(project, "datasets", dataset)
    return lambda token: Operation(
        "DatasetService/ListLabels",
        service.ListLabelsRequest(parent=parent, page_size=page_size, page_token=token),
        service.ListLabelsResponse,
        lambda answer: Page(
            [DatasetLabel.from_message(label) for label in answer.labels], answer.next_page_token
        ),
    )


def delete_label(
    project: str, dataset: Reference, label: str, *, request_id: str | None
) -> Operation[service.DeleteLabelResponse, None]:
    """Delete a label."""
    parent = resource_name(project, "datasets", dataset)
    return Operation(
        "DatasetService/DeleteLabel",
        service.DeleteLabelRequest(
            name=f"{parent}/labels/{label}", request_id=request_id or new_request_id()
        ),
        service.DeleteLabelResponse,
        nothing,
    )
