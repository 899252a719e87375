"""Datasets, as `AsyncClient.datasets`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping

from trialbook.client.asynchronous.transport import AsyncTransport
from trialbook.client.models.dataset import (
    AddedItems,
    Dataset,
    DatasetItem,
    DatasetVersion,
    ImportedItems,
    Item,
)
from trialbook.client.names import Reference
from trialbook.client.payload import MISSING, MissingType
from trialbook.client.requests import dataset as requests
from trialbook.client.requests.progress import counted
from trialbook.v1.dataset_service_pb2 import ImportItemsResponse


class Datasets:
    """Versioned collections of test cases. A dataset is given by id, full name or model.

    `request_id`, where a method has one, makes the call safe to repeat by the caller too; without
    it, each call gets one of its own.
    """

    def __init__(self, transport: AsyncTransport, project: str) -> None:
        self._transport = transport
        self._project = project

    async def create(
        self,
        dataset_id: str,
        *,
        display_name: str = "",
        description: str = "",
        metadata: Mapping[str, object] | None = None,
        request_id: str | None = None,
    ) -> Dataset:
        """Create an empty dataset. `AlreadyExists` if the project has one of that id."""
        operation = requests.create_dataset(
            self._project,
            dataset_id,
            display_name=display_name,
            description=description,
            metadata=metadata,
            request_id=request_id,
        )
        return await self._transport.execute(operation)

    async def get(self, dataset: Reference) -> Dataset:
        """Return a dataset. `NotFound` if there is none."""
        return await self._transport.execute(requests.get_dataset(self._project, dataset))

    def list(self, *, page_size: int = 0) -> AsyncIterator[Dataset]:
        """Iterate over the project's datasets by id."""
        return self._transport.pages(requests.list_datasets(self._project, page_size))

    async def update(
        self,
        dataset: Reference,
        *,
        display_name: str | MissingType = MISSING,
        description: str | MissingType = MISSING,
        metadata: Mapping[str, object] | MissingType | None = MISSING,
        etag: str | None = None,
        request_id: str | None = None,
    ) -> Dataset:
        """Change what is given. `Aborted` if an etag is given and is not current."""
        operation = requests.update_dataset(
            self._project,
            dataset,
            display_name=display_name,
            description=description,
            metadata=metadata,
            etag=etag,
            request_id=request_id,
        )
        return await self._transport.execute(operation)

    async def delete(
        self, dataset: Reference, *, etag: str | None = None, request_id: str | None = None
    ) -> None:
        """Delete a dataset; runs keep what they pinned."""
        operation = requests.delete_dataset(
            self._project, dataset, etag=etag, request_id=request_id
        )
        await self._transport.execute(operation)

    async def add_items(
        self,
        dataset: Reference,
        items: Iterable[Item | Mapping[str, object]],
        *,
        expected_version: int | None = None,
        request_id: str | None = None,
    ) -> AddedItems:
        """Add up to 1,000 items as one version, all or none.

        Mappings have the keys of `Item`. `InvalidArgument` names bad fields by their paths.
        """
        operation = requests.add_items(
            self._project,
            dataset,
            items,
            expected_version=expected_version,
            request_id=request_id,
        )
        return await self._transport.execute(operation)

    async def import_items(
        self,
        dataset: Reference,
        items: Iterable[Item | Mapping[str, object]],
        *,
        expected_version: int | None = None,
        request_id: str | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> ImportedItems:
        """Add any number of items as one version, all or none, in little memory.

        `items` is read as it is sent, and `progress` called with the number of items handed over
        so far, both in a thread. What `items` raises ends the import, and nothing is stored. Not
        made again by itself when the connection breaks: then nothing is stored either.
        """
        messages = requests.import_messages(
            self._project,
            dataset,
            items,
            expected_version=expected_version,
            request_id=request_id,
        )
        answer = await self._transport.upload(
            requests.IMPORT_METHOD, counted(messages, progress), ImportItemsResponse
        )
        return ImportedItems.from_message(answer)

    async def get_item(
        self, dataset: Reference, item_id: str, *, version: int | None = None
    ) -> DatasetItem:
        """Return an item at a version, by default the current one."""
        operation = requests.get_item(self._project, dataset, item_id, version=version)
        return await self._transport.execute(operation)

    def items(
        self, dataset: Reference, *, version: int | None = None, page_size: int = 0
    ) -> AsyncIterator[DatasetItem]:
        """Iterate over the items of a version, by default the current one, in their order."""
        return self._transport.pages(
            requests.list_items(self._project, dataset, version=version, page_size=page_size)
        )

    def versions(self, dataset: Reference, *, page_size: int = 0) -> AsyncIterator[DatasetVersion]:
        """Iterate over the versions of a dataset, newest first."""
        return self._transport.pages(requests.list_versions(self._project, dataset, page_size))
