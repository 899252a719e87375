"""trajectory_efficiency: what was expected was done, in no more steps than expected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

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
from trialbook.services.scoring.trajectory.common_sequence import best_common_sequence, is_full
from trialbook.services.scoring.trajectory.comparison import Comparison, compare
from trialbook.services.scoring.trajectory.finding import Finding
from trialbook.services.scoring.trajectory.gap import field_gap, step_gap
from trialbook.services.scoring.trajectory.scope import (
    AGENT,
    ARGS_MODE,
    EXPECTED,
    STEPS,
    THRESHOLD,
    Expected,
    Scope,
    read_expected,
    read_scope,
)
from trialbook.services.scoring.trajectory_sample import TrajectorySample
from trialbook.services.trajectory.trajectory import Trajectory


@dataclass(frozen=True, slots=True)
class TrajectoryEfficiency:
    """Compares the number of steps with that of the expected ones."""

    expected: Expected
    scope: Scope
    threshold: float | None

    def __call__(self, sample: TrajectorySample) -> Judgement:
        """Score expected over actual steps, at most 1, and 0 if an expected one is missing."""
        expectation = self.expected.of(sample)
        found = sample.trajectory
        return self._finding(expectation, found).judgement(found)

    def _finding(self, expectation: Expectation, trajectory: Trajectory) -> Finding:
        comparison = compare(expectation, trajectory, self.scope)
        ordered = expectation.ordering is not Ordering.UNORDERED
        complete = _covered(comparison, comparison.least, ordered=ordered)
        gap = step_gap(trajectory, comparison.types)
        if gap is None and complete is not _covered(comparison, comparison.most, ordered=ordered):
            gap = field_gap(comparison.unknown)
        details = alignment_details(alignment_of(comparison, ordered))
        if gap is not None:
            return Finding(details=details, gap=gap)
        expected, actual = len(comparison.expected), len(comparison.sequence)
        value = float(complete) * (min(1.0, expected / actual) if actual else 1.0)
        label = "efficient" if value >= 1.0 else "excess" if complete else "incomplete"
        passed = None if self.threshold is None else value >= self.threshold
        reason = f"{actual} steps where {expected} were expected" + (
            "." if complete else ", and not all of these were taken."
        )
        return Finding(value, passed, label, reason, details)


def _covered(comparison: Comparison, weights: Weights, *, ordered: bool) -> bool:
    """Tell whether every expected step has a step that fits in full."""
    full = is_full(weights).astype(weights.dtype)
    if ordered:
        pairs = best_common_sequence(full, comparison.rows, comparison.columns)
    else:
        pairs = best_assignment(full)
    return len(pairs) == len(comparison.expected)


def configure(parameters: Mapping[str, object]) -> TrajectoryScorer:
    """Make the scorer. Raise `InvalidParameters` if the expectation cannot be used."""
    return TrajectoryEfficiency(
        read_expected(parameters),
        read_scope(parameters),
        cast("float | None", parameters.get("threshold")),
    )


TRAJECTORY_EFFICIENCY = BuiltInTrajectoryScorer(
    unit_interval(
        "trajectory_efficiency",
        "The number of expected steps over that of the actual ones, at most 1; and 0 if an "
        "expected step is missing.",
        {
            "threshold": THRESHOLD,
            "expected": EXPECTED,
            "steps": STEPS,
            "agent": AGENT,
            "args_mode": ARGS_MODE,
        },
        scope=ScorerScope.TRAJECTORY,
    ),
    configure,
)
