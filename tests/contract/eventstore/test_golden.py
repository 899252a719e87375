"""Bytes that were stored once must be readable for ever."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from tests.unit.eventstore.toy import Mark, MarksGiven, NoteWritten, registry
from trialbook.eventstore import Metadata, StructMapper

GOLDEN = Path(__file__).parent / "golden"

# Older events lack what metadata has gained since.
METADATA = Metadata(1_700_000_000_000_000, "ada", "c-1", "")
TODAY = Metadata(1_700_000_000_000_000, "ada", "c-1", "c-0", "AddNote", "because")
EXPECTED: dict[str, msgspec.Struct] = {
    "note_v1_plain": NoteWritten("written long ago", "black"),
    "note_v2_plain": NoteWritten("hello, 世界", "red"),
    "note_v2_zlib": NoteWritten("abc" * 1_000, "black"),
    "marks_v1_plain": MarksGiven([Mark("a", 1.5), Mark("b", -2.0)]),
    "marks_v1_zlib": MarksGiven([Mark(f"mark {n}", n / 8) for n in range(250)]),
    "note_v2_today": NoteWritten("hello, 世界", "red"),
    "marks_v1_today": MarksGiven([Mark("a", 1.5), Mark("b", -2.0)]),
}


def stored(name: str) -> tuple[str, bytes]:
    content = json.loads((GOLDEN / f"{name}.json").read_text())
    return content["topic"], bytes.fromhex(content["state"])


@pytest.mark.parametrize("name", EXPECTED)
def test_a_stored_event_is_decoded(name: str) -> None:
    topic, state = stored(name)
    metadata = TODAY if name.endswith("today") else METADATA

    assert StructMapper(registry()).decode_state(topic, state) == (metadata, EXPECTED[name])


def test_every_golden_file_is_expected() -> None:
    assert {file.stem for file in GOLDEN.glob("*.json")} == set(EXPECTED)


def test_the_golden_events_cover_every_topic() -> None:
    assert {stored(name)[0] for name in EXPECTED} == registry().topics


# Compressed bytes may differ from one zlib to the next; they need only be readable.
@pytest.mark.parametrize("name", ["note_v2_today", "marks_v1_today"])
def test_an_event_is_encoded_as_it_always_was(name: str) -> None:
    assert StructMapper(registry()).encode_state(EXPECTED[name], TODAY) == stored(name)[1]
