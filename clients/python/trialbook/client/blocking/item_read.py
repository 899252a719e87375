"""The reading of items, as methods of `Client.datasets`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from trialbook.client.blocking.transport import BlockingTransport
from trialbook.client.models.dataset_diff import ItemRevision
from trialbook.client.models.item import DatasetItem
from trialbook.client.models.item_selection import ItemSelection
from trialbook.client.names import Reference
from trialbook.client.requests import item_read as requests


class ItemReadCalls:
    """What reads items: at a version, a label or a time, by default the current version."""

    _transport: BlockingTransport
    _project: str

    def item(
        self,
        dataset: Reference,
        item_id: str,
        *,
        version: int | None = None,
        label: str | None = None,
        as_of: datetime | None = None,
    ) -> DatasetItem:
        """Return an item. `NotFound` if the version does not have it."""
        operation = requests.get_item(
            self._project, dataset, item_id, version=version, label=label, as_of=as_of
        )
        return self._transport.execute(operation)

    def items(
        self,
        dataset: Reference,
        *,
        version: int | None = None,
        label: str | None = None,
        as_of: datetime | None = None,
        selection: ItemSelection | None = None,
        page_size: int = 0,
    ) -> Iterator[DatasetItem]:
        """Iterate over the items in their order, or over a selection of them.

        All of them are read at one version, whatever is changed meanwhile. Give at most one of
        `version`, `label` and `as_of`, which needs a time zone.
        """
        listing = requests.list_items(
            self._project,
            dataset,
            version=version,
            label=label,
            as_of=as_of,
            selection=selection,
            page_size=page_size,
        )
        return self._transport.pages(listing)

    def item_revisions(
        self, dataset: Reference, item_id: str, *, page_size: int = 0
    ) -> Iterator[ItemRevision]:
        """Iterate over what happened to an item, newest first; removed items are found too."""
        return self._transport.pages(
            requests.list_item_revisions(self._project, dataset, item_id, page_size)
        )
