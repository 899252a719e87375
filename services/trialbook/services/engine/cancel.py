"""Writes down as skipped what a stopped run has not done, a slice at a time."""

from __future__ import annotations

from trialbook.services.application.ports import UnitOfWork
from trialbook.services.application.work import WorkState
from trialbook.services.domain.run import skipped_for
from trialbook.services.engine.expand import expand
from trialbook.services.engine.job_kinds import JOB_KINDS
from trialbook.services.engine.plan import PlanBook, RunPlan
from trialbook.services.engine.record import Ledger

SLICE = 500


def skip_slice(uow: UnitOfWork, plans: PlanBook, run: int) -> bool:
    """Skip some more of a stopped run's work; return whether the run has ended with that.

    Tasks that are out with workers are taken away from them: their reports will be fenced.
    """
    state = uow.work.state(run)
    if state is None:
        return True
    plan = plans.by_number(uow, run)
    reason = skipped_for(uow.runs.by_number(run).end_reason)
    ledger = Ledger(uow, plan)
    tasks = uow.work.all(run, SLICE)
    for row in tasks:
        ledger.skip(row, reason)
    if not tasks and state.exhausted:
        _stop_job(uow, plan, state)
    elif not tasks:
        expansion = expand(uow, plan, state, SLICE)
        for number, item, trial in expansion.units:
            ledger.skip_unit(number, item.ordinal, item.item_id, trial, reason)
        uow.work.expand(run, [], expansion.upto, exhausted=expansion.exhausted)
    ledger.write()
    return uow.work.state(run) is None


def _stop_job(uow: UnitOfWork, plan: RunPlan, state: WorkState) -> None:
    """Write down some of what the first job of a run will not do."""
    if not state.jobs:
        return
    first, *others = state.jobs
    kind = JOB_KINDS.get(first.kind)
    left = None if kind is None else kind.stop(uow, plan, first)
    uow.work.set_jobs(plan.number, others if left is None else [left, *others])
