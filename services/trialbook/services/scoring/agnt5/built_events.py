"""AGNT5's trace events, made of a trajectory of ours.

Each step of a type that AGNT5 knows begins with `started` and ends with `completed` or `failed`;
what it contains lies between. All of it lies within one run.
"""

from __future__ import annotations

from collections.abc import Iterator

from trialbook.services.scoring.agnt5.trace_event import TraceEvent
from trialbook.services.trajectory.step import Step, StepType
from trialbook.services.trajectory.trajectory import Trajectory

_COMPONENTS = {
    StepType.MODEL_GENERATION: "lm",
    StepType.TOOL_CALL: "tool",
    StepType.MCP_TOOL_CALL: "tool",
    StepType.AGENT_RUN: "agent",
    StepType.WORKFLOW_RUN: "workflow",
    StepType.WORKFLOW_STEP: "workflow.step",
}
_MICROSECOND = 1_000

OBSERVABLE = frozenset(
    f"{component}.{event}"
    for component in (*_COMPONENTS.values(), "run")
    for event in ("started", "completed", "failed")
) - {"run.failed"}
"""The types of the events that a trajectory can tell of."""


def build_events(trajectory: Trajectory) -> tuple[TraceEvent, ...]:
    """Return the events in the order of the trajectory.

    A step whose start is not known starts with what comes before it.
    """
    first = min((step.start for step in trajectory.walk() if step.start is not None), default=0)
    inner = tuple(_events(trajectory, first))
    last = max((event.timestamp_ns for event in inner), default=first)
    if trajectory.duration is not None:
        last = first + trajectory.duration * _MICROSECOND
    return (TraceEvent("run.started", first), *inner, TraceEvent("run.completed", last))


def _events(trajectory: Trajectory, now: int) -> Iterator[TraceEvent]:
    pending: list[Step | TraceEvent] = list(reversed(trajectory.steps))
    while pending:
        entry = pending.pop()
        if isinstance(entry, TraceEvent):
            yield entry
            continue
        now = now if entry.start is None else entry.start
        component = _COMPONENTS.get(entry.step_type)
        if component is not None:
            yield TraceEvent(f"{component}.started", now, {}, entry.name)
            pending.append(_end(component, entry, now))
        pending.extend(reversed(entry.children))


def _end(component: str, step: Step, start: int) -> TraceEvent:
    failed = step.success is False or step.error is not None
    event_type = f"{component}.{'failed' if failed else 'completed'}"
    end = start + (step.duration or 0) * _MICROSECOND
    return TraceEvent(event_type, end, _usage(step), step.name)


def _usage(step: Step) -> dict[str, object]:
    if step.tokens is None:
        return {}
    counts = {"tokens_in": step.tokens.input, "tokens_out": step.tokens.output}
    return {"usage": {name: count for name, count in counts.items() if count is not None}}
