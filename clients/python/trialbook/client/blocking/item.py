"""The changes of items, as methods of `Client.datasets`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Unpack

from trialbook.client.blocking.transport import BlockingTransport
from trialbook.client.models.item import Item
from trialbook.client.models.item_change import (
    AddedItems,
    ImportedItems,
    PurgedItems,
    RemovedItems,
    RestoredItems,
    UpdatedItems,
    UpsertedItems,
)
from trialbook.client.models.item_update import ItemFields, ItemUpdate
from trialbook.client.names import Reference
from trialbook.client.requests import item as requests
from trialbook.client.requests.progress import counted
from trialbook.v1.dataset_service_pb2 import ImportItemsResponse


class ItemCalls:
    """What changes the items of a dataset. Each call makes one version, or none if it is idle."""

    _transport: BlockingTransport
    _project: str

    def add_items(
        self,
        dataset: Reference,
        items: Iterable[Item | Mapping[str, object]],
        *,
        expected_version: int | None = None,
        message: str = "",
        request_id: str | None = None,
    ) -> AddedItems:
        """Add up to 1,000 items, all or none.

        An item whose id or external id the dataset has, with the same content, is the same item.
        `InvalidArgument` names bad fields by their paths; `AlreadyExists` if an id has other
        content, or belongs to a removed item.
        """
        operation = requests.add_items(
            self._project,
            dataset,
            items,
            expected_version=expected_version,
            note=message,
            request_id=request_id,
        )
        return self._transport.execute(operation)

    def import_items(
        self,
        dataset: Reference,
        items: Iterable[Item | Mapping[str, object]],
        *,
        upsert: bool = False,
        expected_version: int | None = None,
        message: str = "",
        request_id: str | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> ImportedItems:
        """Add any number of items as one version, all or none, in little memory.

        An item that the dataset has already with other content is refused, or replaced if `upsert`
        is set. `items` is read as it is sent; what it raises ends the import, and nothing is
        stored. `progress` is called with the number of items handed over so far. Not made again by
        itself when the connection breaks: then nothing is stored either.
        """
        messages = requests.import_messages(
            self._project,
            dataset,
            items,
            upsert=upsert,
            expected_version=expected_version,
            note=message,
            request_id=request_id,
        )
        answer = self._transport.upload(
            requests.IMPORT_METHOD, counted(messages, progress), ImportItemsResponse
        )
        return ImportedItems.from_message(answer)

    def update_items(
        self,
        dataset: Reference,
        updates: Iterable[ItemUpdate | Mapping[str, object]],
        *,
        expected_version: int | None = None,
        message: str = "",
        request_id: str | None = None,
    ) -> UpdatedItems:
        """Change the given fields of up to 1,000 items, all or none.

        `NotFound` for an item that the current version does not have.
        """
        operation = requests.update_items(
            self._project,
            dataset,
            updates,
            expected_version=expected_version,
            note=message,
            request_id=request_id,
        )
        return self._transport.execute(operation)

    def update_item(
        self,
        dataset: Reference,
        item_id: str,
        *,
        clear: Sequence[str] = (),
        expected_version: int | None = None,
        message: str = "",
        request_id: str | None = None,
        **fields: Unpack[ItemFields],
    ) -> UpdatedItems:
        """Change the given fields of one item; `clear` names those to take away.

        None takes away too, but for `input` and `expected`, where it is JSON's null.
        """
        operation = requests.update_items(
            self._project,
            dataset,
            [ItemUpdate(item_id, clear=clear, **fields)],
            expected_version=expected_version,
            note=message,
            request_id=request_id,
        )
        return self._transport.execute(operation)

    def upsert_items(
        self,
        dataset: Reference,
        items: Iterable[Item | Mapping[str, object]],
        *,
        expected_version: int | None = None,
        message: str = "",
        request_id: str | None = None,
    ) -> UpsertedItems:
        """Add or replace up to 1,000 items, all or none; removed ones come back.

        An item is known by its external id or else its id, and gets exactly the content given.
        """
        operation = requests.upsert_items(
            self._project,
            dataset,
            items,
            expected_version=expected_version,
            note=message,
            request_id=request_id,
        )
        return self._transport.execute(operation)

    def remove_items(
        self,
        dataset: Reference,
        item_ids: Iterable[str],
        *,
        expected_version: int | None = None,
        message: str = "",
        request_id: str | None = None,
    ) -> RemovedItems:
        """Remove up to 1,000 items; older versions keep them.

        `NotFound` for an item that never was. One that is removed already makes no difference.
        """
        operation = requests.remove_items(
            self._project,
            dataset,
            item_ids,
            expected_version=expected_version,
            note=message,
            request_id=request_id,
        )
        return self._transport.execute(operation)

    def restore_items(
        self,
        dataset: Reference,
        item_ids: Iterable[str],
        *,
        version: int | None = None,
        expected_version: int | None = None,
        message: str = "",
        request_id: str | None = None,
    ) -> RestoredItems:
        """Bring up to 1,000 removed items back as they were last.

        With a `version`, all of them get the content of that version, removed or not.
        """
        operation = requests.restore_items(
            self._project,
            dataset,
            item_ids,
            version=version,
            expected_version=expected_version,
            note=message,
            request_id=request_id,
        )
        return self._transport.execute(operation)

    def purge_items(
        self,
        dataset: Reference,
        item_ids: Iterable[str],
        *,
        message: str = "",
        request_id: str | None = None,
    ) -> PurgedItems:
        """Erase up to 1,000 items for good: in every version, in results, in the log.

        `message` says why, and is kept. `FailedPrecondition` while a run of the dataset goes on.
        Cannot be undone.
        """
        operation = requests.purge_items(
            self._project, dataset, item_ids, note=message, request_id=request_id
        )
        return self._transport.execute(operation)
