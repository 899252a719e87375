"""What goes on by itself: leases and runs whose time is over, runs that stop, lost imports."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from trialbook.services.application.item_import import discard_import
from trialbook.services.application.ports import Queries, Store, UnitOfWork
from trialbook.services.engine.cancel import skip_slice
from trialbook.services.engine.clock_watch import ClockWatch
from trialbook.services.engine.deadline import stop_overdue
from trialbook.services.engine.lookout import Lookout
from trialbook.services.engine.plan import PlanBook
from trialbook.services.engine.presence import SYSTEM, Presence
from trialbook.services.engine.sweep import SLICE, sweep_expired

_log = logging.getLogger(__name__)
_IMPORT_SLICE = 5000
_PART_OF_LEASE = 4
"""A clock that is set by so small a part of a lease does no harm."""
_COMMANDS_KEPT = 7 * 24 * 3600 * 1_000_000
_COMMANDS_SWEPT_EVERY = 3600.0


@dataclass(frozen=True, slots=True)
class _Overdue:
    """What a look at the store finds to be done."""

    leases: bool
    sessions: bool
    imports: list[str]
    deadlines: bool
    cancelling: list[int]
    ended: list[int]
    next_wake: int | None
    now: int


class Upkeep:
    """Looks after the store at intervals, or as soon as it is told to.

    `on_changed` is called on the event loop with a run whose facts changed, and whether it ended;
    `on_ready` when tasks that waited may go out.
    """

    def __init__(
        self,
        store: Store,
        plans: PlanBook,
        presence: Presence,
        *,
        interval: float,
        on_changed: Callable[[int, bool], None],
        on_ready: Callable[[], None],
    ) -> None:
        self._store = store
        self._plans = plans
        self._presence = presence
        self._interval = interval
        self._on_changed = on_changed
        self._on_ready = on_ready
        self._lookout = Lookout(self._sweep, interval=interval, work="upkeep")
        self._clock = ClockWatch(presence.lease // _PART_OF_LEASE)
        self._cancelling: set[int] = set()
        self._abandoning: set[str] = set()
        self._commands_swept_at = -_COMMANDS_SWEPT_EVERY

    def start(self) -> None:
        """Begin. Call it on the event loop."""
        self._lookout.start()

    async def stop(self) -> None:
        """End, in the middle of whatever is going on: the next start goes on with it."""
        await self._lookout.stop()

    def hurry(self) -> None:
        """Look again now."""
        self._lookout.hurry()

    async def discard_import(self, import_id: str) -> None:
        """Drop what an import that failed has brought."""
        while not await self._store.transact(
            SYSTEM, lambda uow: discard_import(uow, import_id, _IMPORT_SLICE)
        ):
            pass

    def abandon_import(self, import_id: str) -> asyncio.Task[None]:
        """Drop an import in the background, however often that has to be tried."""
        self._abandoning.add(import_id)
        return self._lookout.spawn(self._abandon_import(import_id))

    async def _abandon_import(self, import_id: str) -> None:
        await self._lookout.until_done(lambda: self.discard_import(import_id), "dropping an import")
        self._abandoning.discard(import_id)

    async def _sweep(self) -> float:
        """Do what is overdue; return how long until something else may be, in seconds."""
        await self._presence.beat()
        if self._clock.was_set:
            await self._store.transact(SYSTEM, self._presence.realign)
            self._clock.accept()
        # Looked up before the snapshot: it shows the runs of these plans.
        known = self._plans.numbers()
        found = await self._store.read(lambda queries: self._look(queries, known))
        for run in found.ended:
            self._on_changed(run, True)
        for import_id in found.imports:
            if import_id not in self._abandoning:
                self.abandon_import(import_id)
        if found.leases:
            await self._sweep_leases()
        if found.sessions:
            await self._store.transact(SYSTEM, lambda uow: uow.workers.close_expired(uow.now))
        await self._stop_runs(found)
        await self._forget_commands()
        self._on_ready()
        if found.next_wake is None:
            return self._longest_rest
        return min(self._longest_rest, max(0.001, (found.next_wake - found.now) / 1e6))

    async def _stop_runs(self, found: _Overdue) -> None:
        """Go on with runs that are being stopped, and stop those whose time is over."""
        overdue: list[int] = []
        if found.deadlines:
            overdue = await self._store.transact(SYSTEM, stop_overdue)
        for run in found.cancelling + overdue:
            if run not in self._cancelling:
                self._cancelling.add(run)
                self._lookout.spawn(self._cancel(run))

    @property
    def _longest_rest(self) -> float:
        return min(self._interval, self._presence.beats_every)

    def _look(self, queries: Queries, known: list[int]) -> _Overdue:
        return _Overdue(
            leases=bool(queries.work.expired(queries.now, 1)),
            sessions=queries.workers.has_expired(queries.now),
            imports=self._presence.stale_imports(queries),
            deadlines=bool(queries.runs.overdue(queries.now)),
            cancelling=queries.runs.cancelling(),
            ended=[run for run in known if queries.work.state(run) is None],
            next_wake=_earliest(queries.work.next_wake(queries.now), queries.runs.next_deadline()),
            now=queries.now,
        )

    async def _forget_commands(self) -> None:
        """Let request ids be forgotten a week after their use."""
        if time.monotonic() - self._commands_swept_at < _COMMANDS_SWEPT_EVERY:
            return
        self._commands_swept_at = time.monotonic()
        await self._store.transact(
            SYSTEM, lambda uow: uow.forget_commands(uow.now - _COMMANDS_KEPT)
        )

    async def _sweep_leases(self) -> None:
        def work(uow: UnitOfWork) -> dict[int, bool]:
            runs = sweep_expired(uow, self._plans, SLICE)
            return {run: uow.work.state(run) is None for run in runs}

        for run, ended in (await self._store.transact(SYSTEM, work)).items():
            self._on_changed(run, ended)
        self._lookout.hurry()

    async def _cancel(self, run: int) -> None:
        try:
            ended = False
            while not ended:
                ended = await self._store.transact(
                    SYSTEM, lambda uow: skip_slice(uow, self._plans, run)
                )
                self._on_changed(run, ended)
        except Exception:  # noqa: BLE001 — upkeep outlives whatever the store does
            _log.exception("cancelling a run failed; the next sweep goes on with it")
        finally:
            self._cancelling.discard(run)


def _earliest(*times: int | None) -> int | None:
    return min((time for time in times if time is not None), default=None)
