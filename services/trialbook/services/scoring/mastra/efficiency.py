"""checkTrajectoryEfficiency: whether a trajectory keeps to its budgets and repeats no call."""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec

from trialbook.services.scoring.mastra.javascript import same_text, two_decimals
from trialbook.services.scoring.mastra.shape import (
    MODEL_GENERATION,
    MastraStep,
    MastraTrajectory,
)
from trialbook.services.scoring.not_evaluable import NotEvaluable

_REPEAT_PENALTY = 0.2


class RedundantCall(msgspec.Struct, frozen=True):
    """A call that repeats the one before it; `index` is its place among the steps, from 0."""

    name: str
    index: int


class Efficiency(msgspec.Struct, frozen=True, rename="camel"):
    """What came of it."""

    score: float
    total_steps: int
    over_step_budget: bool
    total_tokens: float
    over_token_budget: bool
    total_duration_ms: float
    over_duration_budget: bool
    redundant_calls: list[RedundantCall]


def check_efficiency(
    trajectory: MastraTrajectory,
    *,
    max_steps: object = None,
    max_total_tokens: object = None,
    max_total_duration_ms: object = None,
    no_redundant_calls: bool = True,
) -> Efficiency:
    """Score the mean of what is asked for; a budget of None is none.

    Each budget counts ``max(0, 1 - (used - budget) / budget)``, 1 within it; calls that repeat the
    one before count 0.2 less each. Tokens are those of all depths, steps those of the top level.
    Raise `NotEvaluable` if a budget is no number of at least 0, or what it is about was not
    measured.
    """
    steps_limit = _limit("maxSteps", max_steps)
    tokens_limit = _limit("maxTotalTokens", max_total_tokens)
    duration_limit = _limit("maxTotalDurationMs", max_total_duration_ms)
    steps = len(trajectory.steps)
    tokens = _tokens(trajectory, required=tokens_limit is not None)
    duration = _duration(trajectory, required=duration_limit is not None)
    redundant = list(_redundant(trajectory)) if no_redundant_calls else []
    used = ((steps, steps_limit), (tokens, tokens_limit), (duration, duration_limit))
    parts = [_share(amount, limit) for amount, limit in used if limit is not None]
    if no_redundant_calls:
        parts.append(max(0.0, 1 - len(redundant) * _REPEAT_PENALTY))
    over_steps, over_tokens, over_duration = (
        limit is not None and amount > limit for amount, limit in used
    )
    return Efficiency(
        two_decimals(sum(parts) / len(parts)) if parts else 1.0,
        steps,
        over_steps,
        _plain(tokens),
        over_tokens,
        _plain(duration),
        over_duration,
        redundant,
    )


def _limit(name: str, budget: object) -> float | None:
    if budget is None:
        return None
    limit = _measured(budget)
    if limit is None:
        raise NotEvaluable(
            "invalid_expectation", f"Invalid {name} budget: expected a finite nonnegative number"
        )
    return limit


def _share(used: float, limit: float) -> float:
    if used <= limit:
        return 1.0
    return max(0.0, 1 - (used - limit) / limit) if limit else 0.0


def _tokens(trajectory: MastraTrajectory, *, required: bool) -> float:
    total, generations = 0.0, 0
    for step in trajectory.walk():
        if step.step_type != MODEL_GENERATION:
            continue
        generations += 1
        for name in ("prompt_tokens", "completion_tokens"):
            count = _measured(step.fields.get(name))
            if count is None and required:
                raise NotEvaluable(
                    "tokens_not_captured",
                    f'Cannot evaluate token budget: model generation "{step.name}" has missing '
                    "or invalid token counts",
                )
            total += count or 0
    if required and (not generations or not math.isfinite(total)):
        raise NotEvaluable(
            "tokens_not_captured",
            "Cannot evaluate token budget: missing model-generation measurements or invalid "
            "total tokens",
        )
    return total


def _duration(trajectory: MastraTrajectory, *, required: bool) -> float:
    """Return how long it took: as measured for the whole, else the sum of the top level."""
    if trajectory.total_duration_ms is not None:
        parts = [_measured(trajectory.total_duration_ms)]
    else:
        parts = [_measured(step.duration_ms) for step in trajectory.steps]
    if required and (not parts or None in parts):
        raise NotEvaluable(
            "duration_not_captured",
            "Cannot evaluate duration budget: missing or invalid duration measurements",
        )
    return sum(part or 0 for part in parts)


def _redundant(trajectory: MastraTrajectory) -> Iterator[RedundantCall]:
    observed = trajectory.observed is not None
    for index, step in enumerate(trajectory.steps[1:], start=1):
        before = trajectory.steps[index - 1]
        alike = (step.name, step.step_type) == (before.name, before.step_type)
        if alike and step.calls_tool and _same_arguments(before, step, observed=observed):
            yield RedundantCall(step.name, index)


def _same_arguments(one: MastraStep, other: MastraStep, *, observed: bool) -> bool:
    known = ["args" in step.fields for step in (one, other)]
    if not all(known):
        if observed:
            raise NotEvaluable(
                "args_not_captured", f"The arguments of a call of `{one.name}` are not known."
            )
        return not any(known)
    return same_text(one.fields["args"], other.fields["args"])


def _measured(value: object) -> float | None:
    """Return a value that is a finite number of at least 0."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _plain(number: float) -> float:
    return int(number) if math.isfinite(number) and number == int(number) else number
