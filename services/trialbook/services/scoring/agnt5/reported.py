"""Finding what AGNT5's scorers read in what a worker or a caller reported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from trialbook.services.scoring.json_document import read_json
from trialbook.services.scoring.trajectory_sample import TrajectorySample
from trialbook.services.trajectory.agnt5 import is_context

# In AGNT5's order: the first that is there counts.
_CONTEXT_FIELDS = ("trace_eval_context", "trace")
_EVENT_FIELDS = ("trace", "trace_events", "events")
_STATE_FIELDS = ("state", "states", "state_snapshots")


def reported_context(sample: TrajectorySample) -> Mapping[str, object] | None:
    """Return the trace context that was reported, by itself or in a field, None if none was."""
    reported = _reported(sample, '"execution_steps"', "trace_eval_context", '"trace"')
    if not isinstance(reported, dict):
        return None
    fields = cast("dict[str, object]", reported)
    for name in _CONTEXT_FIELDS:
        inner = fields.get(name)
        if isinstance(inner, dict):
            return cast("dict[str, object]", inner)
    return fields if is_context(fields) else None


def reported_events(sample: TrajectorySample) -> list[object] | None:
    """Return the trace events that were reported, as a list or in a field, None if none were."""
    reported = _reported(sample, '"trace', '"event', "[]")
    if isinstance(reported, dict):
        fields = cast("dict[str, object]", reported)
        lists = (fields[name] for name in _EVENT_FIELDS if isinstance(fields.get(name), list))
        reported = next(lists, None)
    if not isinstance(reported, list):
        return None
    events = cast("list[object]", reported)
    return (
        events if all(isinstance(each, dict) and "event_type" in each for each in events) else None
    )


def reported_states(sample: TrajectorySample) -> Iterator[Mapping[str, object]]:
    """Go through the snapshots of the target's state that were reported, by name."""
    reported = _reported(sample, '"state')
    if isinstance(reported, dict):
        fields = cast("dict[str, object]", reported)
        for name in _STATE_FIELDS:
            if isinstance(fields.get(name), dict):
                yield cast("dict[str, object]", fields[name])


def _reported(sample: TrajectorySample, *signs: str) -> object:
    """Decode what was reported, unless its text shows that nothing of interest is in it."""
    text = sample.reported
    if text is None or not any(sign in text for sign in signs):
        return None
    return read_json(text, "reported trajectory")
