"""Spans in OTLP's wire format, written directly.

Making the message objects of the exporter's encoder takes longer than everything else that a
worker does for a span. What is rarer than attributes of plain values is left to that encoder.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any, Final

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import Status
from opentelemetry.util.types import Attributes

# Field numbers with their wire types, of opentelemetry/proto/trace/v1/trace.proto.
_TRACE_ID: Final = b"\x0a\x10"
_SPAN_ID: Final = b"\x12\x08"
_TRACE_STATE: Final = b"\x1a"
_PARENT_ID: Final = b"\x22\x08"
_NAME: Final = b"\x2a"
_KIND: Final = b"\x30"
_TIMES: Final = struct.Struct("<BQBQ")
_START_TIME: Final = 0x39
_END_TIME: Final = 0x41
_ATTRIBUTE: Final = b"\x4a"
_STATUS: Final = b"\x7a"
_NO_STATUS: Final = b"\x7a\x00"
_STATUS_MESSAGE: Final = b"\x12"
_STATUS_CODE: Final = b"\x18"
_LOCAL_PARENT: Final = b"\x85\x01\x00\x01\x00\x00"
_REMOTE_PARENT: Final = b"\x85\x01\x00\x03\x00\x00"

# Of opentelemetry/proto/common/v1/common.proto.
_KEY: Final = b"\x0a"
_VALUE: Final = b"\x12"
_STRING: Final = b"\x0a"
_FALSE: Final = b"\x10\x00"
_TRUE: Final = b"\x10\x01"
_INT: Final = b"\x18"
_DOUBLE: Final = struct.Struct("<Bd")
_DOUBLE_TAG: Final = 0x21
_ARRAY: Final = b"\x2a"
_ARRAY_VALUE: Final = b"\x0a"

_INT_LIMIT: Final = 1 << 63
_INT_MASK: Final = (1 << 64) - 1
_MAX_KEYS: Final = 4_096
_keys: dict[str, bytes] = {}
"""Keys as they are written: there are few different ones."""


class _RareError(Exception):
    """There is something of which the exporter's encoder knows how to write it."""


def span_bytes(span: ReadableSpan) -> bytes:
    """Return a span as a serialised message Span. Raises what the exporter's encoder raises."""
    try:
        return _written(span)
    except (_RareError, UnicodeEncodeError, struct.error):
        (resource,) = encode_spans([span]).resource_spans
        return resource.scope_spans[0].spans[0].SerializeToString()


def framed(tag: bytes, data: bytes) -> bytes:
    """Return a field that holds a text, bytes or a message."""
    return tag + _varint(len(data)) + data


def _written(span: ReadableSpan) -> bytes:
    context = span.get_span_context()
    if context is None or context.trace_state or span.events or span.links or _has_dropped(span):
        raise _RareError
    parent = span.parent
    parts = [
        _TRACE_ID,
        context.trace_id.to_bytes(16, "big"),
        _SPAN_ID,
        context.span_id.to_bytes(8, "big"),
    ]
    if parent is not None:
        parts += (_PARENT_ID, parent.span_id.to_bytes(8, "big"))
    parts += (
        framed(_NAME, span.name.encode()) if span.name else b"",
        _KIND,
        _varint(span.kind.value + 1),
        _TIMES.pack(_START_TIME, span.start_time or 0, _END_TIME, span.end_time or 0),
        *_attributes(span.attributes),
        _status(span.status),
        _REMOTE_PARENT if parent is not None and parent.is_remote else _LOCAL_PARENT,
    )
    return b"".join(parts)


def _has_dropped(span: ReadableSpan) -> bool:
    return bool(span.dropped_attributes or span.dropped_events or span.dropped_links)


def _status(status: Status) -> bytes:
    if status.is_unset and not status.description:
        return _NO_STATUS
    written = b""
    if status.description:
        written = framed(_STATUS_MESSAGE, status.description.encode())
    if status.status_code.value:
        written += _STATUS_CODE + _varint(status.status_code.value)
    return framed(_STATUS, written)


def _attributes(attributes: Attributes) -> list[bytes]:
    # Of its own kind of mapping the SDK makes a copy faster than it looks up a value.
    copy = getattr(attributes, "copy", None)
    plain: Mapping[str, Any] = copy() if copy is not None else attributes or {}
    written: list[bytes] = []
    # Most of the time goes here: the commonest values are written in place.
    for key, value in plain.items():
        if type(value) is str:
            data = value.encode()
            size = len(data)
            data = _STRING + (_SHORT[size] if size < _LONG else _varint(size)) + data
        else:
            data = _value(value)
        size = len(data)
        entry = _keys.get(key) or _key(key)
        entry += (_SHORT[size] if size < _LONG else _varint(size)) + data
        size = len(entry)
        written.append(_ATTRIBUTE + (_SHORT[size] if size < _LONG else _varint(size)) + entry)
    return written


def _key(key: str) -> bytes:
    written = framed(_KEY, key.encode()) + _VALUE
    if len(_keys) < _MAX_KEYS:
        _keys[key] = written
    return written


def _value(value: Any) -> bytes:
    # Exactly these types: what derives from them may be anything.
    kind = type(value)
    if kind is str:
        data: bytes = value.encode()
        return _STRING + _varint(len(data)) + data
    if kind is int:
        if not -_INT_LIMIT <= value < _INT_LIMIT:
            raise _RareError
        return _INT + _varint(value & _INT_MASK)
    if kind is bool:
        return _TRUE if value else _FALSE
    if kind is float:
        return _DOUBLE.pack(_DOUBLE_TAG, value)
    if kind is tuple:
        return framed(_ARRAY, b"".join([framed(_ARRAY_VALUE, _value(part)) for part in value]))
    raise _RareError


def _varint(number: int) -> bytes:
    return _SHORT[number] if number < _LONG else _computed_varint(number)


def _computed_varint(number: int) -> bytes:
    written = bytearray()
    while number >= 0x80:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


_LONG: Final = 2_048
_SHORT: Final = tuple(_computed_varint(number) for number in range(_LONG))
