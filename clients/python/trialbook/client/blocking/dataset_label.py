"""Labels of datasets, as methods of `Client.datasets`."""

from __future__ import annotations

from collections.abc import Iterator

from trialbook.client.blocking.transport import BlockingTransport
from trialbook.client.models.dataset_label import DatasetLabel
from trialbook.client.names import Reference
from trialbook.client.requests import dataset_label as requests


class LabelCalls:
    """What is done with the names of versions."""

    _transport: BlockingTransport
    _project: str

    def set_label(
        self,
        dataset: Reference,
        label: str,
        version: int,
        *,
        frozen: bool = False,
        message: str = "",
        expected_version: int | None = None,
        request_id: str | None = None,
    ) -> DatasetLabel:
        """Let a label name a version, from now on for good if `frozen` is set.

        `FailedPrecondition` if it is frozen already. With `expected_version`, `Aborted` unless the
        label names that version now; 0: unless there is no such label.
        """
        operation = requests.set_label(
            self._project,
            dataset,
            label,
            version,
            frozen=frozen,
            note=message,
            expected_version=expected_version,
            request_id=request_id,
        )
        return self._transport.execute(operation)

    def labels(self, dataset: Reference, *, page_size: int = 0) -> Iterator[DatasetLabel]:
        """Iterate over the labels of a dataset by id; `latest`, the service's own, is one."""
        return self._transport.pages(requests.list_labels(self._project, dataset, page_size))

    def delete_label(
        self, dataset: Reference, label: str, *, request_id: str | None = None
    ) -> None:
        """Delete a label; the version stays. `FailedPrecondition` if it is frozen."""
        operation = requests.delete_label(self._project, dataset, label, request_id=request_id)
        self._transport.execute(operation)
