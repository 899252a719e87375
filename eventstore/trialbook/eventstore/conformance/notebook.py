"""A domain just big enough to try a store with: notebooks of notes and marks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from random import Random
from typing import Any, TypeVar

import msgspec

from trialbook.eventstore import (
    Database,
    EventRegistry,
    Metadata,
    Reader,
    RecordedEvent,
    RememberedCommand,
    Transaction,
)

T = TypeVar("T")

NOTE_TOPIC = "notebook.note_written.v2"
MARKS_TOPIC = "notebook.marks_given.v1"


class Undone(Exception):
    """Raised by a work that is to leave nothing."""


class NoteWritten(msgspec.Struct, frozen=True):
    text: str
    colour: str = "black"


class Mark(msgspec.Struct, frozen=True, array_like=True):
    name: str
    value: float


class MarksGiven(msgspec.Struct, frozen=True, array_like=True):
    marks: list[Mark]


def registry() -> EventRegistry:
    known = EventRegistry()
    known.register(
        NOTE_TOPIC,
        NoteWritten,
        upcast={"notebook.note_written.v1": lambda old: {"text": old["body"]}},
    )
    known.register(MARKS_TOPIC, MarksGiven)
    return known


TABLES = ("note", "mark")
SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS note (
        stream TEXT, version INTEGER, text TEXT, PRIMARY KEY (stream, version)
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS mark (
        stream TEXT, name TEXT, value REAL, position INTEGER, PRIMARY KEY (stream, name)
    )
    """,
)


def project(recorded: RecordedEvent, transaction: Transaction) -> None:
    match recorded.event:
        case NoteWritten(text=text):
            transaction.execute(
                "INSERT INTO note VALUES (?, ?, ?)", (recorded.stream, recorded.version, text)
            )
        case MarksGiven(marks=marks):
            transaction.insert(
                "mark",
                ("stream", "name", "value", "position"),
                [(recorded.stream, mark.name, mark.value, recorded.position) for mark in marks],
            )


def metadata(command_id: str = "c-1") -> Metadata:
    return Metadata(recorded_at=1_700_000_000_000_000, actor="ada", command_id=command_id)


def write(database: Database, work: Callable[[Transaction], T]) -> T:
    """Run a work to its end, from a thread without an event loop."""
    return database.submit(work).result()


def write_note(
    transaction: Transaction, stream: str, text: str, expected_version: int | None = None
) -> RecordedEvent:
    return transaction.append(
        stream, [NoteWritten(text)], expected_version=expected_version, metadata=metadata()
    )[0]


def give_marks(transaction: Transaction, stream: str, *names: str) -> RecordedEvent:
    marks = MarksGiven([Mark(name, number / 7) for number, name in enumerate(names)])
    return transaction.append(stream, [marks], expected_version=None, metadata=metadata())[0]


def write_some(tx: Transaction, stream: str, count: int, fails: bool = False) -> None:
    for _ in range(count):
        write_note(tx, stream, "x")
    if fails:
        raise Undone


def write_at_random(database: Database, client: str, requests: int) -> int:
    """Write one to five notes at a time; every fifth request fails and leaves nothing."""
    random = Random(client)
    written = 0
    for number in range(requests):
        count, fails = random.randrange(1, 6), number % 5 == 4
        with suppress(Undone):
            write(database, partial(write_some, stream=f"n-{client}", count=count, fails=fails))
        written += 0 if fails else count
    return written


def note_once(transaction: Transaction, command_id: str, stream: str) -> int:
    """A command as an application writes it: repeated, it gives the position it gave first."""
    remembered = transaction.recall(command_id)
    if remembered is not None:
        return int.from_bytes(remembered.result)
    position = write_note(transaction, stream, command_id).position
    transaction.remember(command_id, b"note", position.to_bytes(8), 1)
    return position


def texts(recorded: Sequence[RecordedEvent]) -> list[str]:
    return [one.event.text for one in recorded if isinstance(one.event, NoteWritten)]


def load_texts(database: Database, stream: str) -> list[str]:
    return texts(database.read_now(lambda view: view.load(stream)))


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def read_models(reader: Reader) -> list[list[tuple[Any, ...]]]:
    return [reader.query(f"SELECT * FROM {table} ORDER BY 1, 2") for table in TABLES]


def commands(reader: Reader) -> list[RememberedCommand]:
    found: list[RememberedCommand] = []
    while page := reader.remembered(after=found[-1].command_id if found else ""):
        found.extend(page)
    return found
