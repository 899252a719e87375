"""How Mastra itself extracts a trajectory, in its own shape, so that a team can compare.

Our own trajectories come from `normalise` and `from_step_results`, which nest and name otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from trialbook.services.trajectory.content import word

MastraStep = dict[str, Any]
"""A step as Mastra writes it: `stepType`, `name`, `durationMs`, `children`, and its type's own."""

_TOOLS = frozenset({"tool_call", "mcp_tool_call", "provider_tool_call"})
_KNOWN = _TOOLS | {
    "model_generation",
    "agent_run",
    "workflow_run",
    "workflow_step",
    "workflow_conditional",
    "workflow_parallel",
    "workflow_loop",
    "workflow_sleep",
    "workflow_wait_event",
    "processor_run",
}
_RUNS = frozenset({"agent_run", "workflow_run"})


def is_spans(value: Any) -> bool:
    """Say whether a decoded JSON value is a list of spans as Mastra stores them."""
    return type(value) is list and bool(value) and all(map(_is_span, value))


def extract_workflow(
    results: Mapping[str, Any], path: Sequence[object] | None = None
) -> dict[str, Any]:
    """Compute what Mastra's `extractWorkflowTrajectory` does of step results. Times are in ms."""
    steps: list[MastraStep] = []
    starts: list[float] = []
    ends: list[float] = []
    for name in list(results) if path is None else path:
        result = results.get(name) if isinstance(name, str) else None
        if not isinstance(result, Mapping):
            continue
        step: MastraStep = {"stepType": "workflow_step", "name": name, "stepId": name}
        if "status" in result:
            step["status"] = result["status"]
        if result.get("output") is not None:
            step["output"] = wrapped(result["output"])
        start, end = result.get("startedAt"), result.get("endedAt")
        if isinstance(start, int | float) and isinstance(end, int | float):
            step["durationMs"] = end - start
            starts.append(start)
            ends.append(end)
        steps.append(step)
    shaped: dict[str, Any] = {"steps": steps}
    if starts:
        shaped["totalDurationMs"] = max(ends) - min(starts)
    return shaped


def extract_from_spans(
    spans: Iterable[Mapping[str, Any]], root_span_id: str | None = None
) -> dict[str, Any]:
    """Compute what Mastra's `extractTrajectoryFromTrace` does of its stored spans.

    Children are in the order of their start; spans of unknown types give their place to their
    children; a single run of an agent or a workflow at the top does so too. A root that is not
    among the spans is as none.
    """
    ordered = sorted(spans, key=lambda span: _time(span.get("startedAt")) or 0.0)
    ids = {span.get("spanId") for span in ordered}
    below: dict[Any, list[Mapping[str, Any]]] = {}
    for span in ordered:
        parent = span.get("parentSpanId")
        below.setdefault(parent if parent in ids else None, []).append(span)
    roots = [span for span in ordered if span.get("spanId") == root_span_id] or below.get(None, [])
    shaped = _span_steps(roots, below)
    steps = shaped
    if len(shaped) == 1 and shaped[0]["stepType"] in _RUNS:
        steps = shaped[0].get("children", [])
    made: dict[str, Any] = {"steps": steps}
    durations = [took for span in roots if (took := _took(span)) is not None]
    if len(roots) == 1 and durations:
        made["totalDurationMs"] = durations[0]
    return made


def _is_span(value: Any) -> bool:
    return (
        type(value) is dict
        and type(value.get("spanId")) is str
        and type(value.get("spanType")) is str
        and type(value.get("parentSpanId")) in (str, type(None))
    )


def wrapped(value: Any) -> dict[str, Any]:
    """Return an object as it is, anything else as the `value` of one."""
    return value if isinstance(value, dict) else {"value": value}


def _span_steps(
    roots: list[Mapping[str, Any]], below: Mapping[Any, list[Mapping[str, Any]]]
) -> list[MastraStep]:
    made: list[MastraStep] = []
    seen: set[int] = set()
    stack: list[tuple[Mapping[str, Any], list[MastraStep]]] = [
        (root, made) for root in reversed(roots)
    ]
    while stack:
        span, place = stack.pop()
        if id(span) in seen:
            continue
        seen.add(id(span))
        if word(span.get("spanType")) in _KNOWN:
            step = _span_step(span)
            place.append(step)
            place = step.setdefault("children", [])
        stack += [(child, place) for child in reversed(below.get(span.get("spanId"), []))]
    for step in _walk(made):
        if not step["children"]:
            del step["children"]
    return made


def _walk(steps: list[MastraStep]) -> list[MastraStep]:
    found: list[MastraStep] = []
    stack = list(steps)
    while stack:
        step = stack.pop()
        found.append(step)
        stack += step["children"]
    return found


def _span_step(span: Mapping[str, Any]) -> MastraStep:
    kind = span["spanType"]
    step: MastraStep = {"stepType": kind, "name": span.get("name")}
    if (took := _took(span)) is not None:
        step["durationMs"] = took
    attributes = _fields(span.get("attributes"))
    given: dict[str, Any] = {}
    if kind in _TOOLS:
        step["name"] = span.get("entityId") or span.get("entityName") or span.get("name")
        given = {
            "toolArgs": _wrapped_or_none(span.get("input")),
            "toolResult": _wrapped_or_none(span.get("output")),
            "success": attributes.get("success"),
            "mcpServer": attributes.get("mcpServer") if kind == "mcp_tool_call" else None,
        }
    elif kind == "model_generation":
        usage = _fields(attributes.get("usage"))
        given = {
            "modelId": attributes.get("model"),
            "promptTokens": usage.get("inputTokens"),
            "completionTokens": usage.get("outputTokens"),
            "finishReason": attributes.get("finishReason"),
        }
    elif kind == "workflow_step":
        output = _wrapped_or_none(span.get("output"))
        given = {"stepId": span.get("name"), "output": output}
    elif kind == "agent_run":
        given = {"agentId": span.get("entityId")}
    elif kind == "workflow_run":
        given = {"workflowId": span.get("entityId")}
    elif kind == "processor_run":
        given = {"processorId": span.get("entityId")}
    step.update((field, value) for field, value in given.items() if value is not None)
    return step


def _fields(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _wrapped_or_none(value: Any) -> dict[str, Any] | None:
    return None if value is None else wrapped(value)


def _time(value: Any) -> float | None:
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value).timestamp() * 1000
        except ValueError:
            return None
    return None


def _took(span: Mapping[str, Any]) -> int | float | None:
    start, end = _time(span.get("startedAt")), _time(span.get("endedAt"))
    if start is None or end is None:
        return None
    took = round(end - start, 3)
    return int(took) if took.is_integer() else took
