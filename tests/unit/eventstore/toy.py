"""A domain just big enough to try the store with: notebooks of notes and marks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from trialbook.eventstore import (
    EventRegistry,
    Metadata,
    Reader,
    RecordedEvent,
    SQLiteDatabase,
    Transaction,
)


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
        "notebook.note_written.v2",
        NoteWritten,
        upcast={"notebook.note_written.v1": lambda old: {"text": old["body"]}},
    )
    known.register("notebook.marks_given.v1", MarksGiven)
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


def open_database(path: Path, **settings: Any) -> SQLiteDatabase:
    chosen: dict[str, Any] = {
        "registry": registry(),
        "projection": project,
        "schema": SCHEMA,
        **settings,
    }
    return SQLiteDatabase(path, **chosen)


def write_note(
    transaction: Transaction, stream: str, text: str, expected_version: int | None = None
) -> RecordedEvent:
    return transaction.append(
        stream, [NoteWritten(text)], expected_version=expected_version, metadata=metadata()
    )[0]


def texts(recorded: Sequence[RecordedEvent]) -> list[str]:
    return [one.event.text for one in recorded if isinstance(one.event, NoteWritten)]


def read_models(reader: Reader) -> list[list[tuple[Any, ...]]]:
    return [reader.query(f"SELECT * FROM {table} ORDER BY 1, 2") for table in TABLES]
