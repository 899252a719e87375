"""Writes down as skipped what a cancelled run has not done, a slice at a time."""

from __future__ import annotations

from trialbook.services.application.ports import UnitOfWork
from trialbook.services.engine.expand import expand
from trialbook.services.engine.plan import PlanBook
from trialbook.services.engine.record import Ledger

SLICE = 500


def skip_slice(uow: UnitOfWork, plans: PlanBook, run: int) -> bool:
    """Skip some more of a cancelled run's work; return whether the run has ended with that.

    Tasks that are out with workers are taken away from them: their reports will be fenced.
    """
    state = uow.work.state(run)
    if state is None:
        return True
    plan = plans.by_number(uow, run)
    ledger = Ledger(uow, plan)
    tasks = uow.work.all(run, SLICE)
    for row in tasks:
        ledger.skip(row)
    if not tasks:
        expansion = expand(uow, plan, state, SLICE)
        for number, item, trial in expansion.units:
            ledger.skip_unit(number, item.ordinal, item.item_id, trial)
        uow.work.expand(run, [], expansion.upto, exhausted=expansion.exhausted)
    ledger.write()
    return uow.work.state(run) is None
