"""What verifying the log finds, and that it finds nothing else."""

from __future__ import annotations

from functools import partial

import pytest

from trialbook.eventstore import Database, Transaction
from trialbook.eventstore.conformance.backend import Backend
from trialbook.eventstore.conformance.cases import Cases
from trialbook.eventstore.conformance.notebook import (
    NoteWritten,
    digest,
    metadata,
    write,
    write_note,
)
from trialbook.eventstore.conformance.rebuild import fill
from trialbook.eventstore.registry import EventRegistry
from trialbook.eventstore.verification import FINDINGS_KEPT, verify


def run_sql(sql: str, tx: Transaction) -> object:
    return tx.execute(sql)


def fill_all(tx: Transaction) -> None:
    for number in range(20):
        write_note(tx, f"n-{number % 3}", f"note {number}")
    for position in (4, 9):
        tx.blank(position, NoteWritten(""), metadata())
    tx.put_blobs({digest(str(number)): str(number) for number in range(5)})


# Each with the position that must be named.
TAMPERING = [
    ("UPDATE event SET state = (SELECT state FROM event WHERE position = 1) WHERE position = 7", 7),
    ("UPDATE event SET state = (SELECT state FROM event WHERE position = 1) WHERE position = 9", 9),
    ("UPDATE event SET stream = 'another' WHERE position = 20", 20),
    ("UPDATE event SET topic = 'notebook.note_written.v1' WHERE position = 7", 7),
    ("UPDATE event SET digest = state WHERE position = 7", 7),
    ("UPDATE event SET version = 70 WHERE position = 20", 20),
    ("DELETE FROM event WHERE position = 7", 8),
    ("DELETE FROM event WHERE position = 1", 2),
    ("DELETE FROM blanked WHERE position = 4", 4),
    ("UPDATE blanked SET position = 5 WHERE position = 4", 5),
    ("UPDATE blanked SET position = 99 WHERE position = 4", 99),
    ("UPDATE blanked SET state_hash = present_hash WHERE position = 4", 4),
    ("UPDATE blanked SET present_hash = state_hash WHERE position = 4", 4),
    ("UPDATE blob SET content = 'another' WHERE content = '3'", 0),
]


class VerificationCases(Cases):
    """Every alteration is found and placed; a log that nobody touched is sound."""

    def test_an_empty_log_is_sound(self, database: Database) -> None:
        report = verify(database)

        assert report.sound
        assert (report.events, report.streams, report.blobs, report.position) == (0, 0, 0, 0)
        assert report.digest == bytes(32)

    def test_a_log_that_nobody_touched_is_sound(self, database: Database) -> None:
        fill(database, 700)
        write(database, lambda tx: tx.put_blobs({digest(str(n)): str(n) for n in range(250)}))
        told: list[tuple[int, int]] = []

        report = verify(database, progress=lambda done, of: told.append((done, of)))

        assert report.findings == ()
        assert (report.events, report.streams, report.blobs) == (700, 9, 250)
        assert (report.position, report.digest) == database.read_now(lambda view: view.head())
        assert told[-1] == (700, 700)
        assert told == sorted(told)

    @pytest.mark.parametrize(("sql", "position"), TAMPERING)
    def test_tampering_is_found_and_placed(
        self, database: Database, sql: str, position: int
    ) -> None:
        write(database, fill_all)
        assert verify(database).sound

        assert write(database, partial(run_sql, sql)) == 1

        report = verify(database)
        assert not report.sound
        assert position in {finding.position for finding in report.findings}
        assert all(finding.problem.endswith(".") for finding in report.findings)

    def test_one_alteration_does_not_spoil_what_follows(self, database: Database) -> None:
        write(database, fill_all)

        write(database, partial(run_sql, TAMPERING[0][0]))

        assert [finding.position for finding in verify(database).findings] == [7]

    def test_history_cut_off_at_the_end_is_told_by_another_digest(self, database: Database) -> None:
        # A log that ends earlier is a sound log; only who kept the digest can tell.
        write(database, fill_all)
        kept = verify(database).digest

        write(database, partial(run_sql, "DELETE FROM event WHERE position > 18"))

        assert verify(database).digest != kept

    def test_findings_are_bounded_and_counted(self, database: Database) -> None:
        write(database, lambda tx: [write_note(tx, "n", str(n)) for n in range(1, 301)])
        state = database.read_now(lambda view: view.log_rows(limit=1))[0].state
        write(
            database,
            lambda tx: tx.execute("UPDATE event SET state = ? WHERE position > 1", (state,)),
        )

        report = verify(database)

        assert report.total == 299
        assert len(report.findings) == FINDINGS_KEPT

    def test_an_event_that_does_not_decode_is_found(self, backend: Backend) -> None:
        with backend.open() as database:
            fill(database, 20)
        known = EventRegistry()
        known.register("notebook.note_written.v2", NoteWritten)

        with backend.open(registry=known) as database:
            report = verify(database)

        assert report.total > 0
        assert all("notebook.marks_given.v1" in finding.problem for finding in report.findings)

    def test_others_may_write_meanwhile(self, database: Database) -> None:
        write(database, fill_all)

        def write_more(done: int, of: int) -> None:
            write(database, lambda tx: write_note(tx, "n-0", "meanwhile"))

        report = verify(database, progress=write_more)

        assert (report.findings, report.events) == ((), 20)
        assert verify(database).events == 21

    def test_equal_histories_have_equal_digests(
        self, database: Database, other_backend: Backend
    ) -> None:
        write(database, fill_all)
        with other_backend.open() as other:
            write(other, fill_all)
            assert verify(other).digest == verify(database).digest
            write(other, lambda tx: write_note(tx, "n", "more"))
            assert verify(other).digest != verify(database).digest
