"""Between events and the rows of the log."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import msgspec
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Mapper, StoredEvent

from trialbook.eventstore.errors import UndecodableEvent
from trialbook.eventstore.events import Metadata
from trialbook.eventstore.registry import EventRegistry

# The first byte of a state: the format in the high half, the codec in the low half.
_PLAIN = b"\x10"
_ZLIB = b"\x11"
# Another topic than the row's stands before such a state: its length in two bytes, then itself.
_UNDER_TOPIC = b"\x20"

# Bulk events shrink to half or less. The small ones of live work are many, and waited for: to
# compress them would cost more time than to write them.
_WORTH_TRYING = 16 * 1024
_WORTH_KEEPING = 0.9


@dataclass(frozen=True, slots=True)
class EventEnvelope:
    """An event with its place in a stream: the domain event of the library's contracts."""

    originator_id: str
    originator_version: int
    event: msgspec.Struct
    metadata: Metadata


class StructMapper(Mapper[str]):
    """Stores msgspec structs as one header byte and a msgpack array of metadata and event.

    A payload above 16 KB is compressed with zlib at level 1 where that saves more than a tenth.
    """

    def __init__(self, registry: EventRegistry) -> None:
        self.registry = registry

    def topic_of(self, event: msgspec.Struct) -> str:
        """Return the topic to store beside the state; UnknownEvent if it has none."""
        return self.registry.topic_of(event)

    def encode_state(self, event: msgspec.Struct, metadata: Metadata) -> bytes:
        """Return the state to store; UnstorableValue if a field cannot be encoded."""
        payload = self.registry.encode(event, metadata)
        if len(payload) > _WORTH_TRYING:
            packed = zlib.compress(payload, 1)
            if len(packed) < len(payload) * _WORTH_KEEPING:
                return _ZLIB + packed
        return _PLAIN + payload

    def encode_in_place_of(self, topic: str, event: msgspec.Struct, metadata: Metadata) -> bytes:
        """Return the state to put where one is stored under ``topic``, perhaps an older one.

        Raises UnstorableValue if a field cannot be encoded.
        """
        state = self.encode_state(event, metadata)
        present = self.topic_of(event)
        if present == topic:
            return state
        name = present.encode()
        return _UNDER_TOPIC + len(name).to_bytes(2, "big") + name + state

    def decode_state(self, topic: str, state: bytes) -> tuple[Metadata, msgspec.Struct]:
        """Return what was stored; UnknownEvent or UndecodableEvent if that is impossible."""
        header = state[:1]
        if header == _PLAIN:
            return self.registry.decode(topic, state[1:])
        if header == _ZLIB:
            return self.registry.decode(topic, _decompress(topic, state[1:]))
        if header == _UNDER_TOPIC:
            end = 3 + int.from_bytes(state[1:3], "big")
            return self.decode_state(state[3:end].decode(errors="replace"), state[end:])
        raise UndecodableEvent(
            f"A stored event {topic!r} begins with {header!r}, which no known format does. "
            "Upgrade Trialbook if a newer release wrote it; else restore a backup."
        )

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredEvent:
        """Convert an EventEnvelope; TypeError for anything else."""
        if not isinstance(domain_event, EventEnvelope):
            raise TypeError(f"expected an EventEnvelope, not {type(domain_event).__qualname__}")
        return StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=self.topic_of(domain_event.event),
            state=self.encode_state(domain_event.event, domain_event.metadata),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> EventEnvelope:
        """Convert a stored event to an EventEnvelope."""
        metadata, event = self.decode_state(stored_event.topic, stored_event.state)
        return EventEnvelope(
            originator_id=str(stored_event.originator_id),
            originator_version=stored_event.originator_version,
            event=event,
            metadata=metadata,
        )


def _decompress(topic: str, packed: bytes) -> bytes:
    try:
        return zlib.decompress(packed)
    except zlib.error as error:
        raise UndecodableEvent(
            f"A stored event {topic!r} is damaged: {error}. Restore a backup."
        ) from error
