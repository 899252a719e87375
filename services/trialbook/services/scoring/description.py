"""How a built-in scorer describes itself."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from trialbook.services.domain.experiment import ScorerScope
from trialbook.services.scoring.judgement import Judgement, Sample
from trialbook.services.scoring.trajectory_sample import TrajectorySample


class Direction(enum.StrEnum):
    """Which way a scorer's value is better."""

    HIGHER_IS_BETTER = "higher_is_better"
    LOWER_IS_BETTER = "lower_is_better"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ScorerDescription:
    """What a scorer is called, takes and gives.

    ``params_schema`` is a JSON Schema (2020-12) of the parameters object. ``minimum`` and
    ``maximum`` bound the value, ``None`` where it is open. ``needs_expected`` says that an item
    without an expected value is not evaluable. ``scope`` is item for those that judge results, and
    steps of them; trajectory for those that judge what the target did; run for those that judge a
    run as a whole.
    """

    name: str
    version: int
    summary: str
    params_schema: dict[str, object]
    direction: Direction
    minimum: float | None
    maximum: float | None
    needs_expected: bool
    scope: ScorerScope = ScorerScope.ITEM


class Scorer(Protocol):
    """A configured scorer: pure, and safe to call from several threads."""

    def __call__(self, sample: Sample) -> Judgement:
        """Judge one sample."""
        ...


class TrajectoryScorer(Protocol):
    """A configured scorer of trajectories: pure, and safe to call from several threads."""

    def __call__(self, sample: TrajectorySample) -> Judgement:
        """Judge what was done for one result."""
        ...


class RunJudge(Protocol):
    """Judges one run: it is shown the results one by one, then says what it makes of them."""

    def add(self, sample: Sample) -> None:
        """Take in one result."""
        ...

    def judgement(self) -> Judgement:
        """Judge what was taken in."""
        ...


RunScorer = Callable[[], RunJudge]
"""A configured scorer of runs: makes the judge of one run."""


@dataclass(frozen=True, slots=True)
class BuiltInScorer:
    """A description and the function that makes a scorer from parameters that fit its schema."""

    description: ScorerDescription
    configure: Callable[[Mapping[str, object]], Scorer]


@dataclass(frozen=True, slots=True)
class BuiltInTrajectoryScorer:
    """The same for a scorer of the scope trajectory."""

    description: ScorerDescription
    configure: Callable[[Mapping[str, object]], TrajectoryScorer]


@dataclass(frozen=True, slots=True)
class BuiltInRunScorer:
    """The same for a scorer of the scope run."""

    description: ScorerDescription
    configure: Callable[[Mapping[str, object]], RunScorer]


def unit_interval(
    name: str,
    summary: str,
    properties: dict[str, object],
    *,
    required: tuple[str, ...] = (),
    constraints: dict[str, object] | None = None,
    needs_expected: bool = False,
    scope: ScorerScope = ScorerScope.ITEM,
) -> ScorerDescription:
    """Describe version 1 of a scorer whose value runs from 0 to 1, higher being better.

    ``constraints`` are keywords that the parameters as a whole must fulfil besides; the scorer's
    ``configure`` checks them.
    """
    params_schema: dict[str, object] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
        **(constraints or {}),
    }
    return ScorerDescription(
        name=name,
        version=1,
        summary=summary,
        params_schema=params_schema,
        direction=Direction.HIGHER_IS_BETTER,
        minimum=0.0,
        maximum=1.0,
        needs_expected=needs_expected,
        scope=scope,
    )


CASE_SENSITIVE: dict[str, object] = {
    "type": "boolean",
    "default": True,
    "description": "Whether upper and lower case differ; if not, both sides are case-folded.",
}
"""The parameter that several text scorers share."""
