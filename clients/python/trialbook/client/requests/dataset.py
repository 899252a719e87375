"""The calls of DatasetService for datasets as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from google.protobuf.field_mask_pb2 import FieldMask

from trialbook.client.errors import invalid_field
from trialbook.client.models.dataset import Dataset, UpdatedDataset
from trialbook.client.models.scorer_spec import Scorer
from trialbook.client.names import Reference, new_request_id, project_name, resource_name
from trialbook.client.operation import LONG_TIMEOUT, Listing, Operation, Page, nothing
from trialbook.client.payload import MISSING, MissingType, encode_field
from trialbook.v1 import dataset_pb2
from trialbook.v1 import dataset_service_pb2 as service


def definition(
    *,
    display_name: str | MissingType = MISSING,
    description: str | MissingType = MISSING,
    metadata: Mapping[str, object] | MissingType | None = MISSING,
    input_schema: object = MISSING,
    expected_schema: object = MISSING,
    context_schema: object = MISSING,
    default_scorers: Iterable[Scorer | str] | MissingType = MISSING,
    tags: Iterable[str] | MissingType = MISSING,
) -> tuple[dataset_pb2.Dataset, list[str]]:
    """Return a message with what is given, and the paths of what is given.

    None for the metadata or a schema gives a path without a value, which takes it away.
    """
    message = dataset_pb2.Dataset()
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
    paths += _set_schema(message, "input_schema", input_schema)
    paths += _set_schema(message, "expected_schema", expected_schema)
    paths += _set_schema(message, "context_schema", context_schema)
    if default_scorers is not MISSING:
        paths.append("settings.default_scorers")
        scorers = (Scorer(s) if isinstance(s, str) else s for s in default_scorers)
        message.settings.default_scorers.extend(scorer.to_message() for scorer in scorers)
    if tags is not MISSING:
        if isinstance(tags, str):
            raise invalid_field("dataset.settings.tags", "give a list of strings")
        paths.append("settings.tags")
        message.settings.tags.extend(tags)
    return message, paths


def _set_schema(message: dataset_pb2.Dataset, name: str, schema: object) -> list[str]:
    if schema is MISSING:
        return []
    if schema is not None:
        payload = getattr(message.settings, name)
        payload.json = encode_field(schema, f"dataset.settings.{name}")
    return [f"settings.{name}"]


def create_dataset(
    project: str,
    dataset_id: str,
    message: dataset_pb2.Dataset,
    *,
    request_id: str | None,
) -> Operation[service.CreateDatasetResponse, Dataset]:
    """Create an empty dataset from a definition."""
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
    change: tuple[dataset_pb2.Dataset, list[str]],
    *,
    force: bool,
    dry_run: bool,
    note: str,
    etag: str | None,
    request_id: str | None,
) -> Operation[service.UpdateDatasetResponse, UpdatedDataset]:
    """Change a dataset: what the definition gives."""
    message, paths = change
    if not paths:
        raise invalid_field(
            "update_mask", "give display_name, description, metadata, a schema, scorers or tags"
        )
    message.name = resource_name(project, "datasets", dataset)
    message.etag = etag or ""
    return Operation(
        "DatasetService/UpdateDataset",
        service.UpdateDatasetRequest(
            dataset=message,
            update_mask=FieldMask(paths=paths),
            request_id=request_id or new_request_id(),
            force=force,
            dry_run=dry_run,
            message=note,
        ),
        service.UpdateDatasetResponse,
        UpdatedDataset.from_message,
        # The items are checked against a new schema, however many there are.
        timeout=LONG_TIMEOUT,
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
