"""Looks at the store after commits, once for all that is committed meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from trialbook.services.application.ports import Store
from trialbook.services.domain.errors import Unavailable
from trialbook.services.engine.signals import Signal

_BETWEEN_TRIES = 1.0
_LOOK_ANYWAY = 60.0

_log = logging.getLogger(__name__)


class CommitWatch:
    """Awaits `look` after each commit, of this process or another, that its store tells of.

    After a look it rests for `rest` seconds, so that a burst of commits costs few looks. While
    `is_wanted`, which is called from any thread, says no, commits cost nothing. Once a minute it
    looks without a commit. It lives on the event loop, and outlives errors.
    """

    def __init__(
        self,
        store: Store,
        look: Callable[[], Awaitable[None]],
        is_wanted: Callable[[], bool],
        *,
        rest: float,
    ) -> None:
        self._store = store
        self._look = look
        self._is_wanted = is_wanted
        self._rest = rest
        self._commits = Signal()
        self._wake_is_due = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin. Call it on the event loop."""
        self._loop = asyncio.get_running_loop()
        self._unsubscribe = self._store.on_commit(self._committed)
        self._task = self._loop.create_task(self._run())

    def hurry(self) -> None:
        """Look again now."""
        self._commits.notify()

    async def stop(self) -> None:
        """End, if it has begun."""
        if self._unsubscribe is not None:
            self._unsubscribe()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _committed(self) -> None:
        """Wake the look, from whichever thread."""
        if not self._wake_is_due and self._loop is not None and self._is_wanted():
            self._wake_is_due = True
            try:
                self._loop.call_soon_threadsafe(self._wake)
            except RuntimeError:
                _log.warning("The event loop closed before those who wait learnt of a commit.")

    def _wake(self) -> None:
        self._wake_is_due = False
        self._commits.notify()

    async def _run(self) -> None:
        while True:
            seen = self._commits.count
            try:
                await self._look()
            except Exception as error:  # noqa: BLE001 — it outlives whatever the store does
                if not isinstance(error, Unavailable):
                    _log.exception("looking at what was committed failed; it is tried again")
                await asyncio.sleep(_BETWEEN_TRIES)
                continue
            await asyncio.sleep(self._rest)
            await self._commits.wait(seen, _LOOK_ANYWAY)
