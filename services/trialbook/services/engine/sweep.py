"""Takes back what workers hold for too long."""

from __future__ import annotations

from trialbook.services.application.ports import UnitOfWork
from trialbook.services.application.work import TaskRow
from trialbook.services.domain.run import ErrorCode, TaskError
from trialbook.services.engine.plan import PlanBook, RunPlan
from trialbook.services.engine.record import Ledger

SLICE = 500


def sweep_expired(uow: UnitOfWork, plans: PlanBook, limit: int = SLICE) -> set[int]:
    """Take back tasks whose lease or deadline is over; return the runs that they belong to."""
    expired = uow.work.expired(uow.now, limit)
    for run, rows in expired.items():
        plan = plans.by_number(uow, run)
        ledger = Ledger(uow, plan)
        for row in rows:
            if row.deadline is not None and row.deadline <= uow.now:
                ledger.fail(row, _timeout(plan))
            else:
                ledger.lose(row)
        ledger.write()
    return set(expired)


def give_back_all(uow: UnitOfWork, plans: PlanBook, session: int) -> set[int]:
    """Give what a session holds to others; return the runs that it belongs to."""
    held: dict[int, list[TaskRow]] = uow.work.held_by(session)
    for run, rows in held.items():
        ledger = Ledger(uow, plans.by_number(uow, run))
        for row in rows:
            ledger.give_back(row)
        ledger.write()
    return set(held)


def _timeout(plan: RunPlan) -> TaskError:
    seconds = plan.settings.attempt_timeout / 1_000_000
    return TaskError(ErrorCode.TIMEOUT, f"the attempt took longer than {seconds:g} s")
