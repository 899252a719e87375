"""Serialised OTLP to spans, and to the log records that belong to them."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, LogsData
from opentelemetry.proto.trace.v1 import trace_pb2

from trialbook.services.trajectory.span import Span, SpanEvent, SpanRef, SpanStatus

TRUNCATED_ATTRIBUTE = "trialbook.truncated"
"""The attribute by which the receiver says how many values of a span it cut."""

_TRACE_ID_BYTES = 16
_SPAN_ID_BYTES = 8
_MAX_DEPTH = 32
_MOST_CUT = 2**31
_HAS_IS_REMOTE = 0x100
_IS_REMOTE = 0x200
_STATUSES = {int(status): status for status in SpanStatus}


class DecodedSpans(list[Span]):
    """Spans in the order of their arrival. `unreadable` counts those whose ids are none."""

    unreadable: int = 0


def decode_spans(chunks: Iterable[bytes]) -> DecodedSpans:
    """Read spans from serialised TracesData, each span once, in the order of arrival.

    Of several accounts of one span the first that ended counts, else the first. A span whose trace
    or span id has a wrong length is left out and counted. Raise protobuf's DecodeError for a chunk
    that is no TracesData.
    """
    spans = DecodedSpans()
    numbers: dict[tuple[bytes, bytes], int] = {}
    for chunk in chunks:
        for resource_spans in trace_pb2.TracesData.FromString(chunk).resource_spans:
            service = _service(resource_spans.resource.attributes)
            for scope_spans in resource_spans.scope_spans:
                scope = scope_spans.scope.name
                for span in scope_spans.spans:
                    _add(spans, numbers, span, service, scope)
    return spans


def decode_records(chunks: Iterable[bytes]) -> dict[SpanRef, tuple[SpanEvent, ...]]:
    """Read log records from serialised LogsData, in the order of arrival, by the span they name.

    A record's attributes become the event's, with its body under `body`; its name is the record's
    event name, else its attribute `event.name`. Records that name no span are left out, and repeats
    of one record. Raise protobuf's DecodeError for a chunk that is no LogsData.
    """
    found: dict[SpanRef, list[SpanEvent]] = {}
    seen: set[bytes] = set()
    for chunk in chunks:
        for resource_logs in LogsData.FromString(chunk).resource_logs:
            for scope_logs in resource_logs.scope_logs:
                for record in scope_logs.log_records:
                    if not _is_id(record.trace_id, _TRACE_ID_BYTES) or not _is_id(
                        record.span_id, _SPAN_ID_BYTES
                    ):
                        continue
                    written = record.SerializeToString(deterministic=True)
                    if written not in seen:
                        seen.add(written)
                        ref = SpanRef(record.trace_id.hex(), record.span_id.hex())
                        found.setdefault(ref, []).append(_record(record))
    return {ref: tuple(events) for ref, events in found.items()}


def attach_records(
    spans: Sequence[Span], records: Mapping[SpanRef, tuple[SpanEvent, ...]]
) -> list[Span]:
    """Return the spans with the log records that name them."""
    if not records:
        return list(spans)
    return [
        span if (own := records.get(span.ref)) is None else _with_records(span, own)
        for span in spans
    ]


def _with_records(span: Span, records: tuple[SpanEvent, ...]) -> Span:
    cut = sum(_cut(record.attributes) for record in records)
    return msgspec.structs.replace(
        span, records=span.records + records, truncated=span.truncated + cut
    )


def _add(
    spans: DecodedSpans,
    numbers: dict[tuple[bytes, bytes], int],
    span: trace_pb2.Span,
    service: str,
    scope: str,
) -> None:
    trace_id, span_id = span.trace_id, span.span_id
    if not _is_id(trace_id, _TRACE_ID_BYTES) or not _is_id(span_id, _SPAN_ID_BYTES):
        spans.unreadable += 1
        return
    number = numbers.setdefault((trace_id, span_id), len(spans))
    if number == len(spans):
        spans.append(_span(span, service, scope, number))
    elif span.end_time_unix_nano:
        known = spans[number]
        if not known.end:
            spans[number] = _span(span, service, scope, number)
        elif not known.contradicted and _differs(span, known):
            spans[number] = msgspec.structs.replace(known, contradicted=True)


def _differs(span: trace_pb2.Span, known: Span) -> bool:
    """Say whether an account of a span is of something else than what is known by its id."""
    return span.name != known.name or span.start_time_unix_nano != known.start


def _span(span: trace_pb2.Span, service: str, scope: str, arrival: int) -> Span:
    attributes = _attributes(span.attributes)
    truncated = _cut(attributes)
    attributes.pop(TRUNCATED_ATTRIBUTE, None)
    status = span.status
    flags = span.flags
    return Span(
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.name,
        span.kind,
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        _STATUSES.get(status.code, SpanStatus.UNSET),
        status.message,
        attributes,
        tuple([_event(event) for event in span.events]) if span.events else (),
        (),
        _links(span) if span.links else (),
        service,
        scope,
        span.dropped_attributes_count,
        truncated,
        arrival,
        bool(flags & _IS_REMOTE) if flags & _HAS_IS_REMOTE else None,
    )


def _cut(attributes: Mapping[str, Any]) -> int:
    """Return how many values were cut, as the attribute says that the service adds then."""
    cut = attributes.get(TRUNCATED_ATTRIBUTE)
    return cut if type(cut) is int and 0 < cut <= _MOST_CUT else 0


def _event(event: trace_pb2.Span.Event) -> SpanEvent:
    return SpanEvent(event.name, event.time_unix_nano, _attributes(event.attributes))


def _links(span: trace_pb2.Span) -> tuple[SpanRef, ...]:
    return tuple(
        [
            SpanRef(link.trace_id.hex(), link.span_id.hex())
            for link in span.links
            if len(link.trace_id) == _TRACE_ID_BYTES and len(link.span_id) == _SPAN_ID_BYTES
        ]
    )


def _record(record: LogRecord) -> SpanEvent:
    attributes = _attributes(record.attributes)
    name = record.event_name or attributes.get("event.name")
    if record.HasField("body"):
        attributes["body"] = _value(record.body, 0)
    return SpanEvent(
        name if type(name) is str else "",
        record.time_unix_nano or record.observed_time_unix_nano,
        attributes,
    )


def _attributes(entries: Iterable[KeyValue]) -> dict[str, Any]:
    attributes: dict[str, Any] = {}
    for entry in entries:
        value = entry.value
        # Most values are texts: asking which kind it is costs more than looking.
        attributes[entry.key] = value.string_value or _value(value, 0)
    return attributes


def _value(value: AnyValue, depth: int) -> Any:
    kind = value.WhichOneof("value")
    if kind == "string_value":
        return value.string_value
    if kind == "int_value":
        return value.int_value
    if kind == "bool_value":
        return value.bool_value
    if kind == "double_value":
        number = value.double_value
        return number if math.isfinite(number) else str(number)
    if kind == "array_value":
        if depth >= _MAX_DEPTH:
            return None
        return [_value(entry, depth + 1) for entry in value.array_value.values]
    if kind == "kvlist_value":
        if depth >= _MAX_DEPTH:
            return None
        return {entry.key: _value(entry.value, depth + 1) for entry in value.kvlist_value.values}
    if kind == "bytes_value":
        return base64.b64encode(value.bytes_value).decode("ascii")
    return None


def _service(attributes: Iterable[KeyValue]) -> str:
    for entry in attributes:
        if entry.key == "service.name":
            return entry.value.string_value
    return ""


def _is_id(given: bytes, size: int) -> bool:
    return len(given) == size and any(given)
