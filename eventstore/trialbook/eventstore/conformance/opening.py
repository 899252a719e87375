"""What opening a database promises: setting it up, bringing it forward, refusing it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import pytest

from trialbook.eventstore import (
    Database,
    DatabaseNewer,
    DatabaseOlder,
    Migration,
    RecordedEvent,
    Transaction,
)
from trialbook.eventstore.conformance.backend import PATIENCE, Backend
from trialbook.eventstore.conformance.cases import Cases, require_shared
from trialbook.eventstore.conformance.notebook import (
    load_texts,
    read_models,
    write,
    write_note,
)
from trialbook.eventstore.conformance.releases import (
    COLOUR,
    FIRST_RELEASE,
    SECOND_RELEASE,
    THIRD_RELEASE,
)
from trialbook.eventstore.verification import verify

OPENERS = 8
MIGRATORS = 4


def names(migrations: Sequence[Migration]) -> list[str]:
    return [migration.name for migration in migrations]


class OpeningCases(Cases):
    """Set up once, brought forward once, never back, whoever comes at the same time."""

    @pytest.fixture
    def old(self, backend: Backend) -> Backend:
        """A database of the first release, with something in it."""
        with backend.open(**FIRST_RELEASE) as database:
            write(database, lambda tx: [write_note(tx, "n", text) for text in ("one", "three")])
            write(database, lambda tx: tx.execute("INSERT INTO desk (name) VALUES ('mine')"))
        return backend

    def test_what_was_written_is_there_when_opened_again(self, backend: Backend) -> None:
        for number in range(1, 4):
            with backend.open() as database:
                assert write(database, lambda tx: write_note(tx, "n", "x")).position == number
                head = database.read_now(lambda view: view.head())
            with backend.open() as database:
                assert database.read_now(lambda view: view.head()) == head
                assert len(database.read_now(read_models)[0]) == number

    def test_many_who_set_up_a_database_at_once_all_succeed(self, backend: Backend) -> None:
        require_shared(backend)
        with ExitStack() as stack:
            processes = [
                stack.enter_context(backend.process("open", "n", str(number)))
                for number in range(OPENERS)
            ]
            codes = [process.wait(PATIENCE) for process in processes]

        assert codes == [0] * OPENERS
        with backend.open() as database:
            assert sorted(load_texts(database, "n")) == [str(number) for number in range(OPENERS)]
            assert verify(database).sound

    def test_a_new_database_is_set_up_in_its_newest_shape(self, backend: Backend) -> None:
        with backend.open(**THIRD_RELEASE) as database:
            assert database.migrated == []
            write(database, lambda tx: write_note(tx, "n", "three"))
            found = database.read_now(lambda view: view.query("SELECT length FROM note"))
            desks = database.read_now(lambda view: view.query("SELECT colour FROM desk"))
        assert (found, desks) == ([(5,)], [])

    def test_a_step_is_taken_once(self, old: Backend) -> None:
        with old.open(migrate=True, **SECOND_RELEASE) as database:
            assert names(database.migrated) == ["colour desks"]
            assert self.desks(database) == [("mine", "brown")]
        for migrate in (True, False):
            with old.open(migrate=migrate, **SECOND_RELEASE) as database:
                assert database.migrated == []
                assert self.desks(database) == [("mine", "brown")]

    def test_steps_that_were_missed_are_taken_together(self, old: Backend) -> None:
        with old.open(migrate=True, **THIRD_RELEASE) as database:
            assert names(database.migrated) == ["colour desks", "count the letters of notes"]
            assert self.desks(database) == [("mine", "brown")]
            notes = database.read_now(lambda view: view.query("SELECT text, length FROM note"))
            assert sorted(notes) == [("one", 3), ("three", 5)]
            write(database, lambda tx: write_note(tx, "n", "four"))
            assert verify(database).sound

    def test_a_step_that_fails_leaves_everything_as_it_was(self, old: Backend) -> None:
        broken = Migration(2, "break", ("ALTER TABLE nowhere ADD COLUMN x TEXT",))
        with pytest.raises(Exception, match="nowhere"):
            old.open(migrate=True, **{**SECOND_RELEASE, "migrations": [COLOUR, broken]})

        with old.open(**FIRST_RELEASE) as database:
            assert load_texts(database, "n") == ["one", "three"]
        with old.open(migrate=True, **SECOND_RELEASE) as database:
            assert names(database.migrated) == ["colour desks"]

    def test_a_rebuild_that_fails_leaves_everything_as_it_was(self, old: Backend) -> None:
        def fail(recorded: RecordedEvent, tx: Transaction) -> None:
            raise LookupError("a bug in the projection")

        with pytest.raises(LookupError, match="a bug"):
            old.open(migrate=True, **{**THIRD_RELEASE, "projection": fail})

        with old.open(**FIRST_RELEASE) as database:
            assert len(database.read_now(read_models)[0]) == 2

    def test_a_database_of_a_newer_release_is_refused(self, old: Backend) -> None:
        old.open(migrate=True, **SECOND_RELEASE).close()

        for migrate in (True, False):
            with pytest.raises(DatabaseNewer) as caught:
                old.open(migrate=migrate, **FIRST_RELEASE)
            assert (caught.value.found, caught.value.supported) == (1, 0)

        old.open(**SECOND_RELEASE).close()

    def test_several_processes_that_bring_a_database_forward_at_once_do_it_once(
        self, old: Backend
    ) -> None:
        require_shared(old)
        with ExitStack() as stack:
            processes = [stack.enter_context(old.process("migrate")) for _ in range(MIGRATORS)]
            told = [process.communicate(timeout=PATIENCE)[0].strip() for process in processes]

        assert sorted(told) == ["", "", "", "colour desks, count the letters of notes"]
        with old.open(**THIRD_RELEASE) as database:
            assert self.desks(database) == [("mine", "brown")]

    def test_a_shared_database_is_brought_forward_on_purpose_only(self, old: Backend) -> None:
        require_shared(old)

        with pytest.raises(DatabaseOlder, match="admin migrate"):
            old.open(**SECOND_RELEASE)

        with old.open(**FIRST_RELEASE) as database:
            write(database, lambda tx: write_note(tx, "n", "the old release goes on"))

    @staticmethod
    def desks(database: Database) -> list[tuple[Any, ...]]:
        return database.read_now(lambda view: view.query("SELECT name, colour FROM desk"))
