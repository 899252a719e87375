"""Trajectories as workers and callers report them, in one of several shapes of JSON."""

from __future__ import annotations

from typing import Any

import msgspec

from trialbook.services.trajectory.agnt5 import from_context, from_events, is_context, is_events
from trialbook.services.trajectory.mastra import extract_from_spans, is_spans
from trialbook.services.trajectory.messages import from_messages, made_of
from trialbook.services.trajectory.nesting import nests_deeper
from trialbook.services.trajectory.reported_field import Refused
from trialbook.services.trajectory.reported_step import read_steps
from trialbook.services.trajectory.step_results import from_step_results
from trialbook.services.trajectory.trajectory import Trajectory, TrajectorySource

MAX_DEPTH = 128
"""How deep the JSON of a reported trajectory may nest."""

_ACCEPTED = (
    'is no trajectory: expected {"steps": [...]}, a list of messages or {"messages": [...]}, '
    'Mastra\'s {"stepResults": {...}} or {"spans": [...]}, or AGNT5\'s trace_eval_context or '
    "trace events"
)


def read_reported(text: str) -> Trajectory:
    """Read a trajectory that was reported.

    It may be our own, `{"steps": [{"step_type": ..., "name": ...}]}`; Mastra's, whose steps have a
    `stepType`, its step results, and its stored spans; messages, as `from_messages` reads them;
    AGNT5's `trace_eval_context`, by itself or as a field; or a list of AGNT5's trace events. Raise
    `ValueError` with a path and a sentence for anything else, for more than 10,000 steps, and for
    JSON that nests deeper than 128.
    """
    value = _parsed(text)
    try:
        found = _recognised(value)
    except Refused as refused:
        raise ValueError(str(refused)) from None
    if found is None:
        raise ValueError(f"$ {_ACCEPTED}")
    return found


def _parsed(text: str) -> Any:
    try:
        value = msgspec.json.decode(text)
    except RecursionError:
        raise ValueError(f"$ nests deeper than {MAX_DEPTH} levels") from None
    except (msgspec.DecodeError, UnicodeError) as error:
        raise ValueError(f"$ is no JSON: {error}") from None
    if nests_deeper(value, MAX_DEPTH + 1):
        raise ValueError(f"$ nests deeper than {MAX_DEPTH} levels")
    return value


def _recognised(value: Any) -> Trajectory | None:
    if type(value) is dict:
        for field in ("trace_eval_context", "trace"):
            if is_context(value.get(field)):
                return from_context(value[field], f"$.{field}")
        if is_context(value):
            return from_context(value, "$")
        if is_events(value.get("events")):
            return from_events(value["events"], "$.events")
        if "steps" in value:
            return _stepwise(value)
        if is_spans(value.get("spans")):
            return _stepwise(extract_from_spans(value["spans"], value.get("rootSpanId")))
        if "stepResults" in value:
            return from_step_results(value)
    elif is_events(value):
        return from_events(value, "$")
    return from_messages(value)


def _stepwise(value: dict[str, Any]) -> Trajectory:
    steps = read_steps(value["steps"], "$.steps")
    found = made_of(steps, TrajectorySource.REPORTED)
    duration = _duration(value)
    return found if duration is None else msgspec.structs.replace(found, duration=duration)


def _duration(value: dict[str, Any]) -> int | None:
    """Return the whole's duration in microseconds: ours is in these, Mastra's in milliseconds."""
    for field, factor in (("duration", 1), ("totalDurationMs", 1000)):
        given = value.get(field)
        if given is None:
            continue
        if isinstance(given, bool) or not isinstance(given, int | float) or given < 0:
            raise Refused(f"$.{field}", "must be a number that is not negative")
        return int(given * factor)
    return None
