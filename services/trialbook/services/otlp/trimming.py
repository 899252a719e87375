"""Cuts what is too large of a span or a log record, so that the rest of it can be kept."""

from __future__ import annotations

from collections.abc import MutableSequence
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

MOST_VALUE_BYTES = 1024 * 1024
"""Bytes that the value of an attribute may have; lists and maps have those of their parts."""
MOST_PARTS = 1_000
"""Events that a span may have, and as many links."""
MOST_ATTRIBUTES = 10_000
"""Attributes that a span may have, and each event, link, log record, resource and scope."""
LONGEST_NAME = 64 * 1024
"""Characters of a name, of a trace state, and of the key of an attribute."""
TRUNCATED = "trialbook.truncated"
"""The attribute that says how many values were cut."""


def trim_span(span: Span) -> int:
    """Cut the values, events and links of a span; return how many values that were."""
    cut = _trim_texts(span, "name", "trace_state") + _trim_texts(span.status, "message")
    excess = len(span.events) - MOST_PARTS
    if excess > 0:
        span.dropped_events_count = _counted(span.dropped_events_count, excess)
        del span.events[MOST_PARTS:]
    excess = len(span.links) - MOST_PARTS
    if excess > 0:
        span.dropped_links_count = _counted(span.dropped_links_count, excess)
        del span.links[MOST_PARTS:]
    cut += _trim_attributes(span)
    cut += sum(_trim_attributes(event) + _trim_texts(event, "name") for event in span.events)
    cut += sum(_trim_attributes(link) + _trim_texts(link, "trace_state") for link in span.links)
    _note(span.attributes, cut)
    return cut


def trim_record(record: LogRecord) -> int:
    """Cut the values and the body of a log record; return how many that were."""
    cut = _trim_attributes(record) + _trim(record.body)
    cut += _trim_texts(record, "event_name", "severity_text")
    _note(record.attributes, cut)
    return cut


def trim_origin(origin: Resource | InstrumentationScope) -> int:
    """Cut the values of what spans come from; return how many that were."""
    cut = _trim_attributes(origin)
    if isinstance(origin, InstrumentationScope):
        cut += _trim_texts(origin, "name", "version")
    _note(origin.attributes, cut)
    return cut


def _note(attributes: Any, cut: int) -> None:
    """Say how many values were cut; what the sender says of it does not count."""
    for place in range(len(attributes) - 1, -1, -1):
        if attributes[place].key == TRUNCATED:
            del attributes[place]
    if cut:
        attributes.add(key=TRUNCATED, value=AnyValue(int_value=cut))


def _trim_attributes(bearer: Any) -> int:
    """Cut the values of attributes, and drop those that are too many or have no proper key."""
    attributes: MutableSequence[KeyValue] | Any = bearer.attributes
    before = len(attributes)
    del attributes[MOST_ATTRIBUTES:]
    for place in range(len(attributes) - 1, -1, -1):
        if len(attributes[place].key) > LONGEST_NAME:
            del attributes[place]
    excess = before - len(attributes)
    if excess:
        bearer.dropped_attributes_count = _counted(bearer.dropped_attributes_count, excess)
    return sum(_trim(attribute.value) for attribute in attributes)


def _trim_texts(bearer: Any, *names: str) -> int:
    """Cut texts that are no values of attributes; return how many that were."""
    cut = 0
    for name in names:
        text = getattr(bearer, name)
        if len(text) > LONGEST_NAME:
            setattr(bearer, name, text[:LONGEST_NAME])
            cut += 1
    return cut


def _trim(value: AnyValue) -> bool:
    if value.ByteSize() <= MOST_VALUE_BYTES:
        return False
    return _keep(value, MOST_VALUE_BYTES) < 0


def _keep(value: AnyValue, room: int) -> int:
    """Keep so many bytes of a value; return what is left of the room, below 0 if it was cut.

    Protobuf reads no more than 100 levels of messages, so that this goes no deeper.
    """
    kind = value.WhichOneof("value")
    if kind == "string_value":
        return _keep_text(value, room)
    if kind == "bytes_value":
        left = room - len(value.bytes_value)
        if left < 0:
            value.bytes_value = value.bytes_value[:room]
        return left
    if kind == "array_value":
        return _keep_parts(value.array_value.values, lambda part: part, room)
    if kind == "kvlist_value":
        return _keep_parts(value.kvlist_value.values, lambda part: part.value, room)
    return room - value.ByteSize()


def _keep_text(value: AnyValue, room: int) -> int:
    data = value.string_value.encode()
    if len(data) > room:
        # What is left of a character that was cut through is dropped.
        value.string_value = data[:room].decode(errors="ignore")
    return room - len(data)


def _keep_parts(parts: Any, value_of: Any, room: int) -> int:
    for place, part in enumerate(parts):
        value = value_of(part)
        inside = value.ByteSize()
        room -= part.ByteSize() - inside
        room = room - inside if inside <= room else _keep(value, max(0, room))
        if room < 0:
            del parts[place + 1 :]
            return room
    return room


def _counted(before: int, more: int) -> int:
    """Add to a counter of 32 bits."""
    return min(before + more, 2**32 - 1)
