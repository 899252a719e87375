"""step_efficiency: how many steps were taken beyond those that were needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from trialbook.services.scoring.agnt5.context import LLM_CALL, TraceContext
from trialbook.services.scoring.agnt5.observation import Observation
from trialbook.services.scoring.agnt5.trace_metric import (
    GRADED_THRESHOLD,
    Finding,
    metric,
    whole_number_of,
)
from trialbook.services.scoring.trajectory_gaps import require_tools

_EFFICIENT = 0.95
_FAIR = 0.5


@dataclass(frozen=True, slots=True)
class StepEfficiency:
    """Scores ``1 - P / (actual + minimum + P)``; P counts what was superfluous or went wrong.

    P is the excess over the minimum, plus calls that repeat or retry an earlier one, plus steps
    off the plan's path, plus errors. Model calls that plan are not counted as steps. The minimum
    is given, else that of the plan, else inferred: the different tool calls and the final answers.
    """

    minimum: int | None = None

    def __call__(self, observation: Observation) -> Finding:
        """Score one trace."""
        observation.require(require_tools)
        context, features = observation.context, observation.context.features
        actual = _actual_steps(context)
        minimum, source = self._minimum(context, actual)
        counts = {
            "excess_steps": max(0, actual - minimum),
            "duplicate_tool_call_count": features.surplus_duplicates,
            "off_path_step_count": len(features.off_path_steps),
            "retry_extra_count": features.surplus_retries,
            "error_count": max(0, features.error_count),
        }
        penalty = sum(counts.values())
        value = efficiency(actual, minimum, penalty)
        details = {
            "actual_steps": actual,
            "minimum_steps": minimum,
            "minimum_steps_source": source,
            "penalty_units": penalty,
            **counts,
            **_context_details(context),
        }
        label = "needs_review" if value >= _FAIR else "inefficient"
        reason = f"{actual} steps where {minimum} are needed, with {penalty} penalties."
        best = "efficient" if value >= _EFFICIENT else None
        return Finding(value, label, reason, details, pass_label=best)

    def _minimum(self, context: TraceContext, actual: int) -> tuple[int, str]:
        features = context.features
        if self.minimum is not None:
            return self.minimum, "config"
        if features.plan_steps_total > 0:
            return features.plan_steps_total, "plan"
        final = sum(
            step.kind == LLM_CALL and step.role == "final_response"
            for step in context.execution_steps
        )
        inferred = features.unique_tool_call_count + final
        if inferred == 0 and (features.llm_call_count > 0 or actual > 0):
            inferred = 1
        return inferred, "inferred"


def efficiency(actual: int, minimum: int, penalty: int) -> float:
    """Return the score; 1 where nothing is to be penalised."""
    whole = actual + minimum + penalty
    if penalty <= 0 or whole <= 0:
        return 1.0
    return min(1.0, max(0.0, 1.0 - penalty / whole))


def _actual_steps(context: TraceContext) -> int:
    return sum(
        not (step.kind == LLM_CALL and step.role == "planning") for step in context.execution_steps
    )


def _context_details(context: TraceContext) -> dict[str, object]:
    features = context.features
    return {
        "plan_detected": context.plan.detected,
        "plan_steps_total": features.plan_steps_total,
        "plan_steps_matched": features.plan_steps_matched,
        "duplicate_tool_calls": msgspec.to_builtins(features.duplicate_tool_calls),
        "off_path_steps": list(features.off_path_steps),
        "retry_groups": msgspec.to_builtins(features.retry_groups),
    }


def _configure(parameters: Mapping[str, object]) -> StepEfficiency:
    for name in ("minimum_steps", "min_steps"):
        if name in parameters:
            return StepEfficiency(whole_number_of(parameters, name))
    return StepEfficiency()


_STEPS: dict[str, object] = {"type": "integer", "minimum": 0, "maximum": 2**31}

STEP_EFFICIENCY = metric(
    "step_efficiency",
    "1 minus the share of steps that were superfluous, repeated, retried, off the path or failed.",
    {
        "minimum_steps": {
            **_STEPS,
            "description": "How many steps are needed; by default those of the plan, or else the "
            "different tool calls and the final answers.",
        },
        "min_steps": {
            **_STEPS,
            "description": "The same; it counts where `minimum_steps` is not given.",
        },
    },
    _configure,
    threshold=GRADED_THRESHOLD,
)
