"""What targets did, beside what they should have done."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from trialbook.client.models.codec import EnumCodec, json_of
from trialbook.client.models.trace import TraceLink, TraceState
from trialbook.client.models.trajectory import Trajectory, TrajectoryStep
from trialbook.client.payload import decode
from trialbook.v1 import trace_service_pb2


class StepMatch(StrEnum):
    """What became of one expected or actual step."""

    UNSPECIFIED = "unspecified"
    MATCHED = "matched"
    MISSING = "missing"
    EXTRA = "extra"
    OUT_OF_ORDER = "out_of_order"
    DIFFERENT = "different"


STEP_MATCHES: Final = EnumCodec(StepMatch, trace_service_pb2.StepMatch, "STEP_MATCH")


@dataclass(frozen=True, slots=True)
class FoundTrajectory:
    """What a target did, if anything tells, and what is known of its trace.

    `trajectory` is None where nothing tells; `why_missing` then says why.
    """

    trajectory: Trajectory | None
    state: TraceState
    why_missing: str
    links: tuple[TraceLink, ...]

    @classmethod
    def from_message(cls, message: trace_service_pb2.GetTrajectoryResponse) -> FoundTrajectory:
        """Read it from the contract's message."""
        found = message.HasField("trajectory")
        return cls(
            trajectory=Trajectory.from_message(message.trajectory) if found else None,
            state=TraceState.from_message(message.state),
            why_missing=message.why_missing,
            links=tuple(map(TraceLink.from_message, message.links)),
        )


@dataclass(frozen=True, slots=True)
class StepDifference:
    """One line of a comparison: an expected step, the one that was done, or both.

    `argument_differences` are sentences, one a difference.
    """

    match: StepMatch
    expected_json: str | None
    step: TrajectoryStep | None
    argument_differences: tuple[str, ...]

    @property
    def expected(self) -> Any:
        """The expected step; None if none was."""
        return None if self.expected_json is None else decode(self.expected_json)


@dataclass(frozen=True, slots=True)
class TrajectoryDiff:
    """What was expected beside what was done, in the order of what was done.

    `precision` is how many of the steps that were done were expected, `recall` how many of the
    expected ones were done, both from 0 to 1.
    """

    differences: tuple[StepDifference, ...]
    trajectory: Trajectory
    precision: float
    recall: float
    links: tuple[TraceLink, ...]

    @classmethod
    def from_message(cls, message: trace_service_pb2.DiffTrajectoryResponse) -> TrajectoryDiff:
        """Read it from the contract's message."""
        trajectory = Trajectory.from_message(message.trajectory)
        steps = {step.place: step for step in trajectory.walk()}
        return cls(
            differences=tuple(
                StepDifference(
                    match=STEP_MATCHES.member(difference.match),
                    expected_json=json_of(difference.expected),
                    step=steps.get(difference.step),
                    argument_differences=tuple(difference.argument_differences),
                )
                for difference in message.differences
            ),
            trajectory=trajectory,
            precision=message.precision,
            recall=message.recall,
            links=tuple(map(TraceLink.from_message, message.links)),
        )
