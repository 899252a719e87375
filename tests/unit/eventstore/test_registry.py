from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from tests.unit.eventstore.toy import Mark, MarksGiven, NoteWritten, metadata, registry
from trialbook.eventstore import EventRegistry, UndecodableEvent, UnknownEvent, UnstorableValue

pytestmark = pytest.mark.unit


class Unregistered(msgspec.Struct):
    pass


class Anything(msgspec.Struct):
    value: Any


class Dated(msgspec.Struct):
    at: datetime
    digest: bytes


@pytest.mark.parametrize(
    "event", [NoteWritten("hello", "red"), MarksGiven([Mark("a", 1.5), Mark("b", -0.0)])]
)
def test_an_event_comes_back_as_it_went_in(event: msgspec.Struct) -> None:
    known = registry()

    decoded = known.decode(known.topic_of(event), known.encode(event, metadata()))

    assert decoded == (metadata(), event)


def test_an_old_topic_is_decoded_into_the_present_class() -> None:
    payload = msgspec.msgpack.encode([metadata(), {"body": "from long ago"}])

    _, event = registry().decode("notebook.note_written.v1", payload)

    assert event == NoteWritten("from long ago", "black")


def test_an_upcast_keeps_times_and_bytes() -> None:
    known = EventRegistry()
    known.register("a.dated.v2", Dated, upcast={"a.dated.v1": lambda old: old})
    event = Dated(datetime(2026, 1, 2, tzinfo=UTC), b"\x00\xff")

    assert known.decode("a.dated.v1", known.encode(event, metadata()))[1] == event


def test_metadata_of_a_newer_release_with_more_fields_is_read() -> None:
    payload = msgspec.msgpack.encode([[1, "ada", "c", "", "new field"], {"text": "t"}])

    assert registry().decode("notebook.note_written.v2", payload)[0].actor == "ada"


@pytest.mark.parametrize("topic", ["note", "note.v0", "Note.v1", "note.v1 ", "trialbook:Note"])
def test_a_topic_without_a_version_is_refused(topic: str) -> None:
    with pytest.raises(ValueError, match="is not a topic"):
        EventRegistry().register(topic, NoteWritten)


def test_a_topic_is_registered_once() -> None:
    known = registry()

    with pytest.raises(ValueError, match="registered already"):
        known.register("notebook.note_written.v2", Unregistered)
    with pytest.raises(ValueError, match="registered already"):
        known.register("notebook.note_written.v1", Unregistered)


def test_a_class_has_one_topic() -> None:
    with pytest.raises(ValueError, match="cannot become"):
        registry().register("notebook.other.v1", NoteWritten)


def test_a_refused_registration_leaves_no_trace() -> None:
    known = registry()
    before = known.topics

    with pytest.raises(ValueError, match="registered already"):
        known.register("a.new.v2", Unregistered, upcast={"notebook.note_written.v1": dict})

    assert known.topics == before


def test_an_unregistered_class_is_named() -> None:
    with pytest.raises(UnknownEvent, match="Unregistered"):
        registry().topic_of(Unregistered())


def test_an_unknown_topic_is_named() -> None:
    with pytest.raises(UnknownEvent, match=r"future\.event\.v9"):
        registry().decode("future.event.v9", b"")


@pytest.mark.parametrize("payload", [b"", b"\xc1", b"\x92\xc0\xc0", b"\x00" * 50])
def test_damaged_bytes_are_undecodable(payload: bytes) -> None:
    for topic in registry().topics:
        with pytest.raises(UndecodableEvent):
            registry().decode(topic, payload)


@pytest.mark.parametrize("value", ["\ud800", object(), 2**64, {1.5: {2}, "a": object}])
def test_a_value_that_has_no_encoding_is_unstorable(value: object) -> None:
    known = EventRegistry()
    known.register("a.anything.v1", Anything)

    with pytest.raises(UnstorableValue):
        known.encode(Anything(value), metadata())
