"""Archives that were written once must be readable for ever, on every backend."""

from __future__ import annotations

from pathlib import Path

from trialbook.eventstore import Database, Metadata
from trialbook.eventstore.archive import ArchiveReport, import_log
from trialbook.eventstore.conformance.notebook import (
    Mark,
    MarksGiven,
    NoteWritten,
    digest,
    note_once,
    write,
)
from trialbook.eventstore.verification import verify

GOLDEN = Path(__file__).parent / "golden" / "archive_format_1.tblog"
HEAD = bytes.fromhex("a381ec71e8b455b5aca12d6d44c2b049bb0cb4658f35465a1dc86d3d9496bfc4")


def test_an_archive_of_the_first_format_is_read(database: Database) -> None:
    with GOLDEN.open("rb") as file:
        report = import_log(database, file)

    assert report == ArchiveReport(4, HEAD, 1, 1, 3)
    events = database.read_now(lambda view: view.events())
    assert [(one.stream, one.version, one.event) for one in events] == [
        ("größe", 1, NoteWritten("c-0")),
        ("größe", 2, NoteWritten("", "white")),
        ("größe", 3, NoteWritten("c-2")),
        ("marks", 1, MarksGiven([Mark("a", 0.0), Mark("b", 1 / 7)])),
    ]
    assert events[1].metadata == Metadata(1_700_000_000_000_000, "ada", "c-1")
    assert database.read_now(lambda view: view.blankings())[0].command_id == "c-purge"
    assert database.read_now(lambda view: view.stored_blobs()) == [(digest("世界"), "世界")]
    assert write(database, lambda tx: note_once(tx, "c-1", "größe")) == 2
    assert verify(database).sound
