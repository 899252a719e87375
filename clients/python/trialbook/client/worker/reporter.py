"""Sends reports: what gathers while a call is out goes into the next one."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from trialbook.client.errors import Internal, InvalidArgument
from trialbook.client.worker.outcome import refused_outcome
from trialbook.client.worker.session import Session
from trialbook.v1.worker_pb2 import TaskDisposition, TaskReport

logger: Final = logging.getLogger("trialbook.worker")

MAX_CALLS: Final = 4
MAX_REPORTS: Final = 250
MAX_BYTES: Final = 1024 * 1024
REPORT_PATH: Final = re.compile(r"reports\[(\d+)\]")


class Reporter:
    """Reports outcomes until they are recorded, or are known to be of no use.

    `failed` is called with an error after which nothing can be reported any more. `before` is
    awaited with reports before they are sent.
    """

    def __init__(
        self,
        session: Session,
        failed: Callable[[BaseException], None],
        before: Callable[[Sequence[TaskReport]], Awaitable[None]],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._session = session
        self._before = before
        self._failed = failed
        self._waiting: deque[TaskReport] = deque()
        self._calls: dict[asyncio.Task[None], list[TaskReport]] = {}
        self._scheduled = False
        self._progress = asyncio.Event()

    @property
    def task_ids(self) -> list[str]:
        """The tasks whose reports are not recorded yet."""
        out = [report.task_id for batch in self._calls.values() for report in batch]
        return out + [report.task_id for report in self._waiting]

    @property
    def waiting(self) -> int:
        """How many reports wait for a call."""
        return len(self._waiting)

    def add(self, report: TaskReport) -> None:
        """Send a report soon: together with those that are added in the same turn of the loop."""
        self._waiting.append(report)
        if not self._scheduled and len(self._calls) < MAX_CALLS:
            self._scheduled = True
            self._loop.call_soon(self._send)

    async def progress(self) -> None:
        """Wait until a call has been answered."""
        self._progress.clear()
        await self._progress.wait()

    async def idle(self) -> None:
        """Wait until everything is reported."""
        while self._waiting or self._calls:
            await self.progress()

    async def close(self) -> None:
        """Drop what is not reported."""
        self._waiting.clear()
        calls = list(self._calls)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

    def _send(self) -> None:
        self._scheduled = False
        while self._waiting and len(self._calls) < MAX_CALLS:
            batch = self._take()
            call = self._loop.create_task(self._deliver(batch))
            self._calls[call] = batch
            call.add_done_callback(self._answered)

    def _take(self) -> list[TaskReport]:
        batch: list[TaskReport] = []
        size = 0
        while self._waiting and len(batch) < MAX_REPORTS:
            size += self._waiting[0].ByteSize()
            if batch and size > MAX_BYTES:
                break
            batch.append(self._waiting.popleft())
        return batch

    def _answered(self, call: asyncio.Task[None]) -> None:
        del self._calls[call]
        self._progress.set()
        if not call.cancelled() and (error := call.exception()) is not None:
            self._failed(error)
        if self._waiting:
            self._send()

    async def _deliver(self, batch: list[TaskReport]) -> None:
        await self._before(batch)
        try:
            answer = await self._session.complete(batch)
        except InvalidArgument as error:
            await self._replace_refused(batch, error)
        except Internal as error:
            await self._isolate(batch, error)
        else:
            fenced = list(answer.dispositions).count(TaskDisposition.TASK_DISPOSITION_FENCED)
            if fenced:
                logger.info("%d outcomes came too late: their leases were lost.", fenced)

    async def _isolate(self, batch: list[TaskReport], error: Internal) -> None:
        """Find the report over which the service breaks, and drop it.

        Its task is given out again when its lease has ended, and fails for good after some of that:
        one outcome must not keep all others from being recorded.
        """
        if len(batch) == 1:
            logger.error("The outcome of task %s is dropped: %s", batch[0].task_id, error)
            return
        for report in batch:
            await self._deliver([report])

    async def _replace_refused(self, batch: list[TaskReport], error: InvalidArgument) -> None:
        """Send a refused batch again, the reports at fault as errors that say why.

        The service records all of a call or nothing. If it does not say which reports are at
        fault, they go out one by one, until the one at fault stands alone.
        """
        refused = _refused(error, len(batch))
        if not refused and len(batch) > 1:
            for report in batch:
                await self._deliver([report])
            return
        for index, report in enumerate(batch):
            description = refused.get(index) if refused else error.message
            if description is not None and report.HasField("error"):
                logger.error("A report was refused and is dropped: %s", description)
                continue
            if description is not None:
                report.error.CopyFrom(refused_outcome(description))
            self.add(report)


def _refused(error: InvalidArgument, count: int) -> dict[int, str]:
    """Return what is wrong with which of so many reports, as far as the error says it."""
    found = ((REPORT_PATH.match(v.field), v.description) for v in error.violations)
    refused = {int(match.group(1)): text for match, text in found if match}
    return {index: text for index, text in refused.items() if index < count}
