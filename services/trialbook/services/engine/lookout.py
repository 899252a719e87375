"""Looks at intervals, or as soon as it is told to, and outlives whatever a look brings up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from trialbook.services.domain.errors import Unavailable
from trialbook.services.engine.signals import Signal

_log = logging.getLogger(__name__)


class Lookout:
    """Awaits `look` again and again, `interval` seconds apart, or as long as the look says.

    What a look begins with `spawn` ends with it. `work` says in errors what it is about.
    """

    def __init__(
        self, look: Callable[[], Awaitable[float | None]], *, interval: float, work: str
    ) -> None:
        self._look = look
        self._interval = interval
        self._work = work
        self._again = Signal()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin. Call it on the event loop."""
        self.spawn(self._run())

    async def stop(self) -> None:
        """End, in the middle of whatever is going on: the next start goes on with it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def hurry(self) -> None:
        """Look again now. Call it on the event loop."""
        self._again.notify()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do something in the background, until it is done or this stops."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def until_done(self, attempt: Callable[[], Awaitable[None]], work: str) -> None:
        """Do something however often it has to be tried, an interval or a hurry apart."""
        while True:
            seen = self._again.count
            try:
                await attempt()
            except Exception as error:  # noqa: BLE001 — it outlives whatever the store does
                tell(work, error)
                await self._again.wait(seen, self._interval)
            else:
                return

    async def _run(self) -> None:
        while True:
            seen, wait = self._again.count, self._interval
            try:
                rest = await self._look()
                wait = wait if rest is None else rest
            except Exception as error:  # noqa: BLE001 — it outlives whatever the store does
                tell(self._work, error)
            await self._again.wait(seen, wait)


def tell(work: str, error: Exception) -> None:
    """Log that some work failed, and will be tried again."""
    if isinstance(error, Unavailable):
        _log.warning("%s has to wait, and is tried again: %s", work, error)
    else:
        _log.error("%s failed; it is tried again", work, exc_info=error)
