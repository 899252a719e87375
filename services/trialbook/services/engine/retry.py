"""Gives the results that are run again back to workers, some thousands ahead of them."""

from __future__ import annotations

import msgspec

from trialbook.services.application.ports import UnitOfWork
from trialbook.services.application.rework_reads import Unit
from trialbook.services.application.run_job import terms_of
from trialbook.services.application.work import TARGET, Job, TaskRow
from trialbook.services.engine.job import JobKind, JobTools
from trialbook.services.engine.plan import RunPlan
from trialbook.services.engine.presence import SYSTEM
from trialbook.services.engine.record import Ledger

_SLICE = 1000


async def _make_tasks(tools: JobTools, plan: RunPlan, job: Job) -> None:
    terms = terms_of(job)
    units = await tools.store.read(
        lambda queries: queries.rework.retryable(plan.view, terms, job.upto, _SLICE)
    )
    following = None
    if len(units) == _SLICE:
        following = msgspec.structs.replace(job, upto=units[-1].number)

    def write(uow: UnitOfWork) -> None:
        if tools.advance(uow, plan.number, job, following):
            ledger = Ledger(uow, plan)
            ledger.add(new_task(unit, TARGET, uow.now) for unit in units)
            ledger.write()

    await tools.store.transact(SYSTEM, write)


def new_task(unit: Unit, scorer: int, now: int) -> TaskRow:
    """Return a first attempt at a result, or at its score."""
    return TaskRow(unit.number, scorer, unit.ordinal, unit.item_id, unit.trial, 1, 0, now)


def _keep_outcomes(uow: UnitOfWork, plan: RunPlan, job: Job) -> None:
    """Leave what was not run again as it was."""


RETRY = JobKind(work=_make_tasks, stop=_keep_outcomes)
