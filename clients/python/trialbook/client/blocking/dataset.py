"""Datasets, as `Client.datasets`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from trialbook.client.blocking.dataset_file import FileCalls
from trialbook.client.blocking.dataset_label import LabelCalls
from trialbook.client.blocking.dataset_version import VersionCalls
from trialbook.client.blocking.duplicate import DuplicateCalls
from trialbook.client.blocking.item import ItemCalls
from trialbook.client.blocking.item_read import ItemReadCalls
from trialbook.client.blocking.transport import BlockingTransport
from trialbook.client.models.dataset import Dataset, UpdatedDataset
from trialbook.client.models.scorer_spec import Scorer
from trialbook.client.names import Reference
from trialbook.client.payload import MISSING, MissingType
from trialbook.client.requests import dataset as requests


class Datasets(ItemCalls, ItemReadCalls, FileCalls, VersionCalls, LabelCalls, DuplicateCalls):
    """Versioned collections of test cases. A dataset is given by id, full name or model.

    `request_id`, where a method has one, makes the call safe to repeat by the caller too; without
    it, each call gets one of its own. `message` is a note that the version keeps. A change that is
    given an `expected_version` is refused with `Aborted` unless that is the current version.
    """

    def __init__(self, transport: BlockingTransport, project: str) -> None:
        self._transport = transport
        self._project = project

    def create(
        self,
        dataset_id: str,
        *,
        display_name: str = "",
        description: str = "",
        metadata: Mapping[str, object] | None = None,
        input_schema: object = None,
        expected_schema: object = None,
        context_schema: object = None,
        default_scorers: Iterable[Scorer | str] = (),
        tags: Iterable[str] = (),
        request_id: str | None = None,
    ) -> Dataset:
        """Create an empty dataset. `AlreadyExists` if the project has one of that id.

        A schema is a JSON Schema (2020-12), as a mapping or `Json` text.
        """
        message, _ = requests.definition(
            display_name=display_name,
            description=description,
            metadata=metadata,
            input_schema=input_schema,
            expected_schema=expected_schema,
            context_schema=context_schema,
            default_scorers=default_scorers,
            tags=tags,
        )
        operation = requests.create_dataset(
            self._project, dataset_id, message, request_id=request_id
        )
        return self._transport.execute(operation)

    def get(self, dataset: Reference) -> Dataset:
        """Return a dataset. `NotFound` if there is none."""
        return self._transport.execute(requests.get_dataset(self._project, dataset))

    def list(self, *, page_size: int = 0) -> Iterator[Dataset]:
        """Iterate over the project's datasets by id."""
        return self._transport.pages(requests.list_datasets(self._project, page_size))

    def update(
        self,
        dataset: Reference,
        *,
        display_name: str | MissingType = MISSING,
        description: str | MissingType = MISSING,
        metadata: Mapping[str, object] | MissingType | None = MISSING,
        input_schema: object = MISSING,
        expected_schema: object = MISSING,
        context_schema: object = MISSING,
        default_scorers: Iterable[Scorer | str] | MissingType = MISSING,
        tags: Iterable[str] | MissingType = MISSING,
        force: bool = False,
        dry_run: bool = False,
        message: str = "",
        etag: str | None = None,
        request_id: str | None = None,
    ) -> UpdatedDataset:
        """Change what is given. `Aborted` if an etag is given and is not current.

        None takes a schema, or the metadata, away. Schemas, scorers and tags are versioned: a
        change of them makes a version. `FailedPrecondition` if items do not fit a new schema,
        unless `force` is set. With `dry_run` nothing changes; the report tells how items fit.
        """
        change = requests.definition(
            display_name=display_name,
            description=description,
            metadata=metadata,
            input_schema=input_schema,
            expected_schema=expected_schema,
            context_schema=context_schema,
            default_scorers=default_scorers,
            tags=tags,
        )
        operation = requests.update_dataset(
            self._project,
            dataset,
            change,
            force=force,
            dry_run=dry_run,
            note=message,
            etag=etag,
            request_id=request_id,
        )
        return self._transport.execute(operation)

    def delete(
        self, dataset: Reference, *, etag: str | None = None, request_id: str | None = None
    ) -> None:
        """Delete a dataset; runs keep what they pinned."""
        operation = requests.delete_dataset(
            self._project, dataset, etag=etag, request_id=request_id
        )
        self._transport.execute(operation)
