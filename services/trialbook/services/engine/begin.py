"""Lets a pending run begin."""

from __future__ import annotations

from trialbook.services.application.ports import UnitOfWork
from trialbook.services.domain.experiment import Target
from trialbook.services.domain.run import RunBegan, stream_of
from trialbook.services.engine.plan import PlanBook, RunPlan


def begin(uow: UnitOfWork, plans: PlanBook, plan: RunPlan, target: Target) -> RunPlan:
    """Pin a pending run to the target that its first worker hosts, and return its new plan."""
    position = uow.runs.last_position(plan.number) + 1
    began = RunBegan(plan.uid, position, target)
    uow.append(stream_of(plan.uid), [began], expected_version=None)
    uow.work.renew(plan.number, position)
    return plans.by_number(uow, plan.number)
