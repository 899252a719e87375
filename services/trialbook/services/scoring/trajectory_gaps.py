"""What evidence a trajectory lacks, as the reason for giving no score.

A verdict that the missing evidence could turn is none. Each function raises `NotEvaluable` with the
label that names what is missing.
"""

from __future__ import annotations

from trialbook.services.scoring.not_evaluable import NotEvaluable
from trialbook.services.scoring.trajectory.gap import DURATION, MODELS, TOKENS, Gap, step_gap
from trialbook.services.trajectory.step import TOOL_CALLS, StepType
from trialbook.services.trajectory.trajectory import Trajectory, TrajectorySource

_SHOWING_MODELS = (TrajectorySource.TRACE, TrajectorySource.MESSAGES)
_MODELS = frozenset({StepType.MODEL_GENERATION})


def require_tools(trajectory: Trajectory) -> None:
    """Raise unless every tool call is known to be there."""
    _require(step_gap(trajectory, TOOL_CALLS))


def require_models(trajectory: Trajectory) -> None:
    """Raise unless every model call is known to be there (also `models_not_observable`)."""
    _require(step_gap(trajectory, _MODELS))
    if trajectory.source not in _SHOWING_MODELS and not _generations(trajectory):
        _require(MODELS)


def require_tokens(trajectory: Trajectory) -> None:
    """Raise unless the tokens of all model calls are known (also `tokens_not_captured`)."""
    require_models(trajectory)
    generations = _generations(trajectory)
    # Where no model call shows, none of the tokens that were used does.
    if not generations or not all(generations):
        _require(TOKENS)


def require_duration(trajectory: Trajectory) -> None:
    """Raise unless it is known how long it took (also `duration_not_captured`)."""
    _require(step_gap(trajectory, _MODELS))
    if trajectory.duration is None:
        _require(DURATION)


def _generations(trajectory: Trajectory) -> list[bool]:
    """Return for each model call whether its tokens are known."""
    return [
        step.tokens is not None and None not in (step.tokens.input, step.tokens.output)
        for step in trajectory.walk()
        if step.step_type is StepType.MODEL_GENERATION
    ]


def _require(gap: Gap | None) -> None:
    if gap is not None:
        raise NotEvaluable(gap.label, gap.reason)
