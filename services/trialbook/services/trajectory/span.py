"""Spans and log records as the normaliser reads them, decoded from OTLP."""

from __future__ import annotations

import enum
from typing import Any

import msgspec


class SpanStatus(enum.IntEnum):
    """OTLP's status codes. UNSET says that nothing was claimed, not that all went well."""

    UNSET = 0
    OK = 1
    ERROR = 2


class SpanRef(msgspec.Struct, frozen=True, order=True):
    """Names a span: a trace id of 32 and a span id of 16 lower-case hex digits."""

    trace_id: str
    span_id: str


class SpanEvent(msgspec.Struct, frozen=True):
    """A timed note on a span, or a log record that was written under it. `time` in nanoseconds."""

    name: str
    time: int
    attributes: dict[str, Any]


class Span(msgspec.Struct, frozen=True):
    """One span. Times are nanoseconds since the epoch; an `end` of 0 says that it never ended.

    Attribute values are what JSON can say: AnyValue's maps and lists are dicts and lists, bytes
    are base64 text, and an empty AnyValue is None. `events` are the span's own; `records` are the
    log records that name it, as events whose attributes hold the record's, and under `body` its
    body. `dropped` counts attributes that the producer dropped; `truncated` those that the service
    cut since they were too large. `arrival` says which came first. `remote_parent` says whether the
    parent is in another process, None where the producer does not tell. `contradicted` says that
    another account of it came, of another name or start.
    """

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    kind: int
    start: int
    end: int
    status: SpanStatus
    status_message: str
    attributes: dict[str, Any]
    events: tuple[SpanEvent, ...] = ()
    records: tuple[SpanEvent, ...] = ()
    links: tuple[SpanRef, ...] = ()
    service: str = ""
    scope: str = ""
    dropped: int = 0
    truncated: int = 0
    arrival: int = 0
    remote_parent: bool | None = None
    contradicted: bool = False

    @property
    def ref(self) -> SpanRef:
        """The span's name."""
        return SpanRef(self.trace_id, self.span_id)
