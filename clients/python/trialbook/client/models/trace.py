"""Traces: what is known of them, their spans, and where to look at them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from urllib.parse import quote

from trialbook.client.models.codec import (
    EnumCodec,
    json_of,
    optional_seconds,
    optional_time,
    time_of,
)
from trialbook.client.payload import decode
from trialbook.v1 import trace_pb2, trace_service_pb2

_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}", re.ASCII)


class TraceStatus(StrEnum):
    """Whether the spans of a result are all there."""

    UNSPECIFIED = "unspecified"
    PENDING = "pending"
    COMPLETE = "complete"
    PARTIAL = "partial"
    MISSING = "missing"


TRACE_STATUSES: Final = EnumCodec(TraceStatus, trace_pb2.TraceStatus, "TRACE_STATUS")


@dataclass(frozen=True, slots=True)
class SpanRef:
    """Names a span: a trace id of 32 hex digits and a span id of 16."""

    trace_id: str
    span_id: str

    @classmethod
    def from_message(cls, message: trace_pb2.SpanRef) -> SpanRef:
        """Read it from the contract's message."""
        return cls(message.trace_id, message.span_id)


@dataclass(frozen=True, slots=True)
class TraceState:
    """What is known of a result's trace; the counts are of different spans.

    `expected_spans` is None where nobody said how many there are, `settle_time` where no scorer
    waited for the trace. A `stale` one got spans after its trajectory was judged.
    """

    status: TraceStatus
    trace_ids: tuple[str, ...]
    span_id: str
    received_spans: int
    expected_spans: int | None
    rejected_spans: int
    stale: bool
    settle_time: datetime | None

    @classmethod
    def from_message(cls, message: trace_pb2.TraceState) -> TraceState:
        """Read it from the contract's message."""
        expected = message.expected_spans if message.HasField("expected_spans") else None
        return cls(
            status=TRACE_STATUSES.member(message.status),
            trace_ids=tuple(message.trace_ids),
            span_id=message.span_id,
            received_spans=message.received_spans,
            expected_spans=expected,
            rejected_spans=message.rejected_spans,
            stale=message.stale,
            settle_time=optional_time(message, "settle_time"),
        )


@dataclass(frozen=True, slots=True)
class TraceLink:
    """Where to look at a trace in a viewer."""

    viewer: str
    url: str

    @classmethod
    def from_message(cls, message: trace_pb2.TraceLink) -> TraceLink:
        """Read it from the contract's message."""
        return cls(message.viewer, message.url)


@dataclass(frozen=True, slots=True)
class Trace:
    """What is known of a trace. `duration` is in seconds, from the first start to the last end."""

    state: TraceState
    start_time: datetime | None
    duration: float | None
    services: tuple[str, ...]
    records: int
    """How many log records came with it."""
    links: tuple[TraceLink, ...]

    @classmethod
    def from_message(cls, message: trace_service_pb2.GetTraceResponse) -> Trace:
        """Read it from the contract's message."""
        return cls(
            state=TraceState.from_message(message.state),
            start_time=optional_time(message, "start_time"),
            duration=optional_seconds(message, "duration"),
            services=tuple(message.services),
            records=message.records,
            links=tuple(map(TraceLink.from_message, message.links)),
        )


@dataclass(frozen=True, slots=True)
class Span:
    """One span as it came.

    `kind` and `status_code` are OTLP's numbers; `end_time` is None for one that never ended.
    """

    ref: SpanRef
    parent_id: str
    name: str
    kind: int
    start_time: datetime
    end_time: datetime | None
    status_code: int
    status_message: str
    service: str
    scope: str
    attributes_json: str | None
    events_json: str | None
    links: tuple[SpanRef, ...]

    @property
    def attributes(self) -> dict[str, Any]:
        """Its attributes."""
        return {} if self.attributes_json is None else decode(self.attributes_json)

    @property
    def events(self) -> list[dict[str, Any]]:
        """Its events, and the log records that name it."""
        return [] if self.events_json is None else decode(self.events_json)

    @classmethod
    def from_message(cls, message: trace_pb2.Span) -> Span:
        """Read it from the contract's message."""
        return cls(
            ref=SpanRef.from_message(message.ref),
            parent_id=message.parent_id,
            name=message.name,
            kind=message.kind,
            start_time=time_of(message.start_time),
            end_time=optional_time(message, "end_time"),
            status_code=message.status_code,
            status_message=message.status_message,
            service=message.service,
            scope=message.scope,
            attributes_json=json_of(message.attributes),
            events_json=json_of(message.events),
            links=tuple(map(SpanRef.from_message, message.links)),
        )


@dataclass(frozen=True, slots=True)
class TraceViewer:
    """A place to look at traces: `TraceViewer("Jaeger", "http://host:16686/trace/{trace}")`.

    In the template stand `{trace}`, which must be there, `{span}`, `{start}` and `{end}`
    (milliseconds since the epoch), `{start_seconds}` and `{end_seconds}`.
    """

    name: str
    url_template: str

    def url(
        self, span: SpanRef, start_time: datetime | None = None, end_time: datetime | None = None
    ) -> str:
        """Return where to look at a span; what is not known is left empty."""
        values = {"trace": span.trace_id, "span": span.span_id}
        for name, moment in (("start", start_time), ("end", end_time)):
            if moment is not None:
                # Up at the end, so that what ended within the last unit lies in the range.
                up = 0.999 if name == "end" else 0.0
                values[name] = str(int(moment.timestamp() * 1000 + up))
                values[f"{name}_seconds"] = str(int(moment.timestamp() + up))
        return _PLACEHOLDER.sub(
            lambda found: quote(values.get(found[1], ""), safe=""), self.url_template
        )

    def to_message(self) -> trace_pb2.TraceViewer:
        """Write it as the contract's message."""
        return trace_pb2.TraceViewer(name=self.name, url_template=self.url_template)

    @classmethod
    def from_message(cls, message: trace_pb2.TraceViewer) -> TraceViewer:
        """Read it from the contract's message."""
        return cls(message.name, message.url_template)
