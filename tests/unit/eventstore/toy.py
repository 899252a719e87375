"""The notebooks of the conformance suite, in an SQLite file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trialbook.eventstore import SQLiteDatabase
from trialbook.eventstore.conformance.notebook import (
    SCHEMA,
    TABLES,
    Mark,
    MarksGiven,
    NoteWritten,
    metadata,
    project,
    read_models,
    registry,
    texts,
    write_note,
)

__all__ = [
    "SCHEMA",
    "TABLES",
    "Mark",
    "MarksGiven",
    "NoteWritten",
    "metadata",
    "open_database",
    "project",
    "read_models",
    "registry",
    "texts",
    "write_note",
]


def open_database(path: Path, **settings: Any) -> SQLiteDatabase:
    chosen: dict[str, Any] = {
        "registry": registry(),
        "projection": project,
        "schema": SCHEMA,
        **settings,
    }
    return SQLiteDatabase(path, **chosen)
