"""Traces on the wire: what is known of them, and their spans."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from google.protobuf.timestamp_pb2 import Timestamp

from trialbook.services.application.found_trajectory import TraceState
from trialbook.services.rpc.payload import write_time
from trialbook.services.rpc.trajectory_message import clipped, to_span_ref
from trialbook.services.trajectory.span import Span, SpanEvent
from trialbook.services.trajectory.trajectory import TraceStatus
from trialbook.v1 import trace_pb2 as pb
from trialbook.v1.payload_pb2 import Payload

ABRIDGED = "trialbook.abridged"
"""The attribute that says that a span is not shown as it is."""
_MOST_CHARACTERS = 8 * 1024 * 1024
_MOST_ABRIDGED = 1_000
_LONGEST_ABRIDGED = 1_000
STATUSES = {
    TraceStatus.PENDING: pb.TRACE_STATUS_PENDING,
    TraceStatus.COMPLETE: pb.TRACE_STATUS_COMPLETE,
    TraceStatus.PARTIAL: pb.TRACE_STATUS_PARTIAL,
    TraceStatus.MISSING: pb.TRACE_STATUS_MISSING,
}


def to_trace_state(state: TraceState) -> pb.TraceState:
    """Return what is known of a trace for the wire."""
    return pb.TraceState(
        status=STATUSES[state.status],
        trace_ids=state.trace_ids,
        span_id=state.span_id,
        received_spans=state.received,
        expected_spans=state.expected,
        rejected_spans=clipped(state.rejected),
        stale=state.stale,
        settle_time=None if state.settled_at is None else write_time(state.settled_at),
    )


def to_span(span: Span) -> pb.Span:
    """Return a span for the wire, with the first of its attributes, cut, if it is too large."""
    attributes, events = _written(span.attributes), _to_events((*span.events, *span.records))
    if len(attributes) + len(events) > _MOST_CHARACTERS:
        attributes, events = _written(_abridged(span)), "[]"
    return pb.Span(
        ref=to_span_ref(span.ref),
        parent_id=span.parent_id,
        name=span.name,
        kind=span.kind,
        start_time=write_nanoseconds(span.start),
        end_time=write_nanoseconds(span.end) if span.end else None,
        status_code=span.status,
        status_message=span.status_message,
        service=span.service,
        scope=span.scope,
        attributes=Payload(json=attributes),
        events=Payload(json=events),
        links=map(to_span_ref, span.links),
    )


def _abridged(span: Span) -> dict[str, str]:
    first = list(span.attributes.items())[:_MOST_ABRIDGED]
    events = len(span.events) + len(span.records)
    kept = {key[:_LONGEST_ABRIDGED]: _text(value)[:_LONGEST_ABRIDGED] for key, value in first}
    told = (
        f"Cut, since all of it is more than {_MOST_CHARACTERS >> 20} MiB: {len(first):,} of "
        f"{len(span.attributes):,} attributes and 0 of {events:,} events are here, as text."
    )
    return {ABRIDGED: told, **kept}


def _text(value: object) -> str:
    return value if isinstance(value, str) else _written(value)


def _written(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _to_events(events: Sequence[SpanEvent]) -> str:
    rows = [
        {"name": event.name, "time": event.time, "attributes": event.attributes} for event in events
    ]
    return _written(rows)


def write_nanoseconds(moment: int) -> Timestamp:
    """Return a time since the epoch."""
    seconds, nanos = divmod(moment, 1_000_000_000)
    return Timestamp(seconds=seconds, nanos=nanos)
