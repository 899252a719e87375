"""What stays of a work that fails: nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from trialbook.eventstore import (
    Database,
    StoreError,
    StoreUnavailable,
    Transaction,
    UniqueViolation,
    UnstorableValue,
    VersionConflict,
)
from trialbook.eventstore.conformance.cases import Cases
from trialbook.eventstore.conformance.notebook import (
    NoteWritten,
    digest,
    give_marks,
    load_texts,
    metadata,
    read_models,
    write,
    write_note,
)


def fail(_: Transaction) -> None:
    raise LookupError("by the work")


def break_projection(tx: Transaction) -> None:
    give_marks(tx, "n", "twice", "twice")


def give_wrong_sql(tx: Transaction) -> None:
    tx.execute("SELEKT")


def expect_another_version(tx: Transaction) -> None:
    write_note(tx, "n", "late", 7)


def give_text_that_no_column_holds(tx: Transaction) -> None:
    write_note(tx, "n", "a\x00b")


class AtomicityCases(Cases):
    """All or nothing, also where a work does not know that it failed."""

    @pytest.mark.parametrize(
        ("failure", "error"),
        [
            (fail, LookupError),
            (break_projection, UniqueViolation),
            (give_wrong_sql, StoreError),
            (expect_another_version, VersionConflict),
            (give_text_that_no_column_holds, UnstorableValue),
        ],
    )
    def test_an_error_undoes_all_that_the_work_wrote(
        self, database: Database, failure: Callable[[Transaction], None], error: type[Exception]
    ) -> None:
        def work(tx: Transaction) -> None:
            write_note(tx, "n", "gone")
            write_note(tx, "m", "gone too")
            tx.put_blobs({digest("gone"): "gone"})
            tx.remember("c-1", b"f", b"r", 1)
            failure(tx)

        with pytest.raises(error):
            write(database, work)

        assert database.read_now(lambda view: view.events()) == []
        assert database.read_now(lambda view: view.head()) == (0, bytes(32))
        assert database.read_now(lambda view: view.blobs([digest("gone")])) == {}
        assert database.read_now(read_models) == [[], []]
        assert write(database, lambda tx: tx.recall("c-1")) is None
        write(database, lambda tx: write_note(tx, "n", "the writer lives", 0))

    def test_an_append_that_failed_half_way_cannot_be_kept(self, database: Database) -> None:
        def work(tx: Transaction) -> str:
            with pytest.raises(UniqueViolation):
                break_projection(tx)
            return "as if nothing had happened"

        with pytest.raises(UniqueViolation):
            write(database, work)

        assert database.read_now(lambda view: view.events()) == []

    def test_a_row_that_exists_already_harms_no_work_that_expects_it(
        self, database: Database
    ) -> None:
        statement = "INSERT INTO note VALUES ('n', 1, ?)"

        def work(tx: Transaction) -> None:
            tx.execute(statement, ("first",))
            with pytest.raises(UniqueViolation):
                tx.execute(statement, ("second",))
            write_note(tx, "m", "goes on")

        write(database, work)

        assert database.read_now(read_models)[0] == [("m", 1, "goes on"), ("n", 1, "first")]

    def test_a_work_that_ends_the_transaction_loses_nothing_of_others(
        self, database: Database
    ) -> None:
        write(database, lambda tx: write_note(tx, "n", "kept"))

        with pytest.raises(StoreUnavailable, match="ended the transaction"):
            write(database, lambda tx: tx.execute("ROLLBACK"))

        write(database, lambda tx: write_note(tx, "n", "also kept"))
        assert load_texts(database, "n") == ["kept", "also kept"]

    def test_a_version_conflict_in_the_last_of_several_streams_undoes_the_first(
        self, database: Database
    ) -> None:
        def work(tx: Transaction) -> None:
            for stream, expected in (("a", 0), ("b", 0), ("c", 1)):
                notes = [NoteWritten(f"{stream}{number}") for number in range(10)]
                tx.append(stream, notes, expected_version=expected, metadata=metadata())

        with pytest.raises(VersionConflict):
            write(database, work)

        assert database.read_now(lambda view: view.events()) == []
