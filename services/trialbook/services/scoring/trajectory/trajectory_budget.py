"""trajectory_budget: steps, calls, tokens, time and money stay within limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

from trialbook.services.domain.experiment import ScorerScope
from trialbook.services.scoring.description import (
    BuiltInTrajectoryScorer,
    TrajectoryScorer,
    unit_interval,
)
from trialbook.services.scoring.expectation.expectation import Expectation
from trialbook.services.scoring.judgement import Judgement
from trialbook.services.scoring.not_evaluable import NotEvaluable
from trialbook.services.scoring.parameters import invalid
from trialbook.services.scoring.trajectory.budgets import LIMITS, Budgets, Prices, budget_finding
from trialbook.services.scoring.trajectory.scope import STEPS, Expected, read_scope
from trialbook.services.scoring.trajectory_sample import TrajectorySample

_WORDS = {
    "max_steps": "steps, at every depth, runs of agents and workflows apart",
    "max_tool_calls": "tool calls",
    "max_llm_calls": "model generations",
    "max_tokens": "tokens, of inputs and outputs",
    "max_input_tokens": "tokens of inputs",
    "max_output_tokens": "tokens of outputs",
    "max_duration_ms": "milliseconds, from the first start to the last end",
    "max_cost": "money, in the unit of `prices`",
}


@dataclass(frozen=True, slots=True)
class TrajectoryBudget:
    """Holds a trajectory to limits, those of the item's expectation beside its own."""

    budgets: Budgets

    def __call__(self, sample: TrajectorySample) -> Judgement:
        """Score the mean of the budgets: 1 for one that is kept."""
        expectation = Expected().find(sample)
        stated = expected_limits(expectation) if expectation else {}
        budgets = replace(self.budgets, limits={**stated, **self.budgets.limits})
        if not budgets.limits:
            raise NotEvaluable(
                "no_expectation",
                "Neither the parameters nor the item's expectation have a limit.",
            )
        found = sample.trajectory
        return budget_finding(budgets, found).judgement(found)


def expected_limits(expectation: Expectation) -> dict[str, float]:
    """Return the limits that an expectation states."""
    stated = {
        "max_steps": expectation.max_steps,
        "max_tokens": expectation.max_total_tokens,
        "max_duration_ms": expectation.max_total_duration_ms,
    }
    return {name: limit for name, limit in stated.items() if limit is not None}


def configure(parameters: Mapping[str, object]) -> TrajectoryScorer:
    """Make the scorer. Raise `InvalidParameters` if a cost is limited without prices."""
    limits = {name: cast("float", parameters[name]) for name in LIMITS if name in parameters}
    if "max_cost" in limits and "prices" not in parameters:
        raise invalid("prices", "`prices` is required by `max_cost`: give the price of each model.")
    prices = cast("Prices", parameters.get("prices", {}))
    return TrajectoryBudget(Budgets(limits, read_scope(parameters).steps, prices))


_PRICE: dict[str, object] = {"type": "number", "minimum": 0}

TRAJECTORY_BUDGET = BuiltInTrajectoryScorer(
    unit_interval(
        "trajectory_budget",
        "Steps, calls, tokens, time and money stay within limits. It passes if all are kept; one "
        "that is exceeded scores 1 minus its excess over the limit. Limits of the item's "
        "expectation count where the parameters have none.",
        {
            **{
                name: {"type": "number", "minimum": 0, "description": f"The most {words}."}
                for name, words in _WORDS.items()
            },
            "prices": {
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "properties": {"input": _PRICE, "output": _PRICE},
                    "required": ["input", "output"],
                    "additionalProperties": False,
                },
                "description": "Per model what a million tokens of inputs and of outputs cost.",
            },
            "steps": {**STEPS, "description": "The step types that `max_steps` counts."},
        },
        scope=ScorerScope.TRAJECTORY,
    ),
    configure,
)
