"""The results of a workflow's steps, as they were reported, to a trajectory."""

from __future__ import annotations

import math
from typing import Any

from msgspec import UNSET

from trialbook.services.trajectory.content import word
from trialbook.services.trajectory.messages import made_of
from trialbook.services.trajectory.step import Step, StepSource, StepType
from trialbook.services.trajectory.trajectory import Trajectory, TrajectorySource

_MICROSECONDS = 1_000
_NANOSECONDS = 1_000_000
_SUCCEEDED = frozenset({"success", "completed"})
_FAILED = frozenset({"failed", "error", "tripwire"})


def from_step_results(value: Any) -> Trajectory | None:
    """Make a trajectory of step results, None if the value holds none.

    Either a list of results `{step_id, output, error, duration}`, the duration in microseconds; or
    Mastra's `{stepResults, stepExecutionPath}`, whose times are in milliseconds.
    """
    if type(value) is list and value and all(_is_result(entry) for entry in value):
        return _made([_outcome(entry) for entry in value])
    if type(value) is dict and type(value.get("stepResults")) is dict:
        return _of_mastra(value["stepResults"], value.get("stepExecutionPath"))
    return None


def _made(steps: list[Step]) -> Trajectory:
    """Make the trajectory. What the steps themselves did, tools among it, nobody told."""
    return made_of(steps, TrajectorySource.STEP_RESULTS, tools_observable=False)


def _is_result(entry: Any) -> bool:
    return type(entry) is dict and type(entry.get("step_id")) is str


def _outcome(entry: dict[str, Any]) -> Step:
    error = entry.get("error")
    failed = bool(error)
    duration = entry.get("duration")
    known = duration if type(duration) is int and duration >= 0 else None
    return _step(
        entry["step_id"],
        output=entry.get("output", UNSET),
        success=not failed,
        error=error if type(error) is str and failed else None,
        status="failed" if failed else "success",
        duration=known,
    )


def _of_mastra(results: dict[str, Any], path: Any) -> Trajectory | None:
    names = path if type(path) is list and path else list(results)
    steps: list[Step] = []
    starts: list[int] = []
    ends: list[int] = []
    for name in names:
        result = results.get(name) if type(name) is str else None
        if type(result) is not dict or name == "input":
            continue
        start, end = _milliseconds(result, "startedAt"), _milliseconds(result, "endedAt")
        starts += [] if start is None else [start]
        ends += [] if end is None else [end]
        steps.append(_mastra_step(name, result, start, end))
    if not steps:
        return None
    found = _made(steps)
    if not starts or not ends:
        return found
    duration = max(0, max(ends) - min(starts)) * _MICROSECONDS
    return Trajectory(found.steps, found.source, found.evidence, duration)


def _mastra_step(name: str, result: dict[str, Any], start: int | None, end: int | None) -> Step:
    status = word(result.get("status"))
    success = True if status in _SUCCEEDED else False if status in _FAILED else None
    error = result.get("error")
    if type(error) is dict:
        error = error.get("message")
    return _step(
        name,
        output=result.get("output", UNSET),
        success=success,
        error=error if type(error) is str else None,
        status=status or None,
        duration=None if start is None or end is None else max(0, end - start) * _MICROSECONDS,
        args=result.get("payload", UNSET),
        start=None if start is None else start * _NANOSECONDS,
    )


def _step(
    name: str,
    *,
    output: Any,
    success: bool | None,
    error: str | None,
    status: str | None,
    duration: int | None,
    args: Any = UNSET,
    start: int | None = None,
) -> Step:
    missing: list[str] = []
    if output is UNSET and success is not False:
        missing.append("output")
    missing += ["duration"] if duration is None else []
    missing += ["success"] if success is None else []
    attributes = {"step_id": name} if status is None else {"step_id": name, "status": status}
    return Step(
        StepType.WORKFLOW_STEP,
        name,
        args,
        output,
        success,
        error,
        start=start,
        duration=duration,
        attributes=attributes,
        rule="step_results",
        source=StepSource.STEP_RESULT,
        missing=tuple(missing),
    )


def _milliseconds(result: dict[str, Any], field: str) -> int | None:
    value = result.get(field)
    return int(value) if isinstance(value, int | float) and math.isfinite(value) else None
