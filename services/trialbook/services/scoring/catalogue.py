"""The built-in scorers by name: what there is, and how to make one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from trialbook.services.scoring.agnt5.scorers import AGNT5_SCORERS
from trialbook.services.scoring.agreement import AGREEMENT
from trialbook.services.scoring.assertions.structured_assertions import STRUCTURED_ASSERTIONS
from trialbook.services.scoring.contains import CONTAINS
from trialbook.services.scoring.description import (
    BuiltInRunScorer,
    BuiltInScorer,
    BuiltInTrajectoryScorer,
    Direction,
    RunJudge,
    RunScorer,
    Scorer,
    ScorerDescription,
    TrajectoryScorer,
)
from trialbook.services.scoring.exact_match import EXACT_MATCH
from trialbook.services.scoring.json_schema import JSON_SCHEMA
from trialbook.services.scoring.json_valid import JSON_VALID
from trialbook.services.scoring.judgement import Judgement, Sample
from trialbook.services.scoring.levenshtein import LEVENSHTEIN
from trialbook.services.scoring.mastra.scorers import MASTRA_SCORERS
from trialbook.services.scoring.not_evaluable import NotEvaluable
from trialbook.services.scoring.numeric_match import NUMERIC_MATCH
from trialbook.services.scoring.numeric_range import NUMERIC_RANGE
from trialbook.services.scoring.parameters import (
    InvalidParameters,
    UnknownScorer,
    Violation,
    read_parameters,
)
from trialbook.services.scoring.regex_match import REGEX_MATCH
from trialbook.services.scoring.trajectory.scorers import TRAJECTORY_SCORERS
from trialbook.services.scoring.trajectory_sample import TrajectorySample

__all__ = [
    "Direction",
    "InvalidParameters",
    "RunJudge",
    "RunScorer",
    "Scorer",
    "ScorerDescription",
    "TrajectoryScorer",
    "UnknownScorer",
    "Violation",
    "check_parameters",
    "configure",
    "configure_run",
    "configure_trajectory",
    "describe",
    "descriptions",
]

_BUILT_IN: dict[str, BuiltInScorer] = {
    scorer.description.name: scorer
    for scorer in (
        CONTAINS,
        EXACT_MATCH,
        JSON_SCHEMA,
        JSON_VALID,
        LEVENSHTEIN,
        NUMERIC_MATCH,
        NUMERIC_RANGE,
        REGEX_MATCH,
        STRUCTURED_ASSERTIONS,
    )
}
_OF_TRAJECTORIES: dict[str, BuiltInTrajectoryScorer] = {
    scorer.description.name: scorer
    for scorer in (*AGNT5_SCORERS, *MASTRA_SCORERS, *TRAJECTORY_SCORERS)
}
_OF_RUNS: dict[str, BuiltInRunScorer] = {AGREEMENT.description.name: AGREEMENT}
_DESCRIPTIONS: dict[str, ScorerDescription] = {
    name: scorer.description
    for name, scorer in sorted((_BUILT_IN | _OF_TRAJECTORIES | _OF_RUNS).items())
}


@dataclass(frozen=True, slots=True)
class _TotalScorer:
    """A scorer that answers every sample: what it cannot evaluate becomes a judgement too."""

    scorer: Scorer

    def __call__(self, sample: Sample) -> Judgement:
        """Judge one sample. Never raises."""
        try:
            return self.scorer(sample)
        except NotEvaluable as error:
            return error.judgement()


@dataclass(frozen=True, slots=True)
class _TotalTrajectoryScorer:
    """The same of a scorer of trajectories."""

    scorer: TrajectoryScorer

    def __call__(self, sample: TrajectorySample) -> Judgement:
        """Judge one sample. Never raises."""
        try:
            return self.scorer(sample)
        except NotEvaluable as error:
            return error.judgement()


def describe(name: str) -> ScorerDescription | None:
    """Return the description of a built-in scorer, or ``None`` if there is none of that name."""
    return _DESCRIPTIONS.get(name)


def descriptions() -> tuple[ScorerDescription, ...]:
    """Return the descriptions of all built-in scorers, sorted by name."""
    return tuple(_DESCRIPTIONS.values())


def configure(name: str, params_json: str) -> Scorer:
    """Make a scorer from its name and the JSON text of its parameters; empty text means none.

    The scorer is pure and never raises. Raise `UnknownScorer` if there is none of that name that
    judges results, and `InvalidParameters` with the field path of each parameter that is unknown,
    missing, of the wrong type, out of range or otherwise of no use.
    """
    built_in = _BUILT_IN.get(name)
    if built_in is None:
        raise _unknown(name, _BUILT_IN)
    parameters = read_parameters(built_in.description, params_json)
    return _TotalScorer(built_in.configure(parameters))


def configure_trajectory(name: str, params_json: str) -> TrajectoryScorer:
    """Make a scorer of trajectories, likewise."""
    built_in = _OF_TRAJECTORIES.get(name)
    if built_in is None:
        raise _unknown(name, _OF_TRAJECTORIES)
    parameters = read_parameters(built_in.description, params_json)
    return _TotalTrajectoryScorer(built_in.configure(parameters))


def configure_run(name: str, params_json: str) -> RunScorer:
    """Make a scorer of runs, likewise."""
    built_in = _OF_RUNS.get(name)
    if built_in is None:
        raise _unknown(name, _OF_RUNS)
    return built_in.configure(read_parameters(built_in.description, params_json))


def check_parameters(name: str, params_json: str) -> None:
    """Raise what `configure`, `configure_trajectory` or `configure_run` would."""
    if name in _OF_RUNS:
        configure_run(name, params_json)
    elif name in _OF_TRAJECTORIES:
        configure_trajectory(name, params_json)
    else:
        configure(name, params_json)


def _unknown(name: str, known: Iterable[str]) -> UnknownScorer:
    return UnknownScorer(name, tuple(difflib.get_close_matches(name[:100], known, n=3)))
