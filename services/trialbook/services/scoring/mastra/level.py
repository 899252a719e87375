"""One level of a trajectory against its expectation, and the levels below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from trialbook.services.scoring.expectation.expectation import Expectation, ExpectedStep
from trialbook.services.scoring.mastra.blacklist import Blacklist, check_blacklist
from trialbook.services.scoring.mastra.comparison import (
    Comparison,
    compare_trajectories,
    expected_type,
)
from trialbook.services.scoring.mastra.efficiency import Efficiency, check_efficiency
from trialbook.services.scoring.mastra.javascript import plain_two_decimals
from trialbook.services.scoring.mastra.shape import MastraStep, MastraTrajectory
from trialbook.services.scoring.mastra.tool_failures import (
    DEFAULT_RETRIES,
    ToolFailures,
    analyze_tool_failures,
)

_EFFICIENCY = frozenset(
    {"max_steps", "max_total_tokens", "max_total_duration_ms", "no_redundant_calls"}
)
_OWN_SHARE = 0.7
_SHARE_BELOW = 0.3


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each dimension counts; those that are active share the whole."""

    accuracy: float = 0.4
    efficiency: float = 0.3
    tool_failures: float = 0.2
    blacklist: float = 0.1


class Level(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What came of one level; a dimension that is not active is None."""

    step_name: str
    score: float
    accuracy: Comparison | None = None
    efficiency: Efficiency | None = None
    blacklist: Blacklist | None = None
    tool_failures: ToolFailures | None = None
    nested: tuple[Level, ...] = ()

    @property
    def is_violated(self) -> bool:
        """Whether something forbidden was done here or below."""
        here = self.blacklist is not None and self.blacklist.is_violated
        return here or any(level.is_violated for level in self.nested)


def evaluate(
    name: str, trajectory: MastraTrajectory, expectation: Expectation, weights: Weights
) -> Level:
    """Score a level, and below it each expected step that has expectations of its own.

    The score is the weighted mean of the active dimensions, 1 if none is or their weights are 0.
    With levels below it is 0.7 of that and 0.3 of their mean. A violated blacklist makes it 0.
    Raise `NotEvaluable` if evidence is missing that a dimension needs.
    """
    level = _own(name, trajectory, expectation)
    nested = _below(expectation.steps or (), trajectory, weights)
    level = msgspec.structs.replace(level, nested=nested)
    return msgspec.structs.replace(level, score=_score(level, weights))


def _own(name: str, trajectory: MastraTrajectory, expectation: Expectation) -> Level:
    retries = expectation.max_retries_per_tool
    return Level(
        name,
        0.0,
        _accuracy(trajectory, expectation),
        _efficiency(trajectory, expectation),
        _blacklist(trajectory, expectation),
        analyze_tool_failures(
            trajectory, max_retries_per_tool=DEFAULT_RETRIES if retries is None else retries
        ),
    )


def _accuracy(trajectory: MastraTrajectory, expectation: Expectation) -> Comparison | None:
    if expectation.steps is None:
        return None
    return compare_trajectories(
        trajectory,
        expectation.steps,
        ordering=expectation.ordering,
        allow_repeated_steps=expectation.allow_repeated_steps,
    )


def _efficiency(trajectory: MastraTrajectory, expectation: Expectation) -> Efficiency | None:
    if not expectation.stated & _EFFICIENCY:
        return None
    return check_efficiency(
        trajectory,
        max_steps=expectation.max_steps,
        max_total_tokens=expectation.max_total_tokens,
        max_total_duration_ms=expectation.max_total_duration_ms,
        no_redundant_calls=expectation.no_redundant_calls is not False,
    )


def _blacklist(trajectory: MastraTrajectory, expectation: Expectation) -> Blacklist | None:
    tools, sequences = expectation.blacklisted_tools, expectation.blacklisted_sequences
    if not tools and not sequences:
        return None
    return check_blacklist(trajectory, tools=tools, sequences=sequences)


def _below(
    expected: Sequence[ExpectedStep], trajectory: MastraTrajectory, weights: Weights
) -> tuple[Level, ...]:
    """Evaluate what lies below; each expected parent takes the first step that is not taken."""
    taken: set[int] = set()
    levels: list[Level] = []
    for step in expected:
        if step.children is None:
            continue
        position = _parent(step, trajectory.steps, taken)
        if position is None:
            levels.append(Level(step.name, 0.0, _nothing_done(step.children)))
            continue
        taken.add(position)
        inner = trajectory.below(trajectory.steps[position])
        levels.append(evaluate(step.name, inner, step.children, weights))
    return tuple(levels)


def _parent(step: ExpectedStep, actual: Sequence[MastraStep], taken: set[int]) -> int | None:
    step_type = expected_type(step)
    fitting = (
        position
        for position, did in enumerate(actual)
        if position not in taken and did.name == step.name and step_type in (None, did.step_type)
    )
    return next(fitting, None)


def _nothing_done(expectation: Expectation) -> Comparison | None:
    if not expectation.steps:
        return None
    names = [step.name for step in expectation.steps]
    return Comparison(0.0, 0, len(names), 0, names, [], [], [])


def _score(level: Level, weights: Weights) -> float:
    if level.is_violated:
        return 0.0
    active = list(_active(level, weights))
    total = sum(weight for weight, _ in active)
    score = sum((weight / total) * value for weight, value in active) if total > 0 else 1.0
    if level.nested:
        below = sum(each.score for each in level.nested) / len(level.nested)
        score = _OWN_SHARE * score + _SHARE_BELOW * below
    return plain_two_decimals(score)


def _active(level: Level, weights: Weights) -> list[tuple[float, float]]:
    """Return weight and score of each dimension that counts, in Mastra's order."""
    failures = level.tool_failures
    parts = [
        (weights.accuracy, level.accuracy),
        (weights.efficiency, level.efficiency),
        (weights.tool_failures, failures if failures and failures.patterns else None),
        (weights.blacklist, level.blacklist),
    ]
    return [(max(0.0, weight), part.score) for weight, part in parts if part is not None]
