"""Wakes those who wait here for what another server commits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from trialbook.services.application.ports import Queries, Store
from trialbook.services.application.views import Session
from trialbook.services.application.work import WorkState
from trialbook.services.engine.commit_watch import CommitWatch
from trialbook.services.engine.plan import PlanBook
from trialbook.services.engine.signals import RunSignals

_BETWEEN_LOOKS = 0.01


class _Seen(msgspec.Struct, frozen=True):
    """What a look at the store finds of those who wait."""

    positions: dict[int, int]
    servable: dict[int, WorkState]


class Follower:
    """Looks once for all who wait here, and only after a commit somewhere.

    Watchers are woken when their run has new facts, workers when a run that one of them serves has
    room and has changed. `on_work` is called then. It lives on the event loop.
    """

    def __init__(
        self, store: Store, plans: PlanBook, runs: RunSignals, on_work: Callable[[], None]
    ) -> None:
        self._store = store
        self._plans = plans
        self._runs = runs
        self._on_work = on_work
        self._watch = CommitWatch(store, self._look, self._is_wanted, rest=_BETWEEN_LOOKS)
        self._idle: Counter[int] = Counter()
        self._sessions: dict[int, Session] = {}
        self._told = _Seen({}, {})

    def start(self) -> None:
        """Begin, if others write to the store at all. Call it on the event loop."""
        if self._store.shared:
            self._watch.start()

    async def stop(self) -> None:
        """End, if it has begun."""
        await self._watch.stop()

    @contextmanager
    def waiting(self, session: Session) -> Iterator[None]:
        """Look for a session's work too while the context lasts."""
        self._sessions[session.number] = session
        self._idle[session.number] += 1
        try:
            yield
        finally:
            self._idle[session.number] -= 1
            if not self._idle[session.number]:
                del self._idle[session.number], self._sessions[session.number]

    def _is_wanted(self) -> bool:
        return bool(self._sessions) or bool(self._runs.watched())

    async def _look(self) -> None:
        watched, sessions = self._runs.watched(), list(self._sessions.values())
        if not watched and not sessions:
            self._told = _Seen({}, {})
            return
        told = self._told
        found = await self._store.read(lambda queries: self._find(queries, watched, sessions))
        self._told = found
        for run, position in found.positions.items():
            if told.positions.get(run) != position:
                self._runs.notify(run)
        if any(told.servable.get(run) != state for run, state in found.servable.items()):
            self._on_work()

    def _find(self, queries: Queries, watched: list[int], sessions: list[Session]) -> _Seen:
        positions = {run: queries.runs.last_position(run) for run in watched}
        servable: dict[int, WorkState] = {}
        for state in queries.work.open_runs() if sessions else ():
            plan = self._plans.by_state(queries, state)
            has_work = state.leasable or not state.exhausted
            has_room = state.out < plan.settings.concurrency
            if has_work and has_room and any(map(plan.served_by, sessions)):
                servable[state.run] = state
        return _Seen(positions, servable)
