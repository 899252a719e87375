"""Items that are the same, as methods of `Client.datasets`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from trialbook.client.blocking.transport import BlockingTransport
from trialbook.client.models.duplicate import DuplicateGroup
from trialbook.client.models.item_change import RemovedItems
from trialbook.client.names import Reference
from trialbook.client.requests import duplicate as requests


class DuplicateCalls:
    """What finds and removes items that are the same, by value, whatever the form of their JSON.

    `fields` are what must be equal, such as `input` or `input.question`; by default all of it.
    """

    _transport: BlockingTransport
    _project: str

    def find_duplicates(
        self, dataset: Reference, *, fields: Iterable[str] = (), page_size: int = 0
    ) -> Iterator[DuplicateGroup]:
        """Iterate over the groups of items that are the same, by the place of their first."""
        return self._transport.pages(
            requests.find_duplicates(self._project, dataset, fields, page_size)
        )

    def remove_duplicates(
        self,
        dataset: Reference,
        *,
        fields: Iterable[str] = (),
        expected_version: int | None = None,
        message: str = "",
        request_id: str | None = None,
    ) -> RemovedItems:
        """Remove, as one version, all but the first of the items that are the same.

        `FailedPrecondition` if that would remove more than 100,000.
        """
        operation = requests.remove_duplicates(
            self._project,
            dataset,
            fields,
            expected_version=expected_version,
            note=message,
            request_id=request_id,
        )
        return self._transport.execute(operation)
