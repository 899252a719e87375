"""Trajectories as the JSON in which tasks bring them to scorers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, TypeVar

import msgspec

from trialbook.client.models.trace import SpanRef
from trialbook.client.models.trajectory import (
    StepSource,
    StepType,
    Trajectory,
    TrajectoryEvidence,
    TrajectorySource,
    TrajectoryStep,
)

MemberT = TypeVar("MemberT", bound=StrEnum)

_MICROSECONDS: Final = 1e6
_NANOSECONDS: Final = 1e9
_ABSENT: Final = msgspec.Raw()


class _TrajectoryJson(msgspec.Struct):
    """A trajectory as it is written. Durations are in microseconds."""

    steps: list[_StepJson] = []
    source: str = TrajectorySource.TRACE.value
    evidence: dict[str, Any] = {}
    duration: float | None = None
    normalizer_version: int = 0


class _StepJson(msgspec.Struct):
    """A step as it is written; `start` is in nanoseconds since the epoch."""

    step_type: str
    name: str
    args: msgspec.Raw = _ABSENT
    output: msgspec.Raw = _ABSENT
    success: bool | None = None
    error: str | None = None
    tokens: dict[str, int | None] | None = None
    model: str | None = None
    agent: str | None = None
    call_id: str | None = None
    start: int | None = None
    duration: float | None = None
    parallel_group: int | None = None
    attributes: msgspec.Raw = _ABSENT
    spans: list[dict[str, str]] = []
    rule: str = ""
    source: str = StepSource.SPAN.value
    missing: list[str] = []
    children: list[_StepJson] = []


_decoder: Final = msgspec.json.Decoder(_TrajectoryJson)


def read_trajectory(text: str) -> Trajectory:
    """Read a trajectory from JSON; what this version does not know in it is left out.

    ValueError if it is none.
    """
    written = _decoder.decode(text)
    return Trajectory(
        steps=_nested(written.steps),
        source=_member(TrajectorySource, written.source),
        evidence=_evidence(written.evidence),
        duration=None if written.duration is None else written.duration / _MICROSECONDS,
        normalizer_version=written.normalizer_version,
    )


def _nested(top: list[_StepJson]) -> tuple[TrajectoryStep, ...]:
    """Return steps with those below them; trees may be deeper than Python recurses."""
    order: list[tuple[_StepJson, int]] = []
    stack = [(step, 0) for step in reversed(top)]
    while stack:
        written, parent = stack.pop()
        order.append((written, parent))
        stack += [(child, len(order)) for child in reversed(written.children)]
    below: dict[int, list[TrajectoryStep]] = {}
    for place in range(len(order), 0, -1):
        written, parent = order[place - 1]
        children = tuple(reversed(below.pop(place, [])))
        below.setdefault(parent, []).append(_step(written, place, parent, children))
    return tuple(reversed(below.get(0, [])))


def _step(
    written: _StepJson, place: int, parent: int, children: tuple[TrajectoryStep, ...]
) -> TrajectoryStep:
    tokens = written.tokens or {}
    start = written.start
    return TrajectoryStep(
        place=place,
        parent=parent,
        step_type=_member(StepType, written.step_type),
        name=written.name,
        args_json=_text(written.args),
        output_json=_text(written.output),
        success=written.success,
        error=written.error or "",
        input_tokens=tokens.get("input"),
        output_tokens=tokens.get("output"),
        model=written.model or "",
        agent=written.agent or "",
        call_id=written.call_id or "",
        start_time=None if start is None else datetime.fromtimestamp(start / _NANOSECONDS, UTC),
        duration=None if written.duration is None else written.duration / _MICROSECONDS,
        parallel_group=written.parallel_group or 0,
        attributes_json=_text(written.attributes),
        spans=tuple(SpanRef(span["trace_id"], span["span_id"]) for span in written.spans),
        rule=written.rule,
        source=_member(StepSource, written.source),
        missing=tuple(written.missing),
        children=children,
    )


def _evidence(written: Mapping[str, Any]) -> TrajectoryEvidence:
    return TrajectoryEvidence(
        complete=written.get("complete", True),
        tools_observable=written.get("tools_observable", True),
        args_captured=written.get("args_captured"),
        tokens_captured=written.get("tokens_captured"),
        received_spans=written.get("received_spans", 0),
        expected_spans=written.get("expected_spans"),
        rejected_spans=written.get("rejected_spans", 0),
        dropped_attributes=written.get("dropped_attributes", 0),
        truncated_values=written.get("truncated_values", 0),
        missing_parents=written.get("missing_parents", 0),
        notes=tuple(written.get("notes", ())),
    )


def _member(members: type[MemberT], value: str) -> MemberT:
    """Return a member by its value; UNSPECIFIED for one of a newer server."""
    try:
        return members(value)
    except ValueError:
        return members("unspecified")


def _text(raw: msgspec.Raw) -> str | None:
    return bytes(raw).decode() or None
