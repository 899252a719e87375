"""The run engine as the doors see it. All of its state that matters lies in the store."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from trialbook.services.application import clock
from trialbook.services.application import worker as workers
from trialbook.services.application.ports import CommandContext, Store, UnitOfWork
from trialbook.services.application.task_identity import write_task_id
from trialbook.services.application.views import Session
from trialbook.services.application.work import TaskKey, WorkState
from trialbook.services.application.worker import OpenedSession, Registration
from trialbook.services.domain.errors import SessionExpired
from trialbook.services.domain.identity import new_uid
from trialbook.services.domain.run import TaskError
from trialbook.services.engine.completion import Completions, TaskReport
from trialbook.services.engine.follower import Follower
from trialbook.services.engine.in_flight import InFlight
from trialbook.services.engine.job import JobTools
from trialbook.services.engine.job_kinds import JOB_KINDS
from trialbook.services.engine.jobs import Jobs
from trialbook.services.engine.lease import (
    LeasedTask,
    LeaseRequest,
    Leases,
    LeaseTerms,
    RunWouldBegin,
    lease_tasks,
)
from trialbook.services.engine.observer import UNOBSERVED, Observer
from trialbook.services.engine.pace import Pace
from trialbook.services.engine.plan import PlanBook
from trialbook.services.engine.presence import SYSTEM, Presence
from trialbook.services.engine.reopen import reopen
from trialbook.services.engine.report import Disposition
from trialbook.services.engine.sessions import Sessions
from trialbook.services.engine.settle import Settler
from trialbook.services.engine.signals import RunSignals, Signal
from trialbook.services.engine.submission import Submissions
from trialbook.services.engine.sweep import give_back_all
from trialbook.services.engine.trajectory_matter import needs_trajectory, with_trajectories
from trialbook.services.engine.upkeep import Upkeep
from trialbook.services.engine.verdict import Verdicts
from trialbook.services.trajectory.settlement import PATIENCE, Patience

_MAX_LEASED_AT_ONCE = 1000
_LEASES_FIRST = 0.05


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """How the engine times its work, in seconds.

    `trace_patience` says how many times as long as usual it waits for spans.
    """

    lease_duration: float = 30.0
    longest_wait: float = 20.0
    sweep_interval: float = 1.0
    trace_patience: float = 1.0

    @property
    def server_lifetime(self) -> float:
        """For how long a server that says nothing counts as alive.

        So short that no worker's lease ends because a server came back within it.
        """
        return self.lease_duration / 3

    @property
    def heartbeat_interval(self) -> float:
        """How often workers should give a sign of life."""
        return self.lease_duration / 3


@dataclass(frozen=True, slots=True)
class Pulse:
    """The answer to a heartbeat: until when leases hold, and which tasks to stop."""

    expires_at: int
    stop_task_ids: list[str]


class Engine:
    """Leases, records, and looks after what it has given out."""

    def __init__(
        self, store: Store, settings: EngineSettings, observer: Observer = UNOBSERVED
    ) -> None:
        self.settings = settings
        self.sessions = Sessions(store)
        self.runs = RunSignals()
        self.draining = False
        self._store = store
        self._plans = PlanBook()
        self._in_flight = InFlight()
        self._pace = Pace()
        self._work = Signal()
        self._leased = Signal()
        self._leasing = 0
        self._scoring = ThreadPoolExecutor(2, thread_name_prefix="trialbook-scorer")
        self._completions = Completions(
            store, self._plans, self._in_flight, self._pace, self._scoring, observer=observer
        )
        self.submissions = Submissions(
            store, self._plans, self._scoring, self._recorded_elsewhere, observer
        )
        self._presence = Presence(
            store, int(settings.server_lifetime * 1_000_000), self._lease_microseconds
        )
        self._follower = Follower(store, self._plans, self.runs, self._work.notify)
        self.upkeep = Upkeep(
            store,
            self._plans,
            self._presence,
            interval=settings.sweep_interval,
            on_changed=self._changed,
            on_ready=self._work.notify,
        )
        self.jobs = Jobs(
            JobTools(store, self._plans, self._scoring, new_uid(), observer),
            JOB_KINDS,
            interval=settings.sweep_interval,
            on_changed=self._changed,
            on_tasks=self._tasks_made,
        )
        self._settler = self._new_settler(observer)
        self._verdicts = Verdicts(
            store, interval=settings.sweep_interval, on_given=self.runs.notify, observer=observer
        )
        self._loop: asyncio.AbstractEventLoop | None = None

    def _new_settler(self, observer: Observer) -> Settler:
        return Settler(
            self._store,
            self._plans,
            patience=self.patience,
            interval=self.settings.sweep_interval,
            on_recorded=self._recorded_elsewhere,
            on_tasks=self._work.notify,
            observer=observer,
        )

    @property
    def patience(self) -> Patience:
        """How long spans are waited for."""
        return PATIENCE.scaled(self.settings.trace_patience)

    async def start(self) -> None:
        """Go on where the last process stopped, or take part in what others do."""
        self._loop = asyncio.get_running_loop()
        await self._presence.join()
        for import_id in await self._store.read(self._presence.stale_imports):
            await self.upkeep.discard_import(import_id)
        for run in await self._store.read(lambda queries: queries.work.without_work()):
            await self._store.transact(SYSTEM, partial(reopen, plans=self._plans, run=run))
        self.upkeep.start()
        self.jobs.start()
        self._settler.start()
        self._verdicts.start()
        self._follower.start()

    def drain(self) -> None:
        """Answer waiting calls at once, and let none wait any more."""
        self.draining = True
        self._work.notify()
        self.runs.notify_all()

    async def stop(self) -> None:
        """End what goes on by itself. The store stays open."""
        self.drain()
        await self._follower.stop()
        await self._verdicts.stop()
        await self._settler.stop()
        await self.jobs.stop()
        await self.upkeep.stop()
        await self._presence.leave()
        self._scoring.shutdown()

    def run_started(self) -> None:
        """Wake those who wait for work, and begin what the service itself does."""
        self._work.notify()
        self.jobs.hurry()

    def run_goes_on(self, run: int) -> None:
        """Begin what is left to do of a run that was retried, rescored or finished."""
        self._plans.forget(run)
        self._work.notify()
        self.jobs.hurry()
        self.runs.notify(run)

    def run_cancelled(self, run: int) -> None:
        """Begin to skip what a run has not done."""
        self.runs.notify(run)
        self.upkeep.hurry()

    def new_import_id(self) -> str:
        """Return an id for an import that this server is sent."""
        return self._presence.new_import_id()

    def import_failed(self, import_id: str) -> asyncio.Task[None]:
        """Begin to drop what an import that failed has brought, if it had begun at all."""
        return self.upkeep.abandon_import(import_id)

    async def register(self, project: str, registration: Registration) -> OpenedSession:
        """Open a worker's session. Raises Invalid."""
        expires_at = clock.now() + self._lease_microseconds
        opened = await self._store.transact(
            CommandContext(actor=registration.worker_id, command="RegisterWorker"),
            lambda uow: workers.register(uow, project, registration, expires_at),
        )
        self.sessions.drop_expired(clock.now())
        self.sessions.add(opened.token, opened.session)
        return opened

    async def lease(self, token: str, limit: int, request_id: str, wait: float) -> list[LeasedTask]:
        """Lease tasks to a session, waiting up to `wait` seconds for the first one.

        Raises SessionExpired, also when the session ends while it waits.
        """
        deadline = time.monotonic() + min(wait, self.settings.longest_wait)
        with self._follower.waiting(await self.sessions.require(token, clock.now())):
            while True:
                seen = self._work.count
                session = await self.sessions.require(token, clock.now())
                leases = await self._lease_now(session, min(limit, _MAX_LEASED_AT_ONCE), request_id)
                left = deadline - time.monotonic()
                if leases.tasks or self.draining:
                    return leases.tasks
                if leases.searching:
                    continue
                if left <= 0:
                    return []
                await self._work.wait(seen, left)

    async def complete(self, session: Session, reports: Sequence[TaskReport]) -> list[Disposition]:
        """Judge and record what a worker reports. Returns when that is durable."""
        dispositions = await self._completions.complete(
            session,
            reports,
            self._serve_waiting,
            self._recorded_elsewhere,
        )
        if any(isinstance(report.outcome, TaskError) for report in reports):
            # A retry waits for its time, or the run stops at this failure.
            self.upkeep.hurry()
        return dispositions

    async def heartbeat(
        self, session: Session, token: str, running_task_ids: Sequence[str]
    ) -> Pulse:
        """Prolong a session and the leases of the tasks that it is at."""
        running = dict.fromkeys(running_task_ids)

        def work(uow: UnitOfWork) -> Pulse:
            expires_at = uow.now + self._lease_microseconds
            uow.workers.prolong(session.number, expires_at)
            held: dict[str, tuple[int, TaskKey]] = {}
            for run, rows in uow.work.held_by(session.number).items():
                uid = self._plans.by_number(uow, run).uid
                held |= {write_task_id(uid, row.key): (run, row.key) for row in rows}
            wanted: defaultdict[int, set[TaskKey]] = defaultdict(set)
            for run, key in (held[task_id] for task_id in held.keys() & running.keys()):
                wanted[run].add(key)
            for run, keys in wanted.items():
                uow.work.prolong(run, keys, session.number, expires_at)
            return Pulse(expires_at, [task_id for task_id in running if task_id not in held])

        context = CommandContext(actor=session.worker_id, command="Heartbeat")
        pulse = await self._store.transact(context, work, relaxed=True)
        self.sessions.prolong(token, pulse.expires_at)
        return pulse

    async def close(self, session: Session, token: str) -> None:
        """End a session; what it holds goes to others at once."""

        def work(uow: UnitOfWork) -> None:
            give_back_all(uow, self._plans, session.number)
            uow.workers.close(session.number)

        context = CommandContext(actor=session.worker_id, command="CloseWorker")
        await self._store.transact(context, work)
        self.sessions.drop(token)
        self._work.notify()

    async def _lease_now(self, session: Session, limit: int, request_id: str) -> Leases:
        self._leasing += 1
        try:
            return await self._lease_from_store(session, limit, request_id)
        finally:
            self._leasing -= 1
            self._leased.notify()

    async def _serve_waiting(self) -> None:
        """Let those who wait for work have it before anything else is done.

        Their tasks run while what has been reported is judged and recorded.
        """
        self._work.notify()
        await asyncio.sleep(0)
        seen = self._leased.count
        if self._leasing:
            await self._leased.wait(seen, _LEASES_FIRST)
            # One turn of the loop sends their answers.
            await asyncio.sleep(0)

    async def _lease_from_store(self, session: Session, limit: int, request_id: str) -> Leases:
        request = LeaseRequest(session, limit, request_id)
        try:
            leases = await self._lease(request, may_begin=False)
        except RunWouldBegin:
            leases = await self._lease(request, may_begin=True)
        if any(map(needs_trajectory, leases.tasks)):
            # Not where they are leased: it would keep the writer from its other work.
            leases.tasks = await self._store.read(partial(with_trajectories, tasks=leases.tasks))
        for task in leases.tasks:
            self._in_flight.add(task)
        for run in leases.begun:
            self.runs.notify(run)
        return leases

    async def _lease(self, request: LeaseRequest, *, may_begin: bool) -> Leases:
        terms = LeaseTerms(
            duration=self._lease_microseconds,
            grace=self._lease_microseconds,
            reported=self._in_flight.reported,
            pace=self._pace,
            may_begin=may_begin,
        )
        return await self._store.transact(
            CommandContext(actor=request.session.worker_id, command="LeaseTasks"),
            lambda uow: self._lease_to_open(uow, request, terms),
            # A lease that is lost is given again; the tasks' ids and the order stay the same.
            relaxed=not may_begin,
        )

    def _lease_to_open(self, uow: UnitOfWork, request: LeaseRequest, terms: LeaseTerms) -> Leases:
        # The session may have been closed at another server, which this one is not told.
        if self._store.shared and not uow.workers.is_open(request.session.number):
            raise SessionExpired
        return lease_tasks(uow, self._plans, request, terms)

    def _changed(self, run: int, ended: bool) -> None:
        if ended:
            self._plans.forget(run)
            self._in_flight.forget(run)
            self._pace.forget(run)
            self._verdicts.hurry()
        self.runs.notify(run)

    def _tasks_made(self) -> None:
        """Let workers have what a job has made, and look at what waits for traces."""
        self._work.notify()
        self._settler.hurry()

    def _recorded(self, run: int, state: WorkState | None) -> None:
        self._changed(run, state is None)
        if state is not None and state.due_job is not None:
            self.jobs.hurry()
        if state is not None and state.unsettled:
            self._settler.hurry()

    def _recorded_elsewhere(self, run: int, state: WorkState | None) -> None:
        """Note what was recorded; called on the writer's thread."""
        self._on_loop(self._recorded, run, state)

    def _on_loop(self, callback: Callable[..., None], *arguments: object) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(callback, *arguments)

    @property
    def _lease_microseconds(self) -> int:
        return int(self.settings.lease_duration * 1_000_000)
