from __future__ import annotations

from random import Random

import msgspec
import pytest
from eventsourcing.domain import DomainEvent
from eventsourcing.persistence import Mapper, MapperDeserialisationError, StoredEvent
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.eventstore.toy import NoteWritten, metadata, registry
from trialbook.eventstore import EventEnvelope, EventRegistry, StructMapper, UndecodableEvent

pytestmark = pytest.mark.unit


class Noise(msgspec.Struct):
    sound: bytes


TOPIC = "notebook.note_written.v2"


def mapper() -> StructMapper:
    return StructMapper(registry())


def test_it_is_a_mapper_of_the_library() -> None:
    assert isinstance(mapper(), Mapper)


def test_an_envelope_comes_back_as_it_went_in() -> None:
    envelope = EventEnvelope("notebook-1", 7, NoteWritten("hello"), metadata())

    stored = mapper().to_stored_event(envelope)

    assert (stored.originator_id, stored.originator_version) == ("notebook-1", 7)
    assert stored.topic == TOPIC
    assert mapper().to_domain_event(stored) == envelope


def test_only_envelopes_are_mapped() -> None:
    with pytest.raises(TypeError, match="EventEnvelope"):
        mapper().to_stored_event(DomainEvent)  # type: ignore[arg-type]  # what is refused


def test_a_short_event_is_stored_plain() -> None:
    state = mapper().encode_state(NoteWritten("a" * 100), metadata())

    assert state[:1] == b"\x10"
    assert b"a" * 100 in state


def test_a_long_repetitive_event_is_compressed() -> None:
    state = mapper().encode_state(NoteWritten("abc" * 10_000), metadata())

    assert state[:1] == b"\x11"
    assert len(state) < 1_000


def test_a_long_event_that_does_not_shrink_is_stored_plain() -> None:
    known = EventRegistry()
    known.register("a.noise.v1", Noise)

    state = StructMapper(known).encode_state(Noise(Random(1).randbytes(4_000)), metadata())

    assert state[:1] == b"\x10"


@given(st.text())
def test_every_text_survives(text: str) -> None:
    event = NoteWritten(text * 50)

    assert mapper().decode_state(TOPIC, mapper().encode_state(event, metadata()))[1] == event


@pytest.mark.parametrize("state", [b"", b"\x20rest", b"\x12rest", b"\x11not zlib", b"\x10"])
def test_a_damaged_state_is_undecodable_in_both_vocabularies(state: bytes) -> None:
    for error in (UndecodableEvent, MapperDeserialisationError):
        with pytest.raises(error):
            mapper().to_domain_event(StoredEvent("notebook-1", 1, TOPIC, state))
