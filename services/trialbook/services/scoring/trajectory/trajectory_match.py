"""trajectory_match: the steps are the expected ones."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np

from trialbook.services.domain.experiment import ScorerScope
from trialbook.services.scoring.description import (
    BuiltInTrajectoryScorer,
    TrajectoryScorer,
    unit_interval,
)
from trialbook.services.scoring.expectation.expectation import Expectation, Ordering
from trialbook.services.scoring.judgement import Judgement
from trialbook.services.scoring.trajectory.alignment import alignment_of
from trialbook.services.scoring.trajectory.alignment_details import alignment_details
from trialbook.services.scoring.trajectory.assignment import Weights, best_assignment
from trialbook.services.scoring.trajectory.common_sequence import (
    best_common_sequence,
    is_full,
    stands_in_step,
)
from trialbook.services.scoring.trajectory.comparison import Comparison, compare
from trialbook.services.scoring.trajectory.finding import Finding, agreed, gate
from trialbook.services.scoring.trajectory.gap import field_gap, step_gap
from trialbook.services.scoring.trajectory.scope import (
    AGENT,
    ARGS_MODE,
    EXPECTED,
    STEPS,
    Expected,
    Scope,
    read_expected,
    read_scope,
)
from trialbook.services.scoring.trajectory_sample import TrajectorySample
from trialbook.services.trajectory.trajectory import Trajectory


class MatchMode(enum.StrEnum):
    """What makes the steps the expected ones."""

    EXACT = "exact"
    """These in this order, and no others."""
    IN_ORDER = "in_order"
    """These in this order, others may stand between."""
    ANY_ORDER = "any_order"
    """These in any order, and perhaps others."""
    SUPERSET = "superset"
    """The same as `any_order`."""
    SUBSET = "subset"
    """None but these, each at most as often as expected."""
    UNORDERED = "unordered"
    """These and no others, in any order."""


_ANY_ORDER = (MatchMode.ANY_ORDER, MatchMode.SUPERSET)
_OF_ORDERING = {
    Ordering.STRICT: MatchMode.EXACT,
    Ordering.RELAXED: MatchMode.IN_ORDER,
    Ordering.UNORDERED: MatchMode.ANY_ORDER,
}
_WARNING = "No steps are expected, so that every trajectory fulfils this mode."


@dataclass(frozen=True, slots=True)
class TrajectoryMatch:
    """Matches in one mode, None for that of the expectation's ordering."""

    expected: Expected
    scope: Scope
    mode: MatchMode | None

    def __call__(self, sample: TrajectorySample) -> Judgement:
        """Score 1 if the steps are the expected ones, else 0."""
        expectation = self.expected.of(sample)
        found = sample.trajectory
        return match_finding(expectation, found, self.scope, self.mode).judgement(found)


def match_finding(
    expectation: Expectation, trajectory: Trajectory, scope: Scope, mode: MatchMode | None = None
) -> Finding:
    """Match a trajectory's steps; a mode of None is that of the expectation's ordering.

    Raise `NotEvaluable` if the expectation states no steps, or there are too many.
    """
    comparison = compare(expectation, trajectory, scope)
    mode = mode or _own_mode(expectation)
    hole = step_gap(trajectory, comparison.types)
    passed = _verdict(comparison, mode, all_seen=hole is None)
    alignment = alignment_of(comparison, mode in (MatchMode.EXACT, MatchMode.IN_ORDER))
    details = {"mode": str(mode), **alignment_details(alignment)}
    if not comparison.expected and _survives_more_steps(mode):
        details["warnings"] = [_WARNING]
    reason = (
        f"Of {len(alignment.expected)} expected steps {len(alignment.matched)} match"
        f"{_clause(len(alignment.missing), 'are missing')}"
        f"{_clause(len(alignment.out_of_order), 'are out of order')}; "
        f"{len(alignment.extra)} steps are not expected (mode {mode})."
    )
    return gate(
        passed, ("match", "mismatch"), reason, details, hole or field_gap(comparison.unknown)
    )


def _verdict(comparison: Comparison, mode: MatchMode, *, all_seen: bool) -> bool | None:
    """Tell whether the steps fulfil a mode, None if missing evidence could turn it."""
    least = is_full(comparison.least).astype(np.float64)
    surely = _matches(comparison, least, mode)
    if all_seen and comparison.most is comparison.least:
        return surely
    most = is_full(comparison.most).astype(np.float64)
    if all_seen:
        return agreed(surely, _matches(comparison, most, mode))
    surely = surely and _survives_more_steps(mode)
    return agreed(surely, _could_match(comparison, most, mode))


def _own_mode(expectation: Expectation) -> MatchMode:
    """Return the mode of an expectation's ordering; to expect no steps means that none may be."""
    return _OF_ORDERING[expectation.ordering] if expectation.steps else MatchMode.EXACT


def _matches(comparison: Comparison, full: Weights, mode: MatchMode) -> bool:
    """Tell whether the steps fulfil a mode, by which fits are full."""
    if mode is MatchMode.EXACT:
        return stands_in_step(full, comparison.rows, comparison.columns)
    if mode is MatchMode.IN_ORDER:
        return _common(comparison, full) == len(comparison.expected)
    paired = len(best_assignment(full))
    covers_expected = paired == len(comparison.expected)
    covers_steps = paired == len(comparison.sequence)
    if mode in _ANY_ORDER:
        return covers_expected
    return covers_steps if mode is MatchMode.SUBSET else covers_expected and covers_steps


def _survives_more_steps(mode: MatchMode) -> bool:
    """Tell whether steps that were not seen could not undo a match."""
    return mode is MatchMode.IN_ORDER or mode in _ANY_ORDER


def _could_match(comparison: Comparison, full: Weights, mode: MatchMode) -> bool:
    """Tell whether the steps could fulfil a mode if there were more of them."""
    if _survives_more_steps(mode):
        return True
    if mode is MatchMode.EXACT:
        return _common(comparison, full) == len(comparison.sequence)
    return len(best_assignment(full)) == len(comparison.sequence)


def _common(comparison: Comparison, full: Weights) -> int:
    return len(best_common_sequence(full, comparison.rows, comparison.columns))


def _clause(count: int, words: str) -> str:
    return f", {count} {words}" if count else ""


def configure(parameters: Mapping[str, object]) -> TrajectoryScorer:
    """Make the scorer. Raise `InvalidParameters` if the expectation cannot be used."""
    mode = cast("str | None", parameters.get("mode"))
    return TrajectoryMatch(
        read_expected(parameters), read_scope(parameters), MatchMode(mode) if mode else None
    )


TRAJECTORY_MATCH = BuiltInTrajectoryScorer(
    unit_interval(
        "trajectory_match",
        "The steps of the trajectory are the expected ones: in step, in order, in any order, none "
        "missing, none beside, or both. Steps that ran side by side match in any order.",
        {
            "mode": {
                "enum": [str(each) for each in MatchMode],
                "description": "By default that of the expectation's ordering: `exact` for strict, "
                "`in_order` for relaxed, `any_order` for unordered; `exact` where no steps are "
                "expected.",
            },
            "expected": EXPECTED,
            "steps": STEPS,
            "agent": AGENT,
            "args_mode": ARGS_MODE,
        },
        scope=ScorerScope.TRAJECTORY,
    ),
    configure,
)
