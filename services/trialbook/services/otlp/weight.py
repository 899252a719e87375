"""How much memory a request will take once it is read: a few bytes may say millions of messages."""

from __future__ import annotations

from dataclasses import dataclass, field

from trialbook.services.domain.errors import RequestTooIntricate
from trialbook.services.otlp.signal import Signal

HEAVIEST = 512 * 1024 * 1024
"""Bytes that the messages of one request may come to."""
MOST_JSON_PARTS = 1_000_000
"""Objects and lists that a request in JSON may have."""

_WEIGHED = 1024 * 1024
_JSON_PART = 1000
_VARINT, _FIXED_64, _LENGTH_DELIMITED, _FIXED_32 = 0, 1, 2, 5
_GROUPS = (3, 4)


@dataclass(frozen=True, slots=True)
class _Kind:
    """A message: what it takes, its fields that hold messages, and from which size on they count.

    Smaller ones are part of its own weight.
    """

    weight: int
    inside: dict[int, _Kind] = field(default_factory=dict)
    opened_from: int = 1


_VALUE = _Kind(40)
_ATTRIBUTE = _Kind(100, {2: _VALUE}, opened_from=256)
_VALUE.inside[5] = _Kind(40, {1: _VALUE})
_VALUE.inside[6] = _Kind(40, {1: _ATTRIBUTE})
_EVENT = _Kind(80, {3: _ATTRIBUTE})
_LINK = _Kind(100, {4: _ATTRIBUTE})
_SPAN = _Kind(200, {9: _ATTRIBUTE, 11: _EVENT, 13: _LINK})
_RECORD = _Kind(200, {5: _VALUE, 6: _ATTRIBUTE})
_RESOURCE = _Kind(80, {1: _ATTRIBUTE})
_SCOPE = _Kind(80, {3: _ATTRIBUTE})
# A request is made of resources, these of scopes, and these of spans or of log records.
_REQUESTS = [
    _Kind(0, {1: _Kind(80, {1: _RESOURCE, 2: _Kind(80, {1: _SCOPE, 2: entry})})})
    for entry in (_SPAN, _RECORD)
]


def weigh(signal: Signal, body: bytes, *, json: bool) -> int:
    """Return about how many bytes a request takes when it is read. Raises RequestTooIntricate."""
    if json:
        parts = body.count(b"{") + body.count(b"[")
        if parts > MOST_JSON_PARTS:
            raise RequestTooIntricate(f"{MOST_JSON_PARTS:,} JSON objects and lists")
        return parts * _JSON_PART
    if len(body) < _WEIGHED:
        return len(body)
    try:
        weight = _weigh(body, _REQUESTS[signal.kind])
    except IndexError:
        # It ends in the midst of something: who reads it says so.
        return len(body)
    if weight > HEAVIEST:
        raise RequestTooIntricate(f"{HEAVIEST >> 20} MiB of messages")
    return weight


def _weigh(body: bytes, kind: _Kind) -> int:
    """Return the weight of the messages inside, up to where it is too much. Raises IndexError."""
    weight = 0
    stack = [(0, len(body), kind)]
    while stack and weight <= HEAVIEST:
        at, end, kind = stack.pop()
        inside = kind.inside
        while at < end and weight <= HEAVIEST:
            tag, at = body[at], at + 1
            if tag & 0x80:
                tag, at = _varint(body, at - 1)
            wire = tag & 7
            if wire == _LENGTH_DELIMITED:
                size, at = body[at], at + 1
                if size & 0x80:
                    size, at = _varint(body, at - 1)
                found = inside.get(tag >> 3)
                if found is not None:
                    weight += found.weight
                    if size >= found.opened_from and found.inside:
                        stack.append((at, at + size, found))
                at += size
            else:
                at = _passed(body, at, wire)
    return weight


def _passed(body: bytes, at: int, wire: int) -> int:
    """Return where a field ends that holds no message."""
    if wire == _VARINT:
        while body[at] & 0x80:
            at += 1
        return at + 1
    if wire == _FIXED_64:
        return at + 8
    if wire == _FIXED_32:
        return at + 4
    if wire in _GROUPS:
        return at
    raise IndexError


def _varint(body: bytes, at: int) -> tuple[int, int]:
    """Return a number of several bytes, and where it ends."""
    number = shift = 0
    while True:
        piece = body[at]
        at += 1
        number |= (piece & 0x7F) << shift
        shift += 7
        if not piece & 0x80 or shift > 63:
            return number, at
