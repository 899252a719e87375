"""Trajectories to show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from trialbook.client import (
    SpanRef,
    StepSource,
    StepType,
    TraceState,
    TraceStatus,
    Trajectory,
    TrajectoryEvidence,
    TrajectorySource,
    TrajectoryStep,
)

BEGAN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def step(
    place: int, step_type: StepType, name: str, at: float | None, **more: Any
) -> TrajectoryStep:
    """A step that began so many seconds after the first, with a span of its own."""
    fields: dict[str, Any] = {
        "parent": 0,
        "args_json": None,
        "output_json": None,
        "success": None,
        "error": "",
        "input_tokens": None,
        "output_tokens": None,
        "model": "",
        "agent": "",
        "call_id": "",
        "duration": None,
        "parallel_group": 0,
        "attributes_json": None,
        "spans": (SpanRef(TRACE, f"{place:016x}"),),
        "rule": "genai.operation",
        "source": StepSource.SPAN,
        "missing": (),
    }
    start = None if at is None else BEGAN + timedelta(seconds=at)
    return TrajectoryStep(
        place=place, step_type=step_type, name=name, start_time=start, **fields | more
    )


def evidence(**more: Any) -> TrajectoryEvidence:
    """What came, all of it unless said otherwise."""
    fields: dict[str, Any] = {
        "complete": True,
        "tools_observable": True,
        "args_captured": True,
        "tokens_captured": True,
        "received_spans": 6,
        "expected_spans": 6,
        "rejected_spans": 0,
        "dropped_attributes": 0,
        "truncated_values": 0,
        "missing_parents": 0,
        "notes": (),
    }
    return TrajectoryEvidence(**fields | more)


def state(**more: Any) -> TraceState:
    """What is known of a trace, complete unless said otherwise."""
    fields: dict[str, Any] = {
        "status": TraceStatus.COMPLETE,
        "trace_ids": (TRACE,),
        "span_id": "0" * 15 + "a",
        "received_spans": 6,
        "expected_spans": 6,
        "rejected_spans": 0,
        "stale": False,
        "settle_time": BEGAN,
    }
    return TraceState(**fields | more)


def refund() -> Trajectory:
    """An agent that looks two things up at once, fails at a third, and answers."""
    tool, model = StepType.TOOL_CALL, StepType.MODEL_GENERATION
    steps = (
        step(2, model, "gpt-4o", 0.01, parent=1, duration=0.4, input_tokens=1200, output_tokens=18),
        step(
            3,
            tool,
            "find_customer",
            0.42,
            parent=1,
            duration=0.1,
            parallel_group=1,
            args_json='{"email":"ada@example.org"}',
            output_json='{"id":7}',
            success=True,
        ),
        step(4, tool, "find_order", 0.42, parent=1, parallel_group=1, missing=("args",)),
        step(
            5,
            StepType.MCP_TOOL_CALL,
            "refund",
            0.6,
            parent=1,
            duration=1.2,
            args_json='{"order":"o-9","amount":12.5,"reason":"' + "late " * 30 + '"}',
            success=False,
            error="the order is too old\x1b[31m\nfor that",
        ),
        step(
            6, model, "answer", 1.9, parent=1, model="gpt-4o-mini", duration=0.05, output_tokens=3
        ),
    )
    agent = step(1, StepType.AGENT_RUN, "support", 0.0, duration=2.0, children=steps)
    return Trajectory((agent,), TrajectorySource.TRACE, evidence(), 2.0, 1)
