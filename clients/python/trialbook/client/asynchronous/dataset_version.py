"""Versions of datasets, as methods of `AsyncClient.datasets`."""

from __future__ import annotations

from collections.abc import AsyncIterator

from trialbook.client.asynchronous.transport import AsyncTransport
from trialbook.client.models.dataset import Dataset
from trialbook.client.models.dataset_diff import DatasetDiff, ItemDifference
from trialbook.client.models.dataset_version import DatasetVersion
from trialbook.client.names import Reference
from trialbook.client.requests import dataset_version as requests


class VersionCalls:
    """What is asked of versions. A version is given by its number or by a label."""

    _transport: AsyncTransport
    _project: str

    async def version(self, dataset: Reference, version: int | str) -> DatasetVersion:
        """Return a version. `NotFound` if it was never made, or there is no such label."""
        return await self._transport.execute(requests.get_version(self._project, dataset, version))

    def versions(self, dataset: Reference, *, page_size: int = 0) -> AsyncIterator[DatasetVersion]:
        """Iterate over the versions of a dataset, newest first."""
        return self._transport.pages(requests.list_versions(self._project, dataset, page_size))

    async def restore_version(
        self,
        dataset: Reference,
        version: int | str,
        *,
        expected_version: int | None = None,
        message: str = "",
        request_id: str | None = None,
    ) -> Dataset:
        """Make a version whose items and settings are those of an older one.

        `FailedPrecondition` if more than 100,000 items differ.
        """
        operation = requests.restore_version(
            self._project,
            dataset,
            version,
            expected_version=expected_version,
            note=message,
            request_id=request_id,
        )
        return await self._transport.execute(operation)

    async def diff(
        self, dataset: Reference, base: int | str, head: int | str | None = None
    ) -> DatasetDiff:
        """Return in sum what differs between two versions; `head` is by default the current one.

        Version 0 is the empty dataset. `differences` gives the items.
        """
        return await self._transport.execute(
            requests.diff_versions(self._project, dataset, base, head)
        )

    def differences(
        self,
        dataset: Reference,
        base: int | str,
        head: int | str | None = None,
        *,
        page_size: int = 0,
    ) -> AsyncIterator[ItemDifference]:
        """Iterate over the items that differ between two versions, in their order."""
        return self._transport.pages(
            requests.list_differences(self._project, dataset, base, head, page_size)
        )
