"""code_trajectory_scorer: accuracy, efficiency, tool failures and blacklist in one score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import msgspec

from trialbook.services.domain.experiment import ScorerScope
from trialbook.services.scoring.bounded_evidence import bounded_evidence
from trialbook.services.scoring.description import BuiltInTrajectoryScorer, unit_interval
from trialbook.services.scoring.expectation.expectation import Expectation
from trialbook.services.scoring.judgement import Judgement, ScoreStatus
from trialbook.services.scoring.mastra.expectation import (
    forbidden_only,
    item_expectation,
    overlaid,
    own_expectation,
)
from trialbook.services.scoring.mastra.level import Level, Weights, evaluate
from trialbook.services.scoring.mastra.level_words import level_words
from trialbook.services.scoring.mastra.reading import mastra_trajectory
from trialbook.services.scoring.mastra.shape import MastraTrajectory
from trialbook.services.scoring.mastra.threshold import THRESHOLD, passes
from trialbook.services.scoring.not_evaluable import NotEvaluable
from trialbook.services.scoring.trajectory_gaps import require_tools
from trialbook.services.scoring.trajectory_sample import TrajectorySample


@dataclass(frozen=True, slots=True)
class CodeTrajectoryScorer:
    """Mastra's unified scorer. What the item states goes before the defaults."""

    defaults: Expectation
    weights: Weights
    threshold: float | None

    def __call__(self, sample: TrajectorySample) -> Judgement:
        """Score one trajectory."""
        expectation = overlaid(self.defaults, item_expectation(sample))
        trajectory = mastra_trajectory(sample)
        level = self._evaluated(trajectory, expectation)
        fields = cast("dict[str, object]", msgspec.to_builtins(level))
        fields.pop("stepName")
        return Judgement(
            ScoreStatus.SCORED,
            level.score,
            passes(level.score, self.threshold),
            "blacklist_violation" if level.is_violated else "",
            level_words(level),
            bounded_evidence(fields | trajectory.seen()),
        )

    def _evaluated(self, trajectory: MastraTrajectory, expectation: Expectation) -> Level:
        """Evaluate it; what was forbidden and done is so, whatever other evidence is missing."""
        if trajectory.observed is None:
            return evaluate("", trajectory, expectation, self.weights)
        try:
            level = evaluate("", trajectory, expectation, self.weights)
            if not level.is_violated:
                require_tools(trajectory.observed)
        except NotEvaluable:
            level = evaluate("", trajectory, forbidden_only(expectation), self.weights)
            if not level.is_violated:
                raise
        return level


class _Weights(msgspec.Struct, frozen=True, rename="camel"):
    accuracy: float = 0.4
    efficiency: float = 0.3
    tool_failures: float = 0.2
    blacklist: float = 0.1


def configure(parameters: Mapping[str, object]) -> CodeTrajectoryScorer:
    """Make the scorer. Raise `InvalidParameters` if the defaults cannot be read."""
    weights = msgspec.convert(parameters.get("weights", {}), _Weights)
    return CodeTrajectoryScorer(
        own_expectation(parameters.get("defaults", {}), "defaults"),
        Weights(**msgspec.structs.asdict(weights)),
        cast("float | None", parameters.get("threshold")),
    )


_WEIGHT: dict[str, object] = {"type": "number", "description": "Less than 0 counts as 0."}

CODE_TRAJECTORY_SCORER = BuiltInTrajectoryScorer(
    unit_interval(
        "code_trajectory_scorer",
        "Mastra's unified trajectory scorer: the weighted mean of accuracy, efficiency, tool "
        "failures and blacklist, of those that the expectation asks for. A blacklist that is "
        "violated, at any depth, makes it 0.",
        {
            "defaults": {
                "type": "object",
                "description": "The expectation, in Mastra's form; what the item's expected "
                "trajectory states goes before it.",
            },
            "weights": {
                "type": "object",
                "properties": {
                    "accuracy": {**_WEIGHT, "default": 0.4},
                    "efficiency": {**_WEIGHT, "default": 0.3},
                    "toolFailures": {**_WEIGHT, "default": 0.2},
                    "blacklist": {**_WEIGHT, "default": 0.1},
                },
                "additionalProperties": False,
                "description": "How much each dimension counts; those that are active share the "
                "whole.",
            },
            "threshold": THRESHOLD,
        },
        scope=ScorerScope.TRAJECTORY,
    ),
    configure,
)
