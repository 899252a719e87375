"""What an agent did, as a tree of steps, and what evidence there is of it."""

from __future__ import annotations

import enum
from collections.abc import Iterator

import msgspec

from trialbook.services.trajectory.span import SpanRef
from trialbook.services.trajectory.step import Step


class TrajectorySource(enum.StrEnum):
    """What a trajectory was read from."""

    TRACE = "trace"
    MESSAGES = "messages"
    STEP_RESULTS = "step_results"
    REPORTED = "reported"


class TraceStatus(enum.StrEnum):
    """Whether the spans of a result are all there.

    A trace is COMPLETE when as many spans came as were announced, or its root came and nothing
    followed for a while; PARTIAL when the time for that was over; MISSING when no span came.
    """

    PENDING = "pending"
    COMPLETE = "complete"
    PARTIAL = "partial"
    MISSING = "missing"


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far a trajectory can be trusted. What is not known is said, never guessed.

    `complete` says that no step can be missing: all spans came, and none was rejected.
    `tools_observable` is False where tools may have been called that left no step (only model or
    agent spans came). `args_captured` is False if a tool call is there without its arguments, None
    without tool calls; `tokens_captured` likewise of model generations. The numbers count spans and
    attributes; `notes` are sentences for people.
    """

    complete: bool = True
    tools_observable: bool = True
    args_captured: bool | None = None
    tokens_captured: bool | None = None
    received_spans: int = 0
    expected_spans: int | None = None
    rejected_spans: int = 0
    dropped_attributes: int = 0
    truncated_values: int = 0
    missing_parents: int = 0
    broken_cycles: int = 0
    notes: tuple[str, ...] = ()


class Trajectory(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an agent did. `duration` is in microseconds, from the first start to the last end.

    `enclosing` is the span that the worker opened around the attempt, which is no step.
    """

    steps: tuple[Step, ...]
    source: TrajectorySource = TrajectorySource.TRACE
    evidence: Evidence = Evidence()
    duration: int | None = None
    trace_ids: tuple[str, ...] = ()
    enclosing: SpanRef | None = None
    normalizer_version: int = 0

    def walk(self) -> Iterator[Step]:
        """Go through all steps, depth first, parents before children."""
        for step in self.steps:
            yield from step.walk()
