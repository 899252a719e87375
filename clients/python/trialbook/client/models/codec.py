"""How times, durations and enumerations of the contract become Python values, and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from trialbook.v1.payload_pb2 import Payload

MemberT = TypeVar("MemberT", bound=StrEnum)


class NumberedNames(Protocol):
    """A generated enumeration."""

    def Value(self, name: str) -> int:  # noqa: N802 - protobuf's name
        """Return the number of a name."""
        ...


class EnumCodec(Generic[MemberT]):
    """Pairs the members of an enumeration with the contract's numbers, by their names."""

    def __init__(self, members: type[MemberT], names: NumberedNames, prefix: str) -> None:
        self._names = {member: f"{prefix}_{member.name}" for member in members}
        self._members = {names.Value(name): member for member, name in self._names.items()}
        self._unknown = self._members[0]

    def wire_name(self, member: MemberT) -> str:
        """Return the contract's name of a member, which messages take for its number."""
        return self._names[member]

    def member(self, number: int) -> MemberT:
        """Return the member of a number; UNSPECIFIED for one of a newer server."""
        return self._members.get(number, self._unknown)


def seconds_of(duration: Duration) -> float:
    """Return a duration in seconds."""
    return duration.seconds + duration.nanos / 1e9


def optional_seconds(message: Message, field: str) -> float | None:
    """Return a duration field in seconds; None if it is not set."""
    return seconds_of(getattr(message, field)) if message.HasField(field) else None


def duration_of(seconds: float | timedelta) -> Duration:
    """Return seconds, or a timedelta, as a duration."""
    if isinstance(seconds, timedelta):
        seconds = seconds.total_seconds()
    whole = int(seconds)
    return Duration(seconds=whole, nanos=round((seconds - whole) * 1e9))


def time_of(timestamp: Timestamp) -> datetime:
    """Return a timestamp in UTC."""
    return timestamp.ToDatetime(tzinfo=UTC)


def json_of(payload: Payload) -> str | None:
    """Return a payload's text; None if it is not set."""
    return payload.json if payload.HasField("json") else None


def optional_time(message: Message, field: str) -> datetime | None:
    """Return a timestamp field in UTC; None if it is not set."""
    return time_of(getattr(message, field)) if message.HasField(field) else None


def optional_number(message: Message, field: str) -> float | None:
    """Return a number field; None if it is not set."""
    number: float = getattr(message, field)
    return number if message.HasField(field) else None


def optional_flag(message: Message, field: str) -> bool | None:
    """Return a truth field; None if it is not set."""
    flag: bool = getattr(message, field)
    return flag if message.HasField(field) else None
