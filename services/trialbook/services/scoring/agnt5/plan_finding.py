"""What the two scorers of plans have in common."""

from __future__ import annotations

from collections.abc import Mapping

from trialbook.services.scoring.agnt5.context import TraceContext
from trialbook.services.scoring.agnt5.observation import Observation
from trialbook.services.scoring.agnt5.trace_metric import Finding
from trialbook.services.scoring.not_evaluable import NotEvaluable

_FAIR = 0.5
_NO_PLAN = "no_plan"


def graded(
    value: float, labels: tuple[str, str, str], reason: str, details: Mapping[str, object]
) -> Finding:
    """Return a graded finding; `labels` are those for a pass, for a half, and for less."""
    passed, half, less = labels
    return Finding(value, half if value >= _FAIR else less, reason, details, pass_label=passed)


def no_plan(observation: Observation) -> Finding:
    """Return what is found where AGNT5's context has no plan: 0, which never passes.

    Raise `NotEvaluable` where the context was made of a trajectory, which tells of no plans.
    """
    if observation.trajectory is not None:
        raise NotEvaluable(_NO_PLAN, "The trajectory does not tell what the agent planned.")
    details = {**plan_details(observation.context), "reason": "no_plan_detected"}
    return Finding(0.0, _NO_PLAN, "No plan was detected.", details, hopeless=True)


def plan_details(context: TraceContext) -> dict[str, object]:
    """Return what the evidence says of the plan."""
    return {
        "plan_detected": context.plan.detected,
        "plan_steps_total": context.features.plan_steps_total,
        "plan_steps_matched": context.features.plan_steps_matched,
    }
