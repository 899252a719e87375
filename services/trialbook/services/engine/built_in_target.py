"""Runs items through a built-in scorer that is itself the target: the job "execute".

No worker takes part. Each slice is expanded, executed, judged and recorded like work of workers.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from itertools import takewhile

import msgspec

from trialbook.services.application.ports import Queries, UnitOfWork
from trialbook.services.application.rework_reads import Unit
from trialbook.services.application.run_job import terms_of
from trialbook.services.application.views import ItemView
from trialbook.services.application.work import TARGET, Job, TaskPlace, WorkState
from trialbook.services.domain.run import TaskError, TraceReport
from trialbook.services.engine.expand import expand
from trialbook.services.engine.job import JobKind, JobTools
from trialbook.services.engine.judge import Case, judge_all
from trialbook.services.engine.plan import RunPlan
from trialbook.services.engine.presence import SYSTEM
from trialbook.services.engine.record import Ledger
from trialbook.services.engine.report import Answered, Measured
from trialbook.services.engine.retry import new_task
from trialbook.services.engine.scorer_case import CaseJudge, case_judge
from trialbook.services.scoring.judgement import Sample

_SLICE = 500
_UNTRACED = TraceReport(span_count=0)


class _Work(msgspec.Struct, frozen=True):
    """Some (item, trial), the place where the expansion stood before, and where it stands then."""

    units: list[tuple[Unit, ItemView]]
    before: TaskPlace | None
    upto: TaskPlace | None
    more: bool


class _Done(msgspec.Struct, frozen=True):
    """What became of one of them. `duration` is in microseconds."""

    unit: Unit
    outcome: Answered | TaskError
    duration: int


async def _work(tools: JobTools, plan: RunPlan, job: Job) -> None:
    found = await tools.store.read(partial(_find, plan=plan, job=job))
    if found is None:
        return
    loop = asyncio.get_running_loop()
    done = await loop.run_in_executor(tools.scoring, _execute, plan, found.units)
    upto = done[-1].unit.number if done else job.upto
    following = msgspec.structs.replace(job, upto=upto) if found.more else None

    def write(uow: UnitOfWork) -> None:
        if _is_next(uow, plan, found) and tools.advance(uow, plan.number, job, following):
            _record(uow, plan, found, done)

    await tools.store.transact(SYSTEM, write)


def _find(queries: Queries, plan: RunPlan, job: Job) -> _Work | None:
    state = queries.work.state(plan.number)
    if state is None:
        return None
    return _again(queries, plan, job) if job.arguments else _next(queries, plan, state)


def _next(queries: Queries, plan: RunPlan, state: WorkState) -> _Work:
    """Return work of the first round, in the order of the dataset."""
    expansion = expand(queries, plan, state, _SLICE)
    units = [
        (Unit(number, item.ordinal, item.item_id, trial), item)
        for number, item, trial in expansion.units
    ]
    return _Work(units, _place(state), expansion.upto, not expansion.exhausted)


def _again(queries: Queries, plan: RunPlan, job: Job) -> _Work:
    """Return work of a retry."""
    view = plan.view
    units = queries.rework.retryable(view, terms_of(job), job.upto, _SLICE)
    ordinals = sorted({unit.ordinal for unit in units})
    items = queries.datasets.items_at(view.dataset_number, view.dataset_version, ordinals)
    # As many as their bodies allow.
    some = list(takewhile(lambda unit: unit.ordinal in items, units))
    more = len(units) == _SLICE or len(some) < len(units)
    return _Work([(unit, items[unit.ordinal]) for unit in some], None, None, more)


def _place(state: WorkState) -> TaskPlace:
    return TaskPlace(state.ordinal, state.trial, state.number)


def _execute(plan: RunPlan, units: Sequence[tuple[Unit, ItemView]]) -> list[_Done]:
    judge = case_judge(plan.target.name, plan.view.pins.target_options)
    return [_execute_one(plan, judge, unit, item) for unit, item in units]


def _execute_one(plan: RunPlan, judge: CaseJudge, unit: Unit, item: ItemView) -> _Done:
    began = time.perf_counter_ns()
    output = judge(item.input)
    duration = (time.perf_counter_ns() - began) // 1000
    if isinstance(output, TaskError):
        return _Done(unit, output, duration)
    sample = Sample(output, item.expected, item.input)
    (judgements,) = judge_all([Case(plan, sample, None, item.extras)])
    return _Done(unit, Answered(output, judgements), duration)


def _is_next(uow: UnitOfWork, plan: RunPlan, found: _Work) -> bool:
    """Say whether the run goes on, and stands where it stood when the work was found."""
    state = uow.work.state(plan.number)
    if state is None or not uow.runs.by_number(plan.number).status.open:
        return False
    return found.before is None or _place(state) == found.before


def _record(uow: UnitOfWork, plan: RunPlan, found: _Work, done: Sequence[_Done]) -> None:
    if found.upto is not None:
        uow.work.expand(plan.number, [], found.upto, exhausted=not found.more)
    ledger = Ledger(uow, plan, SYSTEM.actor)
    for one in done:
        row = new_task(one.unit, TARGET, uow.now)
        ledger.record(row, one.outcome, Measured(one.duration, trace=_UNTRACED))
    ledger.write()


def _leave(uow: UnitOfWork, plan: RunPlan, job: Job) -> None:
    """Leave what was not run to be skipped, or as it was."""


EXECUTE = JobKind(_work, _leave)
