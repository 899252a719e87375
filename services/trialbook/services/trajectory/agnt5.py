"""AGNT5's evaluation context and trace events to trajectories, as far as they tell of steps."""

from __future__ import annotations

from typing import Any

import msgspec

from trialbook.services.trajectory.content import decoded, word
from trialbook.services.trajectory.messages import made_of
from trialbook.services.trajectory.reported_field import Refused
from trialbook.services.trajectory.reported_step import MAX_STEPS
from trialbook.services.trajectory.step import Step, StepSource, StepType, Tokens
from trialbook.services.trajectory.steps import MAX_DEPTH
from trialbook.services.trajectory.trajectory import Trajectory, TrajectorySource

_SCHEMA = "agnt5.eval.trace_eval_context."
_MICROSECONDS = 1_000
_NANOSECONDS = 1_000_000
_KINDS = {"llm_call": StepType.MODEL_GENERATION, "tool_call": StepType.TOOL_CALL}
_HASHES = ("arguments_hash", "result_hash", "arguments_ref", "result_ref", "role")
_SUCCEEDED = frozenset({"completed", "success", "succeeded", "ok"})
_FAILED = frozenset({"failed", "error", "timeout", "cancelled"})
_COMPONENTS = {
    "lm": StepType.MODEL_GENERATION,
    "tool": StepType.TOOL_CALL,
    "agent": StepType.AGENT_RUN,
    "workflow": StepType.WORKFLOW_RUN,
    "step": StepType.WORKFLOW_STEP,
}
_ENDINGS = {"completed": True, "failed": False, "cancelled": False, "timeout": False}


def is_context(value: Any) -> bool:
    """Say whether a value is an evaluation context of AGNT5."""
    if type(value) is not dict:
        return False
    schema = value.get("schema_version")
    known = type(schema) is str and schema.startswith(_SCHEMA)
    return known or type(value.get("execution_steps")) is list


def is_events(value: Any) -> bool:
    """Say whether a value is a list of AGNT5's trace events."""
    return (
        type(value) is list
        and bool(value)
        and all(type(entry) is dict and type(entry.get("event_type")) is str for entry in value)
    )


def from_context(context: dict[str, Any], path: str) -> Trajectory:
    """Make a trajectory of a context's execution steps. Raises Refused.

    A context holds no payloads: the arguments and results of calls, and the tokens of a model
    generation by side, are missing. Kinds other than calls of models and of tools are no steps.
    Times are in milliseconds.
    """
    entries = context.get("execution_steps", [])
    where = f"{path}.execution_steps"
    if type(entries) is not list:
        raise Refused(where, "must be a list")
    if len(entries) > MAX_STEPS:
        raise Refused(where, f"must have at most {MAX_STEPS:,} steps")
    steps: list[Step] = []
    for at, entry in enumerate(entries):
        if type(entry) is not dict:
            raise Refused(f"{where}[{at}]", "must be an object")
        step_type = _KINDS.get(str(entry.get("kind")))
        if step_type is not None:
            steps.append(_executed(entry, step_type, f"{where}[{at}]"))
    return made_of(steps, TrajectorySource.REPORTED)


def _executed(entry: dict[str, Any], step_type: StepType, path: str) -> Step:
    is_tool = step_type is StepType.TOOL_CALL
    name = entry.get("tool_name" if is_tool else "model") or entry.get("name")
    if is_tool and (type(name) is not str or not name.strip()):
        raise Refused(f"{path}.tool_name", "must be a text that is not empty")
    status = word(entry.get("status"))
    success: bool | None = None
    if status in _FAILED or entry.get("error_code") or entry.get("error_safe"):
        success = False
    elif status in _SUCCEEDED:
        success = True
    attributes = {field: entry[field] for field in _HASHES if entry.get(field) is not None}
    if entry.get("tokens") is not None:
        attributes["total_tokens"] = entry["tokens"]
    error = entry.get("error_safe") or entry.get("error_code")
    model = entry.get("model")
    return Step(
        step_type,
        name.strip() if type(name) is str and name.strip() else "model",
        success=success,
        error=str(error) if error else None,
        model=model if type(model) is str and model else None,
        start=_scaled(entry.get("started_at"), _NANOSECONDS),
        duration=_scaled(entry.get("duration_ms"), _MICROSECONDS),
        attributes=attributes,
        rule="agnt5.context",
        source=StepSource.REPORTED,
        missing=("args", "output") if is_tool else ("tokens",),
    )


def from_events(events: list[dict[str, Any]], path: str) -> Trajectory:
    """Make a trajectory of trace events. Raises Refused.

    Events of one correlation id are one step; it stands below the step whose correlation id is its
    parent's, at the place of its first event. Runs and functions are no steps.
    """
    if len(events) > 4 * MAX_STEPS:
        raise Refused(path, f"must have at most {4 * MAX_STEPS:,} events")
    found: dict[str, dict[str, Any]] = {}
    parents: dict[str, str] = {}
    for at, event in enumerate(events):
        identity = str(event.get("correlation_id") or event.get("event_id") or f"#{at}")
        parent = event.get("parent_correlation_id")
        if type(parent) is str and parent != identity:
            parents.setdefault(identity, parent)
        component, _, ending = event["event_type"].rpartition(".")
        step_type = _step_type(component)
        if step_type is not None:
            step = found.setdefault(f"{identity}/{step_type}", _started(step_type, identity, event))
            _take(step, event, ending)
    if len(found) > MAX_STEPS:
        raise Refused(path, f"must have at most {MAX_STEPS:,} steps")
    return made_of(_nested(found, parents), TrajectorySource.REPORTED)


def _step_type(component: str) -> StepType | None:
    for segment in reversed(component.split(".")):
        if segment in _COMPONENTS:
            return _COMPONENTS[segment]
    return None


def _started(step_type: StepType, identity: str, event: dict[str, Any]) -> dict[str, Any]:
    return {
        "step_type": step_type,
        "name": step_type.value,
        "identity": identity,
        "start": _stamp(event),
        "attributes": {},
    }


def _take(step: dict[str, Any], event: dict[str, Any], ending: str) -> None:
    data = event.get("data")
    data = data if type(data) is dict else {}
    is_model = step["step_type"] is StepType.MODEL_GENERATION
    names = ("model", "name") if is_model else ("tool_name", "step_name", "agent_name", "name")
    for name in (*(data.get(field) for field in names), event.get("name")):
        if type(name) is str and name:
            step["name"] = name
            break
    if is_model:
        _take_usage(step, data)
    else:
        _take_payload(step, data)
    if ending in _ENDINGS:
        step["success"] = _ENDINGS[ending]
        end = _stamp(event)
        if end is not None and step["start"] is not None:
            step["duration"] = max(0, end - step["start"]) // 1000
    error = data.get("error") or data.get("error_message")
    if error and step.get("success") is False:
        step["error"] = error if type(error) is str else msgspec.json.encode(error).decode()


def _take_payload(step: dict[str, Any], data: dict[str, Any]) -> None:
    for field, names in (
        ("args", ("arguments", "args", "input")),
        ("output", ("result", "output")),
    ):
        for name in names:
            if name in data:
                step[field] = decoded(data[name])
                break
    for name in ("call_id", "tool_call_id"):
        if type(data.get(name)) is str:
            step["call_id"] = data[name]


def _take_usage(step: dict[str, Any], data: dict[str, Any]) -> None:
    if type(data.get("model")) is str:
        step["model"] = data["model"]
    usage = data.get("usage")
    holder = usage if type(usage) is dict else data
    counts = [
        next((holder[name] for name in names if type(holder.get(name)) is int), None)
        for names in (
            ("tokens_in", "input_tokens", "prompt_tokens"),
            ("tokens_out", "output_tokens", "completion_tokens"),
        )
    ]
    if counts != [None, None]:
        step["tokens"] = Tokens(counts[0], counts[1])
    elif type(holder.get("total_tokens")) is int:
        step["attributes"]["total_tokens"] = holder["total_tokens"]


def _nested(found: dict[str, dict[str, Any]], parents: dict[str, str]) -> list[Step]:
    """Put steps below the steps that caused them; what a model causes comes beside it."""
    hosts: dict[str, str] = {}
    for key, step in found.items():
        if step["step_type"] is not StepType.MODEL_GENERATION:
            hosts.setdefault(step["identity"], key)
    below: dict[str, list[str]] = {}
    roots: list[str] = []
    for key, step in found.items():
        above = parents.get(step["identity"])
        seen: set[str] = set()
        while above is not None and above not in seen and above not in hosts:
            seen.add(above)
            above = parents.get(above)
        host = hosts.get(above) if above is not None and above not in seen else None
        (roots if host in (None, key) else below.setdefault(str(host), [])).append(key)
    return _finished(found, below, roots)


def _finished(
    found: dict[str, dict[str, Any]], below: dict[str, list[str]], roots: list[str]
) -> list[Step]:
    order: list[str] = []
    children: dict[str, list[str]] = {}
    top: list[str] = []
    seen: set[str] = set()
    # Steps of a circle have no root above them: they come last, each from where it is met first.
    for root in (*roots, *found):
        stack: list[tuple[str, str | None, int]] = [(root, None, 1)]
        while stack:
            key, host, depth = stack.pop()
            if key in seen:
                continue
            seen.add(key)
            order.append(key)
            (top if host is None else children.setdefault(host, [])).append(key)
            if depth < MAX_DEPTH:
                host, depth = key, depth + 1
            stack += [(child, host, depth) for child in reversed(below.get(key, []))]
    made: dict[str, Step] = {}
    for key in reversed(order):
        fields = {name: value for name, value in found[key].items() if name != "identity"}
        made[key] = Step(
            **fields,
            children=tuple(made.pop(child) for child in children.get(key, [])),
            rule="agnt5.events",
            source=StepSource.REPORTED,
        )
    return [made[key] for key in top]


def _stamp(event: dict[str, Any]) -> int | None:
    stamp = event.get("timestamp_ns")
    return stamp if type(stamp) is int and 0 < stamp < 2**63 else None


def _scaled(value: Any, factor: int) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 2**53:
        return None
    return int(value * factor)
