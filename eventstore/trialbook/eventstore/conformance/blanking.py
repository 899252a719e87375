"""What erasing the content of an event promises."""

from __future__ import annotations

import pytest

from trialbook.eventstore import Database, Metadata, StoreError, Transaction, chain
from trialbook.eventstore.conformance.backend import Backend
from trialbook.eventstore.conformance.cases import Cases
from trialbook.eventstore.conformance.notebook import (
    MarksGiven,
    NoteWritten,
    give_marks,
    metadata,
    read_models,
    texts,
    write,
    write_note,
)
from trialbook.eventstore.conformance.rebuild import rebuild
from trialbook.eventstore.verification import verify

SECRET = "the secret that somebody wants to be forgotten " * 10
BLANK = NoteWritten("")
PURGE = Metadata(1_800_000_000_000_000, "grace", "c-purge")


def write_three(tx: Transaction) -> None:
    write_note(tx, "n", "before")
    write_note(tx, "n", SECRET)
    write_note(tx, "m", "after")


class BlankingCases(Cases):
    """Position, version, topic, metadata and the chain stay; the content is gone for good."""

    @pytest.fixture
    def three(self, database: Database) -> Database:
        write(database, write_three)
        return database

    def test_the_content_is_replaced_and_the_rest_stays(self, three: Database) -> None:
        before = three.read_now(lambda view: view.events())
        head = three.read_now(lambda view: view.head())

        write(three, lambda tx: tx.blank(2, BLANK, PURGE))

        after = three.read_now(lambda view: view.events())
        assert texts(after) == ["before", "", "after"]
        assert [
            (one.position, one.stream, one.version, one.topic, one.metadata) for one in after
        ] == [(one.position, one.stream, one.version, one.topic, one.metadata) for one in before]
        assert three.read_now(lambda view: view.head()) == head

    def test_the_chain_stays_whole(self, three: Database) -> None:
        original = three.read_now(lambda view: view.log_rows())[1]

        write(three, lambda tx: tx.blank(2, BLANK, PURGE))
        write(three, lambda tx: write_note(tx, "n", "and on"))

        report = verify(three)
        assert (report.findings, report.blankings, report.events) == ((), 1, 4)
        (blanking,) = three.read_now(lambda view: view.blankings())
        present = three.read_now(lambda view: view.log_rows())[1]
        assert blanking == (
            2,
            chain.state_hash(original.state),
            chain.state_hash(present.state),
            PURGE.command_id,
            PURGE.recorded_at,
        )
        assert present.digest == original.digest

    def test_an_event_may_be_blanked_again(self, three: Database) -> None:
        original = three.read_now(lambda view: view.log_rows())[1]

        write(three, lambda tx: tx.blank(2, NoteWritten("half of it"), PURGE))
        write(three, lambda tx: tx.blank(2, BLANK, PURGE))

        (blanking,) = three.read_now(lambda view: view.blankings())
        assert blanking.state_hash == chain.state_hash(original.state)
        assert verify(three).sound

    def test_to_blank_an_event_with_what_it_holds_already_is_no_change(
        self, three: Database
    ) -> None:
        write(three, lambda tx: tx.blank(1, NoteWritten("before"), PURGE))
        assert three.read_now(lambda view: view.blankings()) == []

        for _ in range(2):
            write(three, lambda tx: tx.blank(2, BLANK, PURGE))
        assert len(three.read_now(lambda view: view.blankings())) == 1
        assert verify(three).sound

    def test_who_asked_may_be_unknown(self, three: Database) -> None:
        write(three, lambda tx: tx.blank(2, BLANK))

        (blanking,) = three.read_now(lambda view: view.blankings())
        assert (blanking.command_id, blanking.position) == ("", 2)

    def test_a_rebuild_shows_what_is_left(self, three: Database) -> None:
        def purge(tx: Transaction) -> None:
            tx.blank(2, BLANK, PURGE)
            tx.execute("UPDATE note SET text = '' WHERE stream = 'n' AND version = 2")

        write(three, purge)
        lived = three.read_now(read_models)

        rebuild(three)

        assert three.read_now(read_models) == lived
        assert SECRET not in str(lived)

    def test_blanking_shows_the_projection_nothing(self, three: Database) -> None:
        lived = three.read_now(read_models)

        write(three, lambda tx: tx.blank(1, BLANK, PURGE))

        assert three.read_now(read_models) == lived

    def test_a_blanking_that_is_undone_leaves_the_event(self, three: Database) -> None:
        def work(tx: Transaction) -> None:
            tx.blank(2, BLANK, PURGE)
            raise LookupError

        with pytest.raises(LookupError):
            write(three, work)

        assert texts(three.read_now(lambda view: view.events()))[1] == SECRET
        assert three.read_now(lambda view: view.blankings()) == []

    @pytest.mark.parametrize("position", [0, 4, -1])
    def test_a_position_without_event_is_refused(self, three: Database, position: int) -> None:
        with pytest.raises(StoreError, match=str(position)):
            write(three, lambda tx: tx.blank(position, BLANK, PURGE))

    def test_an_event_of_another_kind_is_refused(self, three: Database) -> None:
        with pytest.raises(StoreError):
            write(three, lambda tx: tx.blank(2, MarksGiven([]), PURGE))

        assert verify(three).sound

    def test_what_was_appended_in_the_same_work_may_be_blanked(self, database: Database) -> None:
        def work(tx: Transaction) -> None:
            position = write_note(tx, "n", SECRET).position
            tx.blank(position, BLANK, metadata())
            write_note(tx, "n", "after")

        write(database, work)

        assert verify(database).sound
        assert texts(database.read_now(lambda view: view.events())) == ["", "after"]

    def test_many_blankings_come_by_pages_in_order(self, database: Database) -> None:
        def work(tx: Transaction) -> None:
            for number in range(30):
                write_note(tx, "n", str(number))
                give_marks(tx, "m", str(number))
            for position in range(59, 0, -2):
                tx.blank(position, BLANK, PURGE)

        write(database, work)

        found: list[int] = []
        while page := database.read_now(
            lambda view: view.blankings(after_position=found[-1] if found else 0, limit=7)
        ):
            found.extend(one.position for one in page)
        assert found == list(range(1, 60, 2))
        assert verify(database).sound

    def test_blankings_outlive_a_restart(self, backend: Backend) -> None:
        with backend.open() as database:
            write(database, write_three)
            write(database, lambda tx: tx.blank(2, BLANK, PURGE))
            head = database.read_now(lambda view: view.head())
        with backend.open() as database:
            assert database.read_now(lambda view: view.head()) == head
            assert verify(database).blankings == 1
            write(database, lambda tx: write_note(tx, "n", "on"))
            assert verify(database).sound
