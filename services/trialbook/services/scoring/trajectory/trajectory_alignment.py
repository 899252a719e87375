"""trajectory_alignment: how much of the expected trajectory and of the actual one agree."""

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
from trialbook.services.scoring.trajectory.alignment import Alignment, alignment_of
from trialbook.services.scoring.trajectory.alignment_details import alignment_details
from trialbook.services.scoring.trajectory.comparison import compare
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
class TrajectoryAlignment:
    """Aligns, and gives one of the figures; `ordered` of None is the expectation's word."""

    expected: Expected
    scope: Scope
    ordered: bool | None
    figure: str
    threshold: float | None

    def __call__(self, sample: TrajectorySample) -> Judgement:
        """Score precision, recall or F1 of the steps."""
        expectation = self.expected.of(sample)
        found = sample.trajectory
        finding = alignment_finding(
            expectation,
            found,
            self.scope,
            ordered=self.ordered,
            figure=self.figure,
            threshold=self.threshold,
        )
        return finding.judgement(found)


def alignment_finding(
    expectation: Expectation,
    trajectory: Trajectory,
    scope: Scope,
    *,
    ordered: bool | None = None,
    figure: str = "f1",
    threshold: float | None = None,
) -> Finding:
    """Align a trajectory's steps and give one figure.

    With S the sum of the fits of the matched pairs, E expected steps and A steps: precision S/A,
    recall S/E, F1 2S/(E+A). Both empty give 1, one of them empty 0. Raise `NotEvaluable` if the
    expectation states no steps, or there are too many.
    """
    if ordered is None:
        ordered = expectation.ordering is not Ordering.UNORDERED
    comparison = compare(expectation, trajectory, scope)
    alignment = alignment_of(comparison, ordered)
    gap = step_gap(trajectory, comparison.types)
    if gap is None and not alignment.certain:
        gap = field_gap(comparison.unknown)
    figures = _figures(alignment)
    details = {"ordered": ordered, **figures, **alignment_details(alignment)}
    if gap is not None:
        return Finding(details=details | dict.fromkeys(figures), gap=gap)
    value = round(figures[figure], 12)
    passed = None if threshold is None else value >= threshold
    return Finding(value, passed, "", _reason(alignment), details)


def _figures(alignment: Alignment) -> dict[str, float]:
    return {
        "precision": alignment.precision,
        "recall": alignment.recall,
        "f1": alignment.f1,
    }


def _reason(alignment: Alignment) -> str:
    return (
        f"Precision {alignment.precision:.2f}, recall {alignment.recall:.2f}: "
        f"{len(alignment.matched)} matched, {len(alignment.missing)} missing, "
        f"{len(alignment.extra)} extra, {len(alignment.out_of_order)} out of order."
    )


def configure(parameters: Mapping[str, object]) -> TrajectoryScorer:
    """Make the scorer. Raise `InvalidParameters` if the expectation cannot be used."""
    return TrajectoryAlignment(
        read_expected(parameters),
        read_scope(parameters),
        cast("bool | None", parameters.get("ordered")),
        cast("str", parameters.get("figure", "f1")),
        cast("float | None", parameters.get("threshold")),
    )


TRAJECTORY_ALIGNMENT = BuiltInTrajectoryScorer(
    unit_interval(
        "trajectory_alignment",
        "How far the expected steps and the actual ones agree: precision, recall and F1 of the "
        "best alignment (the heaviest common subsequence, or the heaviest matching if order does "
        "not count).",
        {
            "figure": {
                "enum": ["f1", "precision", "recall"],
                "default": "f1",
                "description": "Which figure is the value; the evidence has all three.",
            },
            "ordered": {
                "type": "boolean",
                "description": "Whether order counts; by default it does, unless the expectation's "
                "ordering is unordered.",
            },
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
