"""Protobuf's wire format, as far as parts of messages are put together again."""

from __future__ import annotations

_LENGTH_DELIMITED = 2
_CONTINUED = 0x80


def framed(number: int, data: bytes) -> bytes:
    """Return a field, numbered 1 to 15, that holds a message, a text or bytes."""
    size = len(data)
    head = [number << 3 | _LENGTH_DELIMITED]
    while size >= _CONTINUED:
        head.append(size & 0x7F | _CONTINUED)
        size >>= 7
    head.append(size)
    return bytes(head) + data
