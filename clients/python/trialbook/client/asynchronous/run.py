"""Runs, as `AsyncClient.runs`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Unpack

from trialbook.client.asynchronous.comparison import ComparisonCalls
from trialbook.client.asynchronous.gate import GateCalls
from trialbook.client.asynchronous.result_export import ExportCalls
from trialbook.client.asynchronous.rework import ReworkCalls
from trialbook.client.asynchronous.submission import SubmissionCalls
from trialbook.client.asynchronous.transport import AsyncTransport
from trialbook.client.errors import DeadlineExceeded, TrialbookError
from trialbook.client.models.result import Result, ResultOrder, ResultStatus
from trialbook.client.models.run import Run, RunStatus
from trialbook.client.models.run_event import WatchUpdate
from trialbook.client.names import Reference, resource_name
from trialbook.client.requests import run as requests
from trialbook.client.requests.run_start import StartOptions, start_run
from trialbook.client.watch import DEFAULT_PATIENCE, WatchCursor, time_left, wait_timeout
from trialbook.v1.run_service_pb2 import WatchRunResponse


class Runs(ReworkCalls, SubmissionCalls, ComparisonCalls, GateCalls, ExportCalls):
    """Runs of experiments. A run is given by id, full name or model."""

    def __init__(self, transport: AsyncTransport, project: str) -> None:
        self._transport = transport
        self._project = project

    async def start(
        self,
        experiment: Reference,
        *,
        wait_for_worker: bool = False,
        caller_driven: bool = False,
        **options: Unpack[StartOptions],
    ) -> Run:
        """Start a run of an experiment, or of its version `{experiment}/versions/{v}`.

        It goes on by itself, unless it is `caller_driven`: then the caller submits the results; see
        `drive`. What the options, described at `StartOptions`, leave out is the experiment's.

        `FailedPrecondition` if there is nothing to run, or if no worker hosts the target or a
        scorer and neither `wait_for_worker` nor `caller_driven` is set. `NotFound` for what the
        options name and is not there, `InvalidArgument` for what cannot be understood,
        `AlreadyExists` if the project has a run of that id.
        """
        operation = start_run(
            self._project,
            experiment,
            options,
            wait_for_worker=wait_for_worker,
            caller_driven=caller_driven,
        )
        return await self._transport.execute(operation)

    async def get(self, run: Reference) -> Run:
        """Return a run with its counts, score summaries and latencies."""
        return await self._transport.execute(requests.get_run(self._project, run))

    def list(
        self,
        *,
        experiment: Reference | None = None,
        status: RunStatus | str | None = None,
        page_size: int = 0,
    ) -> AsyncIterator[Run]:
        """Iterate over the project's runs, or those of an experiment or a status, newest first."""
        listing = requests.list_runs(self._project, experiment, status=status, page_size=page_size)
        return self._transport.pages(listing)

    async def cancel(
        self, run: Reference, *, reason: str = "", request_id: str | None = None
    ) -> Run:
        """Ask for a run to be cancelled. `FailedPrecondition` if it has ended."""
        operation = requests.cancel_run(self._project, run, reason=reason, request_id=request_id)
        return await self._transport.execute(operation)

    def results(
        self,
        run: Reference,
        *,
        status: ResultStatus | str | None = None,
        order: ResultOrder | str | None = None,
        include_items: bool = False,
        failing: bool = False,
        scorer: str = "",
        page_size: int = 0,
    ) -> AsyncIterator[Result]:
        """Iterate over a run's results with their scores.

        `failing` results failed, or a scorer says that they do not pass; with `scorer`, an alias,
        only that one is asked.
        """
        listing = requests.list_results(
            self._project,
            run,
            status=status,
            order=order,
            include_items=include_items,
            failing=failing,
            scorer=scorer,
            page_size=page_size,
        )
        return self._transport.pages(listing)

    async def result(self, run: Reference, number: int) -> Result:
        """Return one result with its scores, input and expected value."""
        return await self._transport.execute(requests.get_result(self._project, run, number))

    async def watch(
        self,
        run: Reference,
        *,
        after_position: int = 0,
        patience: float = DEFAULT_PATIENCE,
        timeout: float | None = None,
    ) -> AsyncIterator[WatchUpdate]:
        """Iterate over a run's facts: those that are recorded, then live ones, until it has ended.

        The verdict of its gate comes too. A run that is retried or rescored later goes on: watch it
        again, `after_position`.

        Goes on by itself after a broken connection, without losing or doubling a fact; raises when
        nothing came for `patience` seconds of trying. Updates without facts come too, as a sign of
        life. Raises `WaitTimeout` if the run has not ended after `timeout` seconds; it goes on.
        """
        end = None if timeout is None else time.monotonic() + timeout
        cursor = WatchCursor(self._name(run), after_position, patience)
        try:
            async with aclosing(self._messages(cursor, end)) as messages:
                async for message in messages:
                    yield cursor.accept(message)
        except DeadlineExceeded as error:
            raise wait_timeout(self._name(run), timeout) from error

    async def wait(self, run: Reference, *, timeout: float | None = None) -> Run:
        """Return the run when it has ended and, if it has a gate, has its verdict.

        Goes on over broken connections as `watch` does. Raises `WaitTimeout` after `timeout`
        seconds; the run goes on.
        """
        end = None if timeout is None else time.monotonic() + timeout
        current = await self.get(run)
        while not current.settled:
            cursor = WatchCursor(current.name, current.last_position)
            try:
                async with aclosing(self._messages(cursor, end)) as messages:
                    async for message in messages:
                        cursor.note(message)
            except DeadlineExceeded as error:
                raise wait_timeout(current.name, timeout) from error
            current = await self.get(current)
        return current

    async def _messages(
        self, cursor: WatchCursor, end: float | None = None
    ) -> AsyncGenerator[WatchRunResponse, None]:
        """Yield the messages of one stream after the other. The caller tells the cursor of each."""
        while not cursor.ended:
            stream = self._transport.stream(
                requests.WATCH_METHOD, cursor.request, WatchRunResponse, time_left(end)
            )
            try:
                async with aclosing(stream):
                    async for message in stream:
                        yield message
                delay = cursor.delay_after_close()
            except TrialbookError as error:
                delay = cursor.delay_after(error)
            await asyncio.sleep(delay if end is None else min(delay, end - time.monotonic()))

    def _name(self, run: Reference) -> str:
        return resource_name(self._project, "runs", run)
