"""Facts of the log, and the consumers that read it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from trialbook.client import names
from trialbook.client.models.codec import EnumCodec, json_of, time_of
from trialbook.client.payload import decode
from trialbook.v1 import event_pb2, event_service_pb2


class EventOrder(StrEnum):
    """The order of a listing."""

    UNSPECIFIED = "unspecified"
    NEWEST = "newest"


EVENT_ORDERS: Final = EnumCodec(EventOrder, event_service_pb2.EventOrder, "EVENT_ORDER")


@dataclass(frozen=True, slots=True)
class Event:
    """One fact: what happened to which resource, who did it, when, why and by which command.

    `data` is the fact itself, None in a summary. `fact_count` is 1, or how many facts a summary
    stands for.
    """

    position: int
    noun: str
    kind: str
    schema_version: int
    project: str
    resource: str
    create_time: datetime
    author: str
    command: str
    command_id: str
    cause: str
    reason: str
    data_json: str | None
    fact_count: int

    @property
    def data(self) -> dict[str, Any] | None:
        """The fact as a dict, with the fields of the reference of events."""
        return None if self.data_json is None else decode(self.data_json)

    @classmethod
    def from_message(cls, message: event_pb2.Event) -> Event:
        """Read it from the contract's message."""
        return cls(
            position=message.position,
            noun=message.noun,
            kind=message.kind,
            schema_version=message.schema_version,
            project=message.project,
            resource=message.resource,
            create_time=time_of(message.create_time),
            author=message.author,
            command=message.command,
            command_id=message.command_id,
            cause=message.cause,
            reason=message.reason,
            data_json=json_of(message.data),
            fact_count=message.fact_count,
        )


@dataclass(frozen=True, slots=True)
class EventBatch:
    """Some events of a subscription, or none. Iterating over it gives its events.

    All wanted events up to `through_position` have been told: acknowledge it, or subscribe after
    it again.
    """

    events: tuple[Event, ...]
    through_position: int

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def __len__(self) -> int:
        return len(self.events)


@dataclass(frozen=True, slots=True)
class EventConsumer:
    """A reader of the log that goes on after `position`; `behind` entries of the log lie beyond."""

    name: str
    position: int
    behind: int
    author: str
    update_time: datetime

    @property
    def id(self) -> str:
        """The last part of the name."""
        return names.last_part(self.name)

    @classmethod
    def from_message(cls, message: event_pb2.EventConsumer) -> EventConsumer:
        """Read it from the contract's message."""
        return cls(
            name=message.name,
            position=message.position,
            behind=message.behind,
            author=message.author,
            update_time=time_of(message.update_time),
        )
