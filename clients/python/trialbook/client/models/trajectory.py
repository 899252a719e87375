"""Trajectories: what targets did, step by step, and how far that can be trusted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from trialbook.client.models.codec import (
    EnumCodec,
    json_of,
    optional_flag,
    optional_seconds,
    optional_time,
)
from trialbook.client.models.trace import SpanRef
from trialbook.client.payload import decode
from trialbook.v1 import trace_pb2


class StepType(StrEnum):
    """What a step of a trajectory is."""

    UNSPECIFIED = "unspecified"
    TOOL_CALL = "tool_call"
    MCP_TOOL_CALL = "mcp_tool_call"
    MODEL_GENERATION = "model_generation"
    AGENT_RUN = "agent_run"
    WORKFLOW_RUN = "workflow_run"
    WORKFLOW_STEP = "workflow_step"
    WORKFLOW_PARALLEL = "workflow_parallel"
    WORKFLOW_CONDITIONAL = "workflow_conditional"
    WORKFLOW_LOOP = "workflow_loop"
    WORKFLOW_SLEEP = "workflow_sleep"
    WORKFLOW_WAIT_EVENT = "workflow_wait_event"
    PROCESSOR_RUN = "processor_run"
    HANDOFF = "handoff"
    RETRIEVAL = "retrieval"
    EMBEDDING = "embedding"
    PLAN = "plan"
    MEMORY = "memory"
    RERANK = "rerank"
    GUARDRAIL = "guardrail"


class StepSource(StrEnum):
    """Where a step was read from."""

    UNSPECIFIED = "unspecified"
    SPAN = "span"
    MESSAGE_PARTS = "message_parts"
    MESSAGES = "messages"
    STEP_RESULT = "step_result"
    REPORTED = "reported"


class TrajectorySource(StrEnum):
    """Where a trajectory was read from."""

    UNSPECIFIED = "unspecified"
    TRACE = "trace"
    MESSAGES = "messages"
    STEP_RESULTS = "step_results"
    REPORTED = "reported"


STEP_TYPES: Final = EnumCodec(StepType, trace_pb2.StepType, "STEP_TYPE")
STEP_SOURCES: Final = EnumCodec(StepSource, trace_pb2.StepSource, "STEP_SOURCE")
TRAJECTORY_SOURCES: Final = EnumCodec(
    TrajectorySource, trace_pb2.TrajectorySource, "TRAJECTORY_SOURCE"
)


@dataclass(frozen=True, slots=True)
class TrajectoryStep:
    """One thing that a target did. What is not known is None.

    `place` and `parent` count the steps of the trajectory from 1, depth first; the parent is 0 for
    a step at the top. `duration` is in seconds. Steps below one parent with the same
    `parallel_group` ran side by side, 0 is none. `spans` are what it was made of, the one that
    counts first, and `rule` is what made it; `missing` names the evidence that it lacks.
    """

    place: int
    parent: int
    step_type: StepType
    name: str
    args_json: str | None
    output_json: str | None
    success: bool | None
    error: str
    input_tokens: int | None
    output_tokens: int | None
    model: str
    agent: str
    call_id: str
    start_time: datetime | None
    duration: float | None
    parallel_group: int
    attributes_json: str | None
    spans: tuple[SpanRef, ...]
    rule: str
    source: StepSource
    missing: tuple[str, ...]
    children: tuple[TrajectoryStep, ...] = ()

    @property
    def args(self) -> Any:
        """Its arguments; None if they were not captured."""
        return None if self.args_json is None else decode(self.args_json)

    @property
    def output(self) -> Any:
        """What came of it; None if that was not captured."""
        return None if self.output_json is None else decode(self.output_json)

    @property
    def attributes(self) -> dict[str, Any]:
        """What else is known of it, by its type."""
        return {} if self.attributes_json is None else decode(self.attributes_json)

    def walk(self) -> Iterator[TrajectoryStep]:
        """Go through this step and all below it, depth first, parents before children."""
        stack: list[TrajectoryStep] = [self]
        while stack:
            step = stack.pop()
            yield step
            stack += reversed(step.children)

    @classmethod
    def from_message(
        cls,
        message: trace_pb2.TrajectoryStep,
        place: int = 1,
        children: tuple[TrajectoryStep, ...] = (),
    ) -> TrajectoryStep:
        """Read it from the contract's message."""
        return cls(
            place=place,
            parent=message.parent,
            step_type=STEP_TYPES.member(message.step_type),
            name=message.name,
            args_json=json_of(message.args),
            output_json=json_of(message.output),
            success=optional_flag(message, "success"),
            error=message.error,
            input_tokens=message.input_tokens if message.HasField("input_tokens") else None,
            output_tokens=message.output_tokens if message.HasField("output_tokens") else None,
            model=message.model,
            agent=message.agent,
            call_id=message.call_id,
            start_time=optional_time(message, "start_time"),
            duration=optional_seconds(message, "duration"),
            parallel_group=message.parallel_group,
            attributes_json=json_of(message.attributes),
            spans=tuple(map(SpanRef.from_message, message.spans)),
            rule=message.rule,
            source=STEP_SOURCES.member(message.source),
            missing=tuple(message.missing),
            children=children,
        )


@dataclass(frozen=True, slots=True)
class TrajectoryEvidence:
    """How far a trajectory can be trusted: what came, what did not, and what that may hide.

    `args_captured` is None without tool calls, `tokens_captured` without model generations.
    """

    complete: bool
    tools_observable: bool
    args_captured: bool | None
    tokens_captured: bool | None
    received_spans: int
    expected_spans: int | None
    rejected_spans: int
    dropped_attributes: int
    truncated_values: int
    missing_parents: int
    notes: tuple[str, ...]

    @classmethod
    def from_message(cls, message: trace_pb2.TrajectoryEvidence) -> TrajectoryEvidence:
        """Read it from the contract's message."""
        expected = message.expected_spans if message.HasField("expected_spans") else None
        return cls(
            complete=message.complete,
            tools_observable=message.tools_observable,
            args_captured=optional_flag(message, "args_captured"),
            tokens_captured=optional_flag(message, "tokens_captured"),
            received_spans=message.received_spans,
            expected_spans=expected,
            rejected_spans=message.rejected_spans,
            dropped_attributes=message.dropped_attributes,
            truncated_values=message.truncated_values,
            missing_parents=message.missing_parents,
            notes=tuple(message.notes),
        )


@dataclass(frozen=True, slots=True)
class Trajectory:
    """What a target did: the steps at the top, each with those below it.

    `duration` is in seconds, from the first start to the last end, None if that is not known;
    `normalizer_version` is 0 for what was not read from spans.
    """

    steps: tuple[TrajectoryStep, ...]
    source: TrajectorySource
    evidence: TrajectoryEvidence
    duration: float | None
    normalizer_version: int

    def walk(self) -> Iterator[TrajectoryStep]:
        """Go through all steps, depth first, parents before children."""
        for step in self.steps:
            yield from step.walk()

    @classmethod
    def from_message(cls, message: trace_pb2.Trajectory) -> Trajectory:
        """Read it from the contract's message."""
        return cls(
            steps=_nested(message.steps),
            source=TRAJECTORY_SOURCES.member(message.source),
            evidence=TrajectoryEvidence.from_message(message.evidence),
            duration=optional_seconds(message, "duration"),
            normalizer_version=message.normalizer_version,
        )


def _nested(messages: Sequence[trace_pb2.TrajectoryStep]) -> tuple[TrajectoryStep, ...]:
    """Return the steps at the top of a list in which each stands after its parent."""
    below: dict[int, list[TrajectoryStep]] = {}
    for place in range(len(messages), 0, -1):
        message = messages[place - 1]
        children = tuple(reversed(below.pop(place, [])))
        step = TrajectoryStep.from_message(message, place, children)
        below.setdefault(message.parent, []).append(step)
    return tuple(reversed(below.get(0, [])))
