"""code_trajectory_accuracy_scorer: how many of the expected steps were done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

import msgspec

from trialbook.services.domain.experiment import ScorerScope
from trialbook.services.scoring.bounded_evidence import bounded_evidence
from trialbook.services.scoring.description import BuiltInTrajectoryScorer, unit_interval
from trialbook.services.scoring.expectation.expectation import (
    Expectation,
    ExpectedStep,
    Ordering,
)
from trialbook.services.scoring.judgement import Judgement, ScoreStatus
from trialbook.services.scoring.mastra.comparison import Comparison, compare_trajectories
from trialbook.services.scoring.mastra.expectation import (
    item_expectation,
    overlaid,
    own_steps,
)
from trialbook.services.scoring.mastra.level_words import accuracy_words
from trialbook.services.scoring.mastra.reading import mastra_trajectory
from trialbook.services.scoring.mastra.threshold import THRESHOLD, passes
from trialbook.services.scoring.not_evaluable import NotEvaluable
from trialbook.services.scoring.trajectory.gap import NO_EXPECTATION
from trialbook.services.scoring.trajectory_gaps import require_tools
from trialbook.services.scoring.trajectory_sample import TrajectorySample


@dataclass(frozen=True, slots=True)
class CodeTrajectoryAccuracyScorer:
    """Mastra's accuracy scorer.

    `steps` go before those of the item, `options` behind what the item states of the comparison.
    """

    steps: tuple[ExpectedStep, ...] | None
    options: Expectation
    threshold: float | None

    def __call__(self, sample: TrajectorySample) -> Judgement:
        """Score one trajectory."""
        expectation = self._expectation(sample)
        if expectation.steps is None:
            raise NotEvaluable(NO_EXPECTATION.label, NO_EXPECTATION.reason)
        trajectory = mastra_trajectory(sample)
        comparison = compare_trajectories(
            trajectory,
            expectation.steps,
            ordering=expectation.ordering,
            allow_repeated_steps=expectation.allow_repeated_steps,
        )
        if trajectory.observed is not None and not _is_settled(comparison, expectation):
            require_tools(trajectory.observed)
        return Judgement(
            ScoreStatus.SCORED,
            comparison.score,
            passes(comparison.score, self.threshold),
            "",
            accuracy_words(comparison),
            bounded_evidence(_evidence(comparison, expectation) | trajectory.seen()),
        )

    def _expectation(self, sample: TrajectorySample) -> Expectation:
        expectation = overlaid(self.options, item_expectation(sample))
        return expectation if self.steps is None else replace(expectation, steps=self.steps)


def _is_settled(comparison: Comparison, expectation: Expectation) -> bool:
    """Tell whether further steps could not lower the score: all expected ones were matched."""
    strict = expectation.ordering is Ordering.STRICT or not expectation.allow_repeated_steps
    return comparison.score == 1.0 and not strict and bool(expectation.steps)


def _evidence(comparison: Comparison, expectation: Expectation) -> dict[str, object]:
    fields = cast("dict[str, object]", msgspec.to_builtins(comparison))
    return {"ordering": expectation.ordering.value, **fields}


class _Options(msgspec.Struct, frozen=True, rename="camel"):
    ordering: Ordering = Ordering.RELAXED
    allow_repeated_steps: bool = True


def configure(parameters: Mapping[str, object]) -> CodeTrajectoryAccuracyScorer:
    """Make the scorer. Raise `InvalidParameters` if the expected trajectory cannot be read."""
    options = msgspec.convert(parameters.get("comparisonOptions", {}), _Options)
    steps = None
    if "expectedTrajectory" in parameters:
        steps = own_steps(parameters["expectedTrajectory"], "expectedTrajectory")
    return CodeTrajectoryAccuracyScorer(
        steps,
        Expectation(ordering=options.ordering, allow_repeated_steps=options.allow_repeated_steps),
        cast("float | None", parameters.get("threshold")),
    )


CODE_TRAJECTORY_ACCURACY_SCORER = BuiltInTrajectoryScorer(
    unit_interval(
        "code_trajectory_accuracy_scorer",
        "Mastra's trajectory accuracy scorer: the share of the expected steps that were done, "
        "matched greedily, at the top level.",
        {
            "expectedTrajectory": {
                "type": ["array", "object"],
                "description": "The expected steps, or a recorded trajectory with `steps`; by "
                "default those of the item's expected trajectory.",
            },
            "comparisonOptions": {
                "type": "object",
                "properties": {
                    "ordering": {
                        "enum": [each.value for each in Ordering],
                        "default": Ordering.RELAXED.value,
                    },
                    "allowRepeatedSteps": {"type": "boolean", "default": True},
                },
                "additionalProperties": False,
                "description": "How the steps are compared, where the item does not say.",
            },
            "threshold": THRESHOLD,
        },
        scope=ScorerScope.TRAJECTORY,
    ),
    configure,
)
