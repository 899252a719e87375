"""Three releases of the notebooks: the second colours its desks, the third measures its notes."""

from __future__ import annotations

from typing import Any

from trialbook.eventstore import Migration, RecordedEvent, Transaction
from trialbook.eventstore.conformance import notebook
from trialbook.eventstore.conformance.notebook import SCHEMA, TABLES

DESK = "CREATE TABLE IF NOT EXISTS desk (id INTEGER PRIMARY KEY, name TEXT NOT NULL)"
DESK_WITH_COLOUR = """
    CREATE TABLE IF NOT EXISTS desk (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL, colour TEXT NOT NULL DEFAULT 'brown'
    )
"""
NOTE_WITH_LENGTH = """
    CREATE TABLE IF NOT EXISTS note (
        stream TEXT, version INTEGER, text TEXT, length INTEGER, PRIMARY KEY (stream, version)
    )
"""
COLOUR = Migration(
    1, "colour desks", ("ALTER TABLE desk ADD COLUMN colour TEXT NOT NULL DEFAULT 'brown'",)
)
LENGTH = Migration(2, "count the letters of notes", rebuild=True)

FIRST_RELEASE: dict[str, Any] = {"schema": (*SCHEMA, DESK), "read_models": TABLES}
SECOND_RELEASE: dict[str, Any] = {
    "schema": (*SCHEMA, DESK_WITH_COLOUR),
    "read_models": TABLES,
    "migrations": [COLOUR],
}


def project_with_length(recorded: RecordedEvent, tx: Transaction) -> None:
    if isinstance(recorded.event, notebook.NoteWritten):
        text = recorded.event.text
        tx.execute(
            "INSERT INTO note VALUES (?, ?, ?, ?)",
            (recorded.stream, recorded.version, text, len(text)),
        )


THIRD_RELEASE: dict[str, Any] = {
    "schema": (NOTE_WITH_LENGTH, SCHEMA[1], DESK_WITH_COLOUR),
    "read_models": TABLES,
    "migrations": [COLOUR, LENGTH],
    "projection": project_with_length,
}
