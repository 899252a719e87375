"""A worker at work: from the registration to the end of the session."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from trialbook.client.asynchronous.transport import AsyncTransport
from trialbook.client.models.codec import seconds_of
from trialbook.client.worker.executor import Executor
from trialbook.client.worker.registry import Registry
from trialbook.client.worker.reporter import Reporter
from trialbook.client.worker.run_results import ChannelReader
from trialbook.client.worker.session import Session
from trialbook.client.worker.tracing import Tracing
from trialbook.v1.worker_pb2 import Task
from trialbook.v1.worker_service_pb2 import RegisterWorkerRequest

logger: Final = logging.getLogger("trialbook.worker")

MAX_LEASE: Final = 1_000
MAX_UNREPORTED: Final = 1_000
TRACED_AT_ONCE: Final = 25
"""How many traced attempts begin in one turn of the event loop."""
FLUSH_SECONDS: Final = 5.0
CLOSE_SECONDS: Final = 2.0


class Shift:
    """Leases, executes and reports until it is told to stop. For one event loop, once."""

    def __init__(
        self,
        transport: AsyncTransport,
        registration: RegisterWorkerRequest,
        registry: Registry,
        traces: bool | None,
    ) -> None:
        self._worker_id = registration.worker_id
        self._session = Session(transport, registration)
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._tracing = Tracing(traces, self._worker_id, transport)
        self._reporter = Reporter(self._session, self._fail, self._tracing.send)
        self._executor = Executor(
            registry,
            registration.max_concurrent_tasks,
            self._reporter.add,
            ChannelReader(transport),
            self._tracing,
        )
        self._stopping = asyncio.Event()
        self._aborting = asyncio.Event()

    def stop(self) -> None:
        """Finish what runs, report it and end; told again, end at once."""
        if self._stopping.is_set():
            self._aborting.set()
        self._stopping.set()

    async def work(self, drain_timeout: float, on_ready: Callable[[], None] | None) -> None:
        """Work until `stop`, then drain. Raises what trying again cannot mend."""
        try:
            stopped = await _first(self._session.open(), self._stopping.wait())
            if stopped:
                return
            logger.info("Worker %s is registered and waits for tasks.", self._worker_id)
            if on_ready is not None:
                on_ready()
            await _first(self._lease_forever(), self._beat_and_watch(), self._stopping.wait())
            logger.info("Worker %s stops: it finishes what it has begun.", self._worker_id)
            await _first(self._drain(drain_timeout), self._beat_and_watch())
        finally:
            self._failure.cancel()
            self._executor.close()
            await self._reporter.close()
            await self._tracing.close(CLOSE_SECONDS)
            await self._session.close(CLOSE_SECONDS)

    def _fail(self, error: BaseException) -> None:
        if not self._failure.done():
            self._failure.set_exception(error)

    async def _lease_forever(self) -> None:
        while True:
            answer = await self._session.lease(min(await self._free_slots(), MAX_LEASE))
            await self._begin(answer.tasks)
            # At least one turn of the loop: the tasks take their first step before the next call
            # is prepared, not after.
            await asyncio.sleep(seconds_of(answer.retry_after))

    async def _begin(self, tasks: Sequence[Task]) -> None:
        """Begin tasks. Where tracing takes time, the first are reported while others run."""
        portion = TRACED_AT_ONCE if self._tracing.is_on() else max(1, len(tasks))
        begun = 0
        try:
            while begun + portion < len(tasks):
                self._executor.begin(tasks[begun : begun + portion])
                begun += portion
                await asyncio.sleep(0)
        finally:
            # Also when the worker is stopped meanwhile: they are leased.
            self._executor.begin(tasks[begun:])

    async def _free_slots(self) -> int:
        """Wait until tasks can be begun; return how many. Unreported outcomes hold it up."""
        while True:
            if self._reporter.waiting > MAX_UNREPORTED:
                await self._reporter.progress()
            elif self._executor.free_slots > 0:
                return self._executor.free_slots
            else:
                await self._executor.has_changed()

    async def _beat_and_watch(self) -> None:
        """Send heartbeats; raise as soon as reports cannot be sent any more."""
        await _first(self._beat_forever(), asyncio.shield(self._failure))

    async def _beat_forever(self) -> None:
        while True:
            await asyncio.sleep(self._session.terms.heartbeat_interval)
            running = self._executor.task_ids + self._reporter.task_ids
            answer = await self._session.heartbeat(running)
            self._executor.stop(answer.stop_task_ids)

    async def _drain(self, timeout: float) -> None:
        """Finish and report what runs; after `timeout`, or told again, give it up."""
        try:
            async with asyncio.timeout(timeout):
                await _first(self._finish(), self._aborting.wait())
        except TimeoutError:
            logger.warning("Not all tasks ended in %g s; the rest is given back.", timeout)
        self._executor.abandon()
        if not self._aborting.is_set():
            try:
                async with asyncio.timeout(FLUSH_SECONDS):
                    await self._reporter.idle()
            except TimeoutError:
                logger.warning("The last outcomes could not be reported; they are run again.")

    async def _finish(self) -> None:
        await self._executor.idle()
        await self._reporter.idle()


async def _first(*awaitables: Awaitable[object]) -> object:
    """Wait for the first of several to end, cancel the others, and return or raise as it did."""
    tasks = [asyncio.ensure_future(awaitable) for awaitable in awaitables]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return next(task.result() for task in tasks if task in done)
