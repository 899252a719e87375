"""Lets the scorers that wait for traces judge as soon as these have settled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial

from trialbook.services.application.ports import Store, UnitOfWork
from trialbook.services.application.result_trace import ResultTrace
from trialbook.services.application.work import TaskKey, TaskRow, WorkState
from trialbook.services.domain.judgement import Judgement
from trialbook.services.engine.judge_trajectory import Judging, judge_case
from trialbook.services.engine.lookout import Lookout
from trialbook.services.engine.observer import UNOBSERVED, Observer
from trialbook.services.engine.plan import PlanBook
from trialbook.services.engine.presence import SYSTEM
from trialbook.services.engine.record import Ledger
from trialbook.services.engine.report import OnRecorded
from trialbook.services.engine.settlement_slice import (
    Finder,
    SettlementSlice,
    Waiting,
    later,
    settled_row,
)
from trialbook.services.trajectory.settlement import Patience

_LONGEST_JUDGEMENT = 30.0
"""Seconds that one scorer may take for one result."""
_SHORTEST_REST = 0.002

_Said = dict[TaskKey, Judgement | None]


class Settler:
    """Looks for traces that have settled at intervals, or as soon as it is told to.

    What built-in scorers say is recorded, and the tasks of others may go out then. Whichever server
    does it, and however often: what counts are the tasks that wait. `on_recorded` is called on the
    writer's thread; `on_tasks` on the event loop when tasks may go out.
    """

    def __init__(
        self,
        store: Store,
        plans: PlanBook,
        *,
        patience: Patience,
        interval: float,
        on_recorded: OnRecorded,
        on_tasks: Callable[[], None],
        observer: Observer = UNOBSERVED,
    ) -> None:
        self._store = store
        self._plans = plans
        self._interval = interval
        self._on_recorded = on_recorded
        self._on_tasks = on_tasks
        self._observer = observer
        self._finder = Finder(plans, patience)
        self._judging = Judging[TaskKey](_LONGEST_JUDGEMENT)
        self._lookout = Lookout(self._look, interval=interval, work="settling traces")

    def start(self) -> None:
        """Begin. Call it on the event loop."""
        self._lookout.start()

    async def stop(self) -> None:
        """End, in the middle of whatever is going on: the next start goes on with it."""
        await self._lookout.stop()
        self._judging.stop()

    def hurry(self) -> None:
        """Look again now. Call it on the event loop."""
        self._lookout.hurry()

    async def _look(self) -> float:
        """Do what is due; return how long until something else may be, in seconds."""
        while True:
            found = await self._store.read(self._finder.find)
            for one in found.slices:
                await self._settle(one)
            if not found.more or not any(one.is_something for one in found.slices):
                break
        if found.next_check is None:
            return self._interval
        wait = (found.next_check - found.now) / 1_000_000
        return min(self._interval, max(_SHORTEST_REST, wait))

    async def _settle(self, found: SettlementSlice) -> None:
        """Judge what has settled, and write that down in one transaction."""
        todo = {
            task.key: partial(judge_case, one.case, task.scorer)
            for one in found.results
            if one.case is not None and one.check_at is None
            for task in one.tasks
        }
        said: _Said = {}
        # To look at traces that have not settled yet is nothing to tell of.
        telling = self._observer.doing("settle", found.plan, results=len(found.results))
        with telling if todo else nullcontext():
            if todo:
                said = await self._judging.judge(todo)
            await self._store.transact(
                SYSTEM, lambda uow: self._write(uow, found, said), relaxed=not said
            )
        if any(judgement is None for judgement in said.values()):
            self._on_tasks()

    def _write(self, uow: UnitOfWork, found: SettlementSlice, said: _Said) -> None:
        run = found.plan.number
        _put_off(uow, found)
        # A rescore may have let scorers wait for some of these since they were looked at.
        wanted = {task.number for task in uow.work.unsettled(run, found.forsaken)}
        uow.result_traces.leave(run, [one for one in found.forsaken if one not in wanted])
        if not said:
            return
        numbers = {key.number for key in said}
        waiting = _by_number(uow.work.unsettled(run, numbers))
        rows = uow.result_traces.of(run, numbers)
        plan = self._plans.by_number(uow, run)
        conclusion = _Conclusion(uow, Ledger(uow, plan), said)
        for one in found.results:
            row = rows.get(one.row.number)
            # Another server was first, or the result was made anew, or only some could be judged.
            if row is not None and _is_as_found(row, one):
                conclusion.take(one, waiting.get(one.row.number, []))
        conclusion.write(run)
        state = uow.work.state(run)
        uow.after_commit(lambda: self._settled(run, numbers, state))

    def _settled(self, run: int, numbers: set[int], state: WorkState | None) -> None:
        for number in numbers:
            self._finder.forget(run, number)
        self._on_recorded(run, state)


class _Conclusion:
    """Gathers what follows from judgements, then writes it."""

    def __init__(self, uow: UnitOfWork, ledger: Ledger, said: _Said) -> None:
        self._uow = uow
        self._ledger = ledger
        self._said = said
        self._released: list[TaskRow] = []
        self._settled: list[ResultTrace] = []

    def take(self, one: Waiting, tasks: list[TaskRow]) -> None:
        """Take in one result with the tasks that wait for it now."""
        if one.case is None or not tasks or not all(task.key in self._said for task in tasks):
            return
        for task in tasks:
            judgement = self._said[task.key]
            if judgement is None:
                self._released.append(task)
            else:
                self._ledger.conclude(task, judgement)
        self._settled.append(settled_row(one, one.case.found, self._uow.now))

    def write(self, run: int) -> None:
        """Write it all; the run ends with its last task."""
        self._uow.work.release(run, self._released, self._uow.now)
        self._uow.result_traces.settle(self._settled)
        self._ledger.write()


def _is_as_found(row: ResultTrace, one: Waiting) -> bool:
    return row.check_at is not None and row.recorded_at == one.row.recorded_at


def _put_off(uow: UnitOfWork, found: SettlementSlice) -> None:
    """Leave what has not settled for a while."""
    waits: defaultdict[int, list[int]] = defaultdict(list)
    for one in found.results:
        if one.check_at is not None:
            waits[later(one, uow.now)].append(one.row.number)
    for wait, numbers in waits.items():
        uow.result_traces.put_off(found.plan.number, numbers, uow.now + wait)


def _by_number(tasks: list[TaskRow]) -> dict[int, list[TaskRow]]:
    found: defaultdict[int, list[TaskRow]] = defaultdict(list)
    for task in tasks:
        found[task.number].append(task)
    return found
