"""A run whose items the caller runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Unpack

from trialbook.client import drive
from trialbook.client.blocking.transport import BlockingTransport
from trialbook.client.drive import DrivenItem, SubmissionDetails
from trialbook.client.models.result import TaskError
from trialbook.client.models.run import Run
from trialbook.client.models.submission import SubmissionDisposition, SubmittedResult
from trialbook.client.requests.submission import submit_batch


class DrivenRun:
    """A run whose items the caller runs; see `Client.runs.drive`. Safe to share between threads."""

    def __init__(self, transport: BlockingTransport, run: Run, *, continued: bool = False) -> None:
        self._transport = transport
        self.run = run
        """As it was when it was started or continued."""
        self.continued = continued
        """Whether it was there before."""

    @property
    def name(self) -> str:
        """The full name, so that this stands for the run in other calls."""
        return self.run.name

    @property
    def id(self) -> str:
        """The last part of the name."""
        return self.run.id

    def items(self) -> Iterator[DrivenItem]:
        """Iterate over what is to be run: each trial of each item that is not recorded yet.

        Items come from the dataset version and selection that the run is pinned to.
        """
        recorded: set[tuple[str, int]] = set()
        if self.continued:
            for result in self._transport.pages(drive.recorded_results(self.run)):
                recorded.add((result.item_id, result.trial))
        for item in self._transport.pages(drive.pinned_items(self.run)):
            yield from drive.open_trials(self.run, item, recorded)

    def submit(
        self, item: DrivenItem, output: object, **details: Unpack[SubmissionDetails]
    ) -> SubmissionDisposition:
        """Record what the caller's code made of an item: anything that has a JSON form."""
        return self._record(SubmittedResult(item.id, output, item.trial, **details))

    def fail(
        self,
        item: DrivenItem,
        error: TaskError | BaseException | str,
        **details: Unpack[SubmissionDetails],
    ) -> SubmissionDisposition:
        """Record that the caller's code failed on an item."""
        return self._record(SubmittedResult(item.id, trial=item.trial, error=error, **details))

    def _record(self, result: SubmittedResult) -> SubmissionDisposition:
        message = result.to_message()
        (disposition,) = self._transport.execute(submit_batch(self.name, [message]))
        return disposition
