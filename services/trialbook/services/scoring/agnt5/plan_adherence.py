"""plan_adherence: how much of the agent's plan was carried out."""

from __future__ import annotations

import msgspec

from trialbook.services.scoring.agnt5.context import TraceContext
from trialbook.services.scoring.agnt5.observation import Observation
from trialbook.services.scoring.agnt5.plan_finding import graded, no_plan, plan_details
from trialbook.services.scoring.agnt5.trace_metric import GRADED_THRESHOLD, Finding, metric

_LABELS = ("adhered", "partial_adherence", "not_adhered")


def _plan_adherence(observation: Observation) -> Finding:
    """Score ``matched / (total + off the path + retries + errors)``, in steps of the plan."""
    context, features = observation.context, observation.context.features
    total = features.plan_steps_total if features.plan_steps_total > 0 else len(context.plan.steps)
    if not context.plan.detected or total == 0:
        return no_plan(observation)
    matched = min(total, _matched(context))
    missing = len(features.plan_steps_missing) or max(0, total - matched)
    astray = {
        "off_path_step_count": len(features.off_path_steps),
        "retry_extra_count": features.surplus_retries,
        "error_count": max(0, features.error_count),
    }
    value = matched / (total + sum(astray.values()))
    deviations = missing + sum(astray.values())
    details = {
        **plan_details(context),
        "matched_plan_steps": matched,
        "missing_plan_step_count": missing,
        **astray,
        "deviation_count": deviations,
        "missing_plan_steps": msgspec.to_builtins(features.plan_steps_missing),
        "off_path_steps": list(features.off_path_steps),
        "retry_groups": msgspec.to_builtins(features.retry_groups),
    }
    reason = f"{matched} of {total} steps of the plan were done, with {deviations} deviations."
    return graded(min(1.0, max(0.0, value)), _LABELS, reason, details)


def _matched(context: TraceContext) -> int:
    if context.features.plan_steps_matched > 0:
        return context.features.plan_steps_matched
    fulfilled = {step.matches_plan_step for step in context.execution_steps}
    return len(fulfilled - {None})


PLAN_ADHERENCE = metric(
    "plan_adherence",
    "The share of the plan's steps that were done, less for steps off the path, retries and "
    "errors.",
    {},
    lambda _: _plan_adherence,
    threshold=GRADED_THRESHOLD,
)
