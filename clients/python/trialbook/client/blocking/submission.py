"""Runs that the caller drives, as methods of `Client.runs`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Unpack

from trialbook.client.blocking.drive import DrivenRun
from trialbook.client.blocking.transport import BlockingTransport
from trialbook.client.drive import checked
from trialbook.client.errors import AlreadyExists, InvalidArgument, NotFound, TrialbookError
from trialbook.client.models.run import Run
from trialbook.client.models.submission import SubmissionDisposition, SubmittedResult
from trialbook.client.names import Reference
from trialbook.client.requests import run as run_requests
from trialbook.client.requests import submission as requests
from trialbook.client.requests.run_start import StartOptions, start_run


class SubmissionCalls:
    """What records results of the caller's own loop."""

    _transport: BlockingTransport
    _project: str

    def submit(
        self, run: Reference, results: Iterable[SubmittedResult]
    ) -> list[SubmissionDisposition]:
        """Record results of a caller-driven run, any number; return what was done with each.

        Safe to repeat: of an item and trial the first one counts. They are sent in batches of up
        to 1,000, each taken whole or not at all; `InvalidArgument` names bad ones by their places
        among all. `FailedPrecondition` if the run is not caller-driven, or is finished.
        """
        dispositions: list[SubmissionDisposition] = []
        for batch in requests.submit_results(self._project, run, results):
            try:
                answer = self._transport.execute(batch.operation)
            except InvalidArgument as error:
                raise batch.located(error) from None
            dispositions.extend(answer)
        return dispositions

    def finish(self, run: Reference, *, request_id: str | None = None) -> Run:
        """Say that a caller-driven run has all its results; the others become skipped.

        It ends when the last score is there. `FailedPrecondition` if it is not caller-driven.
        """
        operation = requests.finish_run(self._project, run, request_id=request_id)
        return self._transport.execute(operation)

    @contextmanager
    def drive(
        self,
        experiment: Reference,
        *,
        cancel_on_error: bool = True,
        **options: Unpack[StartOptions],
    ) -> Iterator[DrivenRun]:
        """Start a run whose items are run by the code inside the context.

        With the `run_id` of a run that goes on already, that one is continued where it was: options
        are those of its start, and `items()` leaves out what is recorded. Leaving the context
        finishes the run; an error inside it cancels the run, unless `cancel_on_error` is False.
        Errors as in `start`; `FailedPrecondition` if the run of that id is not caller-driven or was
        stopped, `InvalidArgument` if it is of another experiment.
        """
        driven = self._driven(experiment, options)
        try:
            yield driven
        except BaseException:
            if cancel_on_error:
                self._abandon(driven)
            raise
        self.finish(driven)

    def _driven(self, experiment: Reference, options: StartOptions) -> DrivenRun:
        """Return the run of that id, or else a new one."""
        run_id = options.get("run_id")
        if run_id:
            try:
                return self._continued(experiment, run_id)
            except NotFound:
                pass
        operation = start_run(self._project, experiment, options, caller_driven=True)
        try:
            return DrivenRun(self._transport, self._transport.execute(operation))
        except AlreadyExists:
            # Another process was faster.
            if not run_id:
                raise
            return self._continued(experiment, run_id)

    def _continued(self, experiment: Reference, run_id: str) -> DrivenRun:
        run = self._transport.execute(run_requests.get_run(self._project, run_id))
        return DrivenRun(self._transport, checked(self._project, run, experiment), continued=True)

    def _abandon(self, driven: DrivenRun) -> None:
        """Cancel a run that nobody drives any more, as far as that can be done."""
        operation = run_requests.cancel_run(
            self._project,
            driven,
            reason="what drove it broke off",
            request_id=None,
        )
        try:
            self._transport.execute(operation)
        except TrialbookError:
            return
