"""Payloads, times and durations between the wire and the application."""

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from trialbook.v1.payload_pb2 import Payload

_MICROSECONDS = 1_000_000
_LONGEST = 10**15


def read_json(payload: Payload) -> str | None:
    """Return the JSON text of a payload; None if nothing is set."""
    return payload.json if payload.WhichOneof("kind") == "json" else None


def write_json(text: str | None) -> Payload | None:
    """Return a payload; None for an absent body."""
    return None if text is None else Payload(json=text)


def write_time(microseconds: int) -> Timestamp:
    """Return a time since the epoch."""
    seconds, rest = divmod(microseconds, _MICROSECONDS)
    return Timestamp(seconds=seconds, nanos=rest * 1000)


def write_duration(microseconds: int | None) -> Duration | None:
    """Return a duration; None for an unknown one."""
    if microseconds is None:
        return None
    seconds, rest = divmod(microseconds, _MICROSECONDS)
    return Duration(seconds=seconds, nanos=rest * 1000)


def read_duration(duration: Duration) -> int:
    """Return microseconds, of whatever a caller may have sent within bounds."""
    microseconds = duration.seconds * _MICROSECONDS + duration.nanos // 1000
    return max(-_LONGEST, min(_LONGEST, microseconds))
