"""What replaying the log into new read models promises."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

import pytest

from trialbook.eventstore import Database, RecordedEvent, StoreError, Transaction
from trialbook.eventstore.conformance import notebook
from trialbook.eventstore.conformance.backend import Backend
from trialbook.eventstore.conformance.cases import Cases
from trialbook.eventstore.conformance.notebook import (
    SCHEMA,
    TABLES,
    digest,
    give_marks,
    read_models,
    write,
    write_note,
)


@dataclass
class ChangeableProjection:
    """Projects as somebody says at the moment."""

    project: Callable[[RecordedEvent, Transaction], None] = notebook.project

    def __call__(self, recorded: RecordedEvent, transaction: Transaction) -> None:
        self.project(recorded, transaction)


def fill(database: Database, count: int = 300) -> None:
    random = Random(7)

    def work(tx: Transaction) -> None:
        for number in range(count):
            stream = f"n-{random.randrange(9)}"
            if random.random() < 0.5:
                write_note(tx, stream, f"note {number}")
            else:
                names = [f"{number}-{place}" for place in range(random.randrange(5))]
                give_marks(tx, stream, *names)

    write(database, work)


def rebuild(database: Database) -> int:
    return database.rebuild(tables=TABLES, schema=SCHEMA)


class RebuildCases(Cases):
    """Read models made from the log alone equal those that grew with it."""

    @pytest.fixture
    def projection(self) -> ChangeableProjection:
        return ChangeableProjection()

    @pytest.fixture
    def database(self, backend: Backend, projection: ChangeableProjection) -> Iterator[Database]:
        with backend.open(projection=projection) as opened:
            yield opened

    def test_rebuilt_tables_equal_those_that_lived(self, database: Database) -> None:
        fill(database)
        lived = database.read_now(read_models)

        assert rebuild(database) == 300
        assert database.read_now(read_models) == lived
        assert all(lived)

    def test_rebuilding_again_changes_nothing(self, database: Database) -> None:
        fill(database, 50)
        lived = database.read_now(read_models)
        for _ in range(3):
            assert rebuild(database) == 50
        assert database.read_now(read_models) == lived
        write(database, lambda tx: write_note(tx, "n", "and it goes on"))

    def test_a_damaged_table_is_mended(self, database: Database) -> None:
        fill(database)
        lived = database.read_now(read_models)
        write(database, lambda tx: tx.execute("DROP TABLE mark"))
        write(database, lambda tx: tx.execute("UPDATE note SET text = 'wrong'"))

        rebuild(database)

        assert database.read_now(read_models) == lived

    def test_another_shape_of_the_tables_is_filled_from_the_log(
        self, database: Database, projection: ChangeableProjection
    ) -> None:
        fill(database, 40)

        def count_notes(recorded: RecordedEvent, tx: Transaction) -> None:
            tx.execute(
                "INSERT INTO note VALUES (?, 1) "
                "ON CONFLICT (stream) DO UPDATE SET events = note.events + 1",
                (recorded.stream,),
            )

        projection.project = count_notes
        schema = ["CREATE TABLE IF NOT EXISTS note (stream TEXT PRIMARY KEY, events INTEGER)"]

        assert database.rebuild(tables=["note"], schema=schema) == 40
        found = database.read_now(lambda view: view.query("SELECT SUM(events) FROM note"))
        assert int(found[0][0]) == 40

    def test_an_empty_log_gives_empty_tables(self, database: Database) -> None:
        assert rebuild(database) == 0
        assert database.read_now(read_models) == [[], []]

    def test_readers_see_the_old_tables_until_the_new_ones_are_complete(
        self, database: Database, projection: ChangeableProjection
    ) -> None:
        fill(database, 100)
        lived = database.read_now(read_models)
        seen: list[bool] = []

        def look_meanwhile(recorded: RecordedEvent, tx: Transaction) -> None:
            notebook.project(recorded, tx)
            if recorded.position == 50:
                seen.append(database.read_now(lambda view: view.events()) != [])

        projection.project = look_meanwhile
        rebuild(database)

        assert seen == [True]
        assert database.read_now(read_models) == lived

    def test_a_rebuild_that_fails_changes_nothing(
        self, database: Database, projection: ChangeableProjection
    ) -> None:
        fill(database, 200)
        lived = database.read_now(read_models)

        def fail_late(recorded: RecordedEvent, tx: Transaction) -> None:
            if recorded.position == 150:
                raise LookupError("a bug in the projection")

        projection.project = fail_late
        with pytest.raises(LookupError, match="a bug"):
            rebuild(database)
        projection.project = notebook.project

        assert database.read_now(read_models) == lived
        write(database, lambda tx: write_note(tx, "n", "the writer lives"))

    def test_a_rebuild_calls_nobody_back_and_appends_nothing(
        self, database: Database, projection: ChangeableProjection
    ) -> None:
        fill(database, 10)
        heard: list[int] = []

        projection.project = lambda recorded, tx: tx.after_commit(
            lambda: heard.append(recorded.position)
        )
        rebuild(database)
        assert heard == []
        write(database, lambda tx: write_note(tx, "n", "new"))
        assert heard == [11]

        projection.project = lambda recorded, tx: tx.remember("c", b"", b"", 1)
        with pytest.raises(StoreError, match="read models only"):
            rebuild(database)

    @pytest.mark.parametrize(
        "forbidden",
        [
            lambda tx: write_note(tx, "n", "more"),
            lambda tx: tx.remember("c", b"", b"", 1),
            lambda tx: tx.forget_commands(5),
        ],
        ids=["append", "remember", "forget"],
    )
    def test_a_projection_writes_read_models_only(
        self,
        database: Database,
        projection: ChangeableProjection,
        forbidden: Callable[[Transaction], object],
    ) -> None:
        projection.project = lambda _, tx: (forbidden(tx), None)[1]

        with pytest.raises(StoreError, match="read models only"):
            write(database, lambda tx: write_note(tx, "n", "hello"))

        assert database.read_now(lambda view: view.load("n")) == []

    @pytest.mark.parametrize("table", ["event", "Meta", "blob", "command", "tracking", "blanked"])
    def test_the_tables_of_the_store_are_not_read_models(
        self, database: Database, table: str
    ) -> None:
        with pytest.raises(ValueError, match="belongs to the store"):
            database.rebuild(tables=[table], schema=[])

    def test_a_table_name_is_a_plain_name(self, database: Database) -> None:
        with pytest.raises(ValueError, match="not a plain table name"):
            database.rebuild(tables=["note; DROP TABLE event"], schema=[])

    def test_a_rebuild_keeps_blobs_and_commands(self, database: Database) -> None:
        def work(tx: Transaction) -> None:
            tx.put_blobs({digest("x"): "x"})
            tx.remember("c", b"", b"", 1)
            write_note(tx, "n", "x")

        write(database, work)
        rebuild(database)

        assert database.read_now(lambda view: view.stored_blobs()) == [(digest("x"), "x")]
        assert len(database.read_now(lambda view: view.remembered())) == 1
