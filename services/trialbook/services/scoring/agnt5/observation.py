"""What a scorer of traces has before it: AGNT5's own context, or one made of a trajectory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from trialbook.services.scoring.agnt5.built_context import build_context
from trialbook.services.scoring.agnt5.context import TraceContext, artifact_error, read_context
from trialbook.services.scoring.agnt5.reported import reported_context
from trialbook.services.scoring.trajectory_sample import TrajectorySample
from trialbook.services.trajectory.step import Step
from trialbook.services.trajectory.trajectory import Trajectory


@dataclass(frozen=True, slots=True)
class Observation:
    """A trace context and where it comes from.

    `trajectory` is None where AGNT5's own context was reported, which counts as it stands. Else
    `steps` are the trajectory's steps that the context's execution steps were made of, in order.
    """

    context: TraceContext
    trajectory: Trajectory | None = None
    steps: tuple[Step, ...] = ()

    def require(self, gap: Callable[[Trajectory], None]) -> None:
        """Raise `NotEvaluable` if the trajectory lacks evidence; a context says nothing of that."""
        if self.trajectory is not None:
            gap(self.trajectory)


def observe(sample: TrajectorySample) -> Observation:
    """Return what there is to judge.

    Raise `NotEvaluable` with the label `artifact_error` if a context was reported that is invalid,
    or if there is neither a context nor a trajectory.
    """
    raw = reported_context(sample)
    if raw is not None:
        return Observation(read_context(raw))
    if sample.found is None:
        raise artifact_error(sample.why_missing or "Nothing tells what the target did.")
    context, steps = build_context(sample.found)
    return Observation(context, sample.found, steps)
