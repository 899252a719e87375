"""The events of a trace, as AGNT5's assertions read them."""

from __future__ import annotations

from typing import cast

import msgspec

from trialbook.services.scoring.not_evaluable import NotEvaluable

LM_COMPLETED = "lm.completed"
STEP_COMPLETED = "workflow.step.completed"
FAILURES = frozenset(
    {"run.failed", "workflow.step.failed", "agent.failed", "lm.failed", "function.failed"}
)
"""The events that say that something failed; a failed tool is not among them."""

_FORMER_PREFIX = "lm.call."


class TraceEvent(msgspec.Struct, frozen=True):
    """One event. `timestamp_ns` is in nanoseconds."""

    event_type: str
    timestamp_ns: int
    data: object = None
    name: str | None = None

    @property
    def kind(self) -> str:
        """The type by its present name."""
        return present_name(self.event_type)

    @property
    def fields(self) -> dict[str, object]:
        """What the event says besides; empty if that is no object."""
        return cast("dict[str, object]", self.data) if isinstance(self.data, dict) else {}

    @property
    def tokens(self) -> int:
        """How many tokens the event says were used, 0 if it says nothing.

        Events of the former name have them as a total, those of the present one as usage.
        """
        total = _count(self.fields.get("total_tokens"))
        used = _usage(self.fields.get("usage"))
        first, second = (total, used) if self.kind != self.event_type else (used, total)
        return (second if first is None else first) or 0


def present_name(event_type: str) -> str:
    """Return the name that an event type has now: `lm.call.completed` became `lm.completed`."""
    if event_type.startswith(_FORMER_PREFIX):
        return "lm." + event_type.removeprefix(_FORMER_PREFIX)
    return event_type


def read_events(raw: list[object]) -> tuple[TraceEvent, ...]:
    """Read events that a worker or a caller reported.

    Raise `NotEvaluable` with the label `error` if one lacks its type or its time, or has a field
    of the wrong type.
    """
    try:
        return msgspec.convert(raw, tuple[TraceEvent, ...])
    except msgspec.ValidationError as error:
        raise NotEvaluable("error", f"The trace events cannot be read: {error}.") from error


def _usage(usage: object) -> int | None:
    if not isinstance(usage, dict):
        return None
    counts = cast("dict[str, object]", usage)
    used = [_count(counts.get(name)) for name in ("tokens_in", "tokens_out")]
    return None if used == [None, None] else sum(count or 0 for count in used)


def _count(value: object) -> int | None:
    """Return a number that can be one of tokens."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return None
    return value
