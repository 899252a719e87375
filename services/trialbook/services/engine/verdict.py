"""Asks the gates of runs that have ended, whichever server ran them, and over restarts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from trialbook.services.application import verdict as application
from trialbook.services.application.ports import Store
from trialbook.services.domain.errors import RunGoesOn, Unavailable
from trialbook.services.engine.lookout import Lookout, tell
from trialbook.services.engine.observer import UNOBSERVED, Observer
from trialbook.services.engine.presence import SYSTEM

_AT_ONCE = 2
_LISTED = 1_000
_TRIES = 5
_LONGEST_WAIT = 60.0


@dataclass(frozen=True, slots=True)
class _Trouble:
    """How often a verdict could not be given, and when to try again, by the monotonic clock."""

    tries: int = 0
    again_at: float = 0.0


class Verdicts:
    """Looks for runs without their verdict at intervals, or as soon as it is told to.

    A verdict that cannot be given is tried again after ever longer waits, the first of one
    interval; then it is recorded as inconclusive. Others are given meanwhile. `on_given` is called
    on the event loop with the run.
    """

    def __init__(
        self,
        store: Store,
        *,
        interval: float,
        on_given: Callable[[int], None],
        observer: Observer = UNOBSERVED,
    ) -> None:
        self._store = store
        self._observer = observer
        self._interval = interval
        self._on_given = on_given
        self._lookout = Lookout(
            self._look, interval=interval, work="looking for runs without a verdict"
        )
        self._at_once = asyncio.Semaphore(_AT_ONCE)
        self._at_work: set[int] = set()
        self._troubles: dict[int, _Trouble] = {}

    def start(self) -> None:
        """Begin. Call it on the event loop."""
        self._lookout.start()

    async def stop(self) -> None:
        """End; what is left is done after the next start."""
        await self._lookout.stop()

    def hurry(self) -> None:
        """Look again now. Call it on the event loop."""
        self._lookout.hurry()

    async def _look(self) -> None:
        self._begin(await self._store.read(lambda queries: queries.runs.verdicts_due(_LISTED)))

    def _begin(self, due: list[int]) -> None:
        now = time.monotonic()
        self._troubles = {run: self._troubles[run] for run in due if run in self._troubles}
        for run in due:
            if run not in self._at_work and self._troubles.get(run, _Trouble()).again_at <= now:
                self._at_work.add(run)
                self._lookout.spawn(self._give(run))

    async def _give(self, run: int) -> None:
        trouble = self._troubles.get(run, _Trouble())
        try:
            async with self._at_once:
                with self._observer.doing("verdict", run_number=run):
                    await self._give_or_not(run, trouble)
            self._on_given(run)
        except RunGoesOn:
            # It was retried or rescored meanwhile, and is asked again when that has ended.
            return
        except Exception as error:  # noqa: BLE001 — it outlives whatever a run brings up
            self._put_off(run, trouble, counts=not isinstance(error, Unavailable))
            tell(f"giving the verdict on run {run}", error)
        finally:
            self._at_work.discard(run)

    async def _give_or_not(self, run: int, trouble: _Trouble) -> None:
        if trouble.tries < _TRIES:
            await application.give_due(self._store, SYSTEM, run)
        else:
            await self._store.transact(SYSTEM, lambda uow: application.give_up(uow, run))

    def _put_off(self, run: int, trouble: _Trouble, *, counts: bool) -> None:
        wait = min(_LONGEST_WAIT, self._interval * 2**trouble.tries)
        self._troubles[run] = _Trouble(trouble.tries + counts, time.monotonic() + wait)
