"""Runs, as `Client.runs`."""

from __future__ import annotations

import time
from collections.abc import Iterator

from trialbook.client.blocking.transport import BlockingTransport
from trialbook.client.errors import DeadlineExceeded, TrialbookError
from trialbook.client.models.run import Result, ResultOrder, ResultStatus, Run, WatchUpdate
from trialbook.client.names import Reference, resource_name
from trialbook.client.requests import run as requests
from trialbook.client.watch import DEFAULT_PATIENCE, WatchCursor, time_left, wait_timeout
from trialbook.v1.run_service_pb2 import WatchRunResponse


class Runs:
    """Runs of experiments. A run is given by id, full name or model."""

    def __init__(self, transport: BlockingTransport, project: str) -> None:
        self._transport = transport
        self._project = project

    def start(
        self,
        experiment: Reference,
        *,
        run_id: str | None = None,
        wait_for_worker: bool = False,
        request_id: str | None = None,
    ) -> Run:
        """Start a run; it goes on by itself.

        `FailedPrecondition` if the dataset is empty, or if no worker hosts the target or a scorer
        and `wait_for_worker` is not set.
        """
        operation = requests.start_run(
            self._project,
            experiment,
            run_id=run_id,
            wait_for_worker=wait_for_worker,
            request_id=request_id,
        )
        return self._transport.execute(operation)

    def get(self, run: Reference) -> Run:
        """Return a run with its counts, score summaries and latencies."""
        return self._transport.execute(requests.get_run(self._project, run))

    def list(self, *, experiment: Reference | None = None, page_size: int = 0) -> Iterator[Run]:
        """Iterate over the project's runs, or those of an experiment, newest first."""
        return self._transport.pages(requests.list_runs(self._project, experiment, page_size))

    def cancel(self, run: Reference, *, reason: str = "", request_id: str | None = None) -> Run:
        """Ask for a run to be cancelled. `FailedPrecondition` if it has completed."""
        operation = requests.cancel_run(self._project, run, reason=reason, request_id=request_id)
        return self._transport.execute(operation)

    def results(
        self,
        run: Reference,
        *,
        status: ResultStatus | str | None = None,
        order: ResultOrder | str | None = None,
        include_items: bool = False,
        page_size: int = 0,
    ) -> Iterator[Result]:
        """Iterate over a run's results with their scores."""
        listing = requests.list_results(
            self._project,
            run,
            status=status,
            order=order,
            include_items=include_items,
            page_size=page_size,
        )
        return self._transport.pages(listing)

    def result(self, run: Reference, number: int) -> Result:
        """Return one result with its scores, input and expected value."""
        return self._transport.execute(requests.get_result(self._project, run, number))

    def watch(
        self, run: Reference, *, after_position: int = 0, patience: float = DEFAULT_PATIENCE
    ) -> Iterator[WatchUpdate]:
        """Iterate over a run's facts: those that are recorded, then live ones, until it has ended.

        Goes on by itself after a broken connection, without losing or doubling a fact; raises when
        nothing came for `patience` seconds of trying. Updates without facts come too, as a sign of
        life.
        """
        cursor = WatchCursor(self._name(run), after_position, patience)
        for message in self._messages(cursor):
            yield cursor.accept(message)

    def wait(self, run: Reference, *, timeout: float | None = None) -> Run:
        """Return the run when it has ended; raise `WaitTimeout` after `timeout` seconds."""
        end = None if timeout is None else time.monotonic() + timeout
        current = self.get(run)
        if current.ended:
            return current
        cursor = WatchCursor(current.name, current.last_position)
        try:
            for message in self._messages(cursor, end):
                cursor.note(message)
        except DeadlineExceeded as error:
            raise wait_timeout(current.name, timeout) from error
        return self.get(current)

    def _messages(
        self, cursor: WatchCursor, end: float | None = None
    ) -> Iterator[WatchRunResponse]:
        """Yield the messages of one stream after the other. The caller tells the cursor of each."""
        while not cursor.ended:
            try:
                yield from self._transport.stream(
                    requests.WATCH_METHOD, cursor.request, WatchRunResponse, time_left(end)
                )
                delay = cursor.delay_after_close()
            except TrialbookError as error:
                delay = cursor.delay_after(error)
            time.sleep(delay if end is None else max(min(delay, end - time.monotonic()), 0.0))

    def _name(self, run: Reference) -> str:
        return resource_name(self._project, "runs", run)
