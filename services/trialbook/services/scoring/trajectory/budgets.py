"""What a trajectory used, against limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from trialbook.services.scoring.trajectory.finding import Finding
from trialbook.services.scoring.trajectory.gap import DURATION, MODELS, TOKENS, Gap, step_gap
from trialbook.services.scoring.trajectory.sequence import flatten
from trialbook.services.trajectory.step import TOOL_CALLS, Step, StepType
from trialbook.services.trajectory.trajectory import Trajectory

_MODELS = frozenset({StepType.MODEL_GENERATION})
_STEPS = frozenset(StepType) - {StepType.AGENT_RUN, StepType.WORKFLOW_RUN}
_PER_MILLION = 1_000_000

Prices = Mapping[str, Mapping[str, float]]
"""Per model what a million tokens cost, as `input` and `output`."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """How much was used: at least so much, and surely so much where no evidence is missing."""

    amount: float
    gap: Gap | None = None


@dataclass(frozen=True, slots=True)
class Budgets:
    """Limits by their names, `max_duration_ms` in milliseconds and `max_cost` in the prices' money.

    `types` are the step types that `max_steps` counts, None for all but runs of agents and
    workflows, which wrap the steps.
    """

    limits: Mapping[str, float]
    types: frozenset[StepType] | None = None
    prices: Prices = field(default_factory=dict[str, Mapping[str, float]])


def budget_finding(budgets: Budgets, trajectory: Trajectory) -> Finding:
    """Hold a trajectory to its budgets.

    A budget that is kept scores 1, one that is exceeded 1 - (used - limit)/limit, at least 0; the
    value is the mean, and it passes if all are kept. What is missing of the evidence cannot mend a
    budget that is exceeded already: the budgets that cannot be told are then left out of the mean.
    """
    entries: list[dict[str, object]] = []
    scores: list[float] = []
    gaps: list[Gap] = []
    exceeded: list[str] = []
    for name, limit in budgets.limits.items():
        used = _MEASURES[name](trajectory, budgets)
        kept = None if used.gap is not None and used.amount <= limit else used.amount <= limit
        entry: dict[str, object] = {"budget": name, "limit": limit, "used": used.amount}
        if kept is None and used.gap is not None:
            entry["gap"] = used.gap.label
            gaps.append(used.gap)
        else:
            scores.append(_score(used.amount, limit))
            exceeded += [] if kept else [name]
        ratio = used.amount / limit if limit else None
        entries.append({**entry, "ratio": ratio, "kept": kept})
    details = {"budgets": entries}
    if gaps and not exceeded:
        return Finding(details=details, gap=gaps[0])
    value = sum(scores) / len(scores)
    reason = f"Exceeded: {', '.join(exceeded)}." if exceeded else "All budgets are kept."
    label = "over_budget" if exceeded else "within_budget"
    return Finding(value, not exceeded, label, reason, details)


def _score(used: float, limit: float) -> float:
    if used <= limit:
        return 1.0
    return max(0.0, 1.0 - (used - limit) / limit) if limit else 0.0


def _steps(trajectory: Trajectory, budgets: Budgets) -> Measurement:
    types = budgets.types or _STEPS
    return Measurement(len(flatten(trajectory, types)), step_gap(trajectory, types))


def _tool_calls(trajectory: Trajectory, _: Budgets) -> Measurement:
    return Measurement(len(flatten(trajectory, TOOL_CALLS)), step_gap(trajectory, TOOL_CALLS))


def _llm_calls(trajectory: Trajectory, _: Budgets) -> Measurement:
    count = len(flatten(trajectory, _MODELS))
    gap = step_gap(trajectory, _MODELS)
    return Measurement(count, gap or (None if count else MODELS))


def _tokens(input_weight: int, output_weight: int) -> Callable[[Trajectory, Budgets], Measurement]:
    """Return what measures tokens: those of inputs and outputs, or of one of them."""

    def measure(trajectory: Trajectory, _: Budgets) -> Measurement:
        calls = flatten(trajectory, _MODELS).steps
        amount = 0
        known = bool(calls)
        for call in calls:
            for weight, tokens in zip((input_weight, output_weight), _used(call), strict=True):
                amount += weight * (tokens or 0)
                known = known and (tokens is not None or not weight)
        return Measurement(amount, step_gap(trajectory, _MODELS) or (None if known else TOKENS))

    return measure


def _duration_ms(trajectory: Trajectory, _: Budgets) -> Measurement:
    gap = step_gap(trajectory, frozenset())
    if trajectory.duration is None:
        return Measurement(0.0, gap or DURATION)
    return Measurement(trajectory.duration / 1000, gap)


def _cost(trajectory: Trajectory, budgets: Budgets) -> Measurement:
    cost = 0.0
    gap = step_gap(trajectory, _MODELS)
    calls = flatten(trajectory, _MODELS).steps
    for call in calls:
        price = budgets.prices.get(call.model or "")
        if price is None:
            gap = gap or Gap(
                "price_not_known", f"No price is given for `{call.model or call.name}`."
            )
            continue
        for kind, tokens in zip(("input", "output"), _used(call), strict=True):
            if tokens is None:
                gap = gap or TOKENS
            cost += (tokens or 0) * price[kind] / _PER_MILLION
    return Measurement(cost, gap or (None if calls else TOKENS))


def _used(call: Step) -> tuple[int | None, int | None]:
    return (call.tokens.input, call.tokens.output) if call.tokens else (None, None)


_MEASURES: dict[str, Callable[[Trajectory, Budgets], Measurement]] = {
    "max_steps": _steps,
    "max_tool_calls": _tool_calls,
    "max_llm_calls": _llm_calls,
    "max_tokens": _tokens(1, 1),
    "max_input_tokens": _tokens(1, 0),
    "max_output_tokens": _tokens(0, 1),
    "max_duration_ms": _duration_ms,
    "max_cost": _cost,
}
LIMITS = tuple(_MEASURES)
"""The names of the limits."""
