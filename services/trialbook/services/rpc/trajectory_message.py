"""Trajectories on the wire."""

from __future__ import annotations

from typing import Any

import msgspec

from trialbook.services.rpc.payload import write_duration
from trialbook.services.trajectory.span import SpanRef
from trialbook.services.trajectory.step import Step, StepSource, StepType, Tokens
from trialbook.services.trajectory.trajectory import Evidence, Trajectory, TrajectorySource
from trialbook.v1 import trace_pb2 as pb
from trialbook.v1.payload_pb2 import Payload

MOST_BYTES = 16 * 1024 * 1024
"""What the arguments, outputs, errors and attributes of one answer may come to."""

_STEP_TYPES = {kind: f"STEP_TYPE_{kind.name}" for kind in StepType}
_STEP_SOURCES = {source: f"STEP_SOURCE_{source.name}" for source in StepSource}
_SOURCES = {source: f"TRAJECTORY_SOURCE_{source.name}" for source in TrajectorySource}
_NO_TOKENS = Tokens()
_LARGEST_COUNT = 2**31 - 1


def to_trajectory(trajectory: Trajectory) -> pb.Trajectory:
    """Return a trajectory for the wire: its steps depth first, each with the place of its parent.

    Where all arguments, outputs, errors and attributes come to too much, those of later steps are
    left out, and a note says so.
    """
    room = _Room()
    steps: list[pb.TrajectoryStep] = []
    stack = [(step, 0) for step in reversed(trajectory.steps)]
    while stack:
        step, parent = stack.pop()
        steps.append(_to_step(step, parent, room))
        place = len(steps)
        stack += [(child, place) for child in reversed(step.children)]
    evidence = _to_evidence(trajectory.evidence)
    if room.refused:
        evidence.notes.append(
            f"{room.refused:,} arguments, outputs, errors or attributes are left out here, since "
            f"all of them come to more than {MOST_BYTES >> 20} MiB; the spans have them."
        )
    return pb.Trajectory(
        steps=steps,
        source=_SOURCES[trajectory.source],
        evidence=evidence,
        duration=write_duration(trajectory.duration),
        normalizer_version=trajectory.normalizer_version,
    )


class _Room:
    """Writes values as long as there is room for them, and counts those that found none."""

    def __init__(self) -> None:
        self._left = MOST_BYTES
        self.refused = 0

    def payload(self, value: Any) -> Payload | None:
        if value is msgspec.UNSET:
            return None
        text = self.text(msgspec.json.encode(value).decode())
        return Payload(json=text) if text else None

    def text(self, text: str) -> str:
        self._left -= len(text.encode())
        if self._left >= 0:
            return text
        self.refused += 1
        return ""


def _to_step(step: Step, parent: int, room: _Room) -> pb.TrajectoryStep:
    tokens = step.tokens or _NO_TOKENS
    message = pb.TrajectoryStep(
        step_type=_STEP_TYPES[step.step_type],
        name=step.name,
        parent=parent,
        args=room.payload(step.args),
        output=room.payload(step.output),
        success=step.success,
        error=room.text(step.error or ""),
        input_tokens=tokens.input,
        output_tokens=tokens.output,
        model=step.model or "",
        agent=step.agent or "",
        call_id=step.call_id or "",
        duration=write_duration(step.duration),
        parallel_group=step.parallel_group or 0,
        attributes=room.payload(step.attributes or msgspec.UNSET),
        spans=map(to_span_ref, step.spans),
        rule=step.rule,
        source=_STEP_SOURCES[step.source],
        missing=step.missing,
    )
    if step.start is not None:
        message.start_time.FromNanoseconds(step.start)
    return message


def _to_evidence(evidence: Evidence) -> pb.TrajectoryEvidence:
    return pb.TrajectoryEvidence(
        complete=evidence.complete,
        tools_observable=evidence.tools_observable,
        args_captured=evidence.args_captured,
        tokens_captured=evidence.tokens_captured,
        received_spans=evidence.received_spans,
        expected_spans=evidence.expected_spans,
        rejected_spans=clipped(evidence.rejected_spans),
        dropped_attributes=clipped(evidence.dropped_attributes),
        truncated_values=clipped(evidence.truncated_values),
        missing_parents=evidence.missing_parents,
        notes=evidence.notes,
    )


def clipped(count: int) -> int:
    """Return a count as far as the wire has room: senders may claim any number."""
    return min(count, _LARGEST_COUNT)


def to_span_ref(span: SpanRef) -> pb.SpanRef:
    """Return the name of a span for the wire."""
    return pb.SpanRef(trace_id=span.trace_id, span_id=span.span_id)
