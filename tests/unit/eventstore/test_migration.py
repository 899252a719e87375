from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.unit.eventstore.toy import (
    SCHEMA,
    TABLES,
    Mark,
    MarksGiven,
    NoteWritten,
    metadata,
    open_database,
    read_models,
    registry,
    texts,
    write_note,
)
from trialbook.eventstore import (
    DatabaseNewer,
    Migration,
    RecordedEvent,
    SQLiteDatabase,
    StructMapper,
    Transaction,
)
from trialbook.eventstore.chain import ORIGIN
from trialbook.eventstore.log import require_continuation
from trialbook.eventstore.migration import TablePlan

pytestmark = pytest.mark.unit

# The tables of release 0.1, as it made them.
OLD_TABLES = """
    PRAGMA journal_mode = WAL;
    PRAGMA application_id = 1413630769;
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE command (
        id TEXT NOT NULL PRIMARY KEY, fingerprint BLOB NOT NULL, result BLOB NOT NULL,
        recorded_at INTEGER NOT NULL
    );
    CREATE INDEX command_by_time ON command (recorded_at);
    CREATE TABLE blob (hash BLOB NOT NULL PRIMARY KEY, content TEXT NOT NULL);
    INSERT INTO meta VALUES ('store_version', '1');
    CREATE TABLE event (
        position INTEGER PRIMARY KEY AUTOINCREMENT, stream TEXT NOT NULL, version INTEGER NOT NULL,
        topic TEXT NOT NULL, state BLOB NOT NULL, UNIQUE (stream, version)
    );
    CREATE TABLE tracking (
        application_name TEXT, notification_id INTEGER, PRIMARY KEY (application_name)
    );
    CREATE TABLE note (stream TEXT, version INTEGER, text TEXT, PRIMARY KEY (stream, version));
    CREATE TABLE operation (name TEXT NOT NULL PRIMARY KEY);
    INSERT INTO operation VALUES ('kept');
"""
OPERATION = "CREATE TABLE IF NOT EXISTS operation (name TEXT NOT NULL PRIMARY KEY, size INTEGER)"
WITH_OPERATION = (*SCHEMA, OPERATION)
ADD_SIZE = Migration(1, "sizes", ("ALTER TABLE operation ADD COLUMN size INTEGER",))
REPLAY = Migration(2, "marks", rebuild=True)


def old_file(path: Path, notes: int = 1_200) -> Path:
    """A file of release 0.1, with notes and without marks in its read models."""
    mapper = StructMapper(registry())
    events: list[msgspec.Struct] = [NoteWritten(f"note {number}") for number in range(notes)]
    events.append(MarksGiven([Mark("a", 1.0)]))
    with sqlite3.connect(path) as connection:
        connection.executescript(OLD_TABLES)
        connection.executemany(
            "INSERT INTO event (stream, version, topic, state) VALUES ('n', ?, ?, ?)",
            [
                (version, mapper.topic_of(event), mapper.encode_state(event, metadata()))
                for version, event in enumerate(events, start=1)
            ],
        )
    connection.close()
    return path


def migrating(path: Path, **settings: Any) -> SQLiteDatabase:
    chosen: dict[str, Any] = {"schema": WITH_OPERATION, "read_models": TABLES, **settings}
    return open_database(path, **chosen)


def applied(database: SQLiteDatabase) -> list[tuple[str, int, str]]:
    return database.read_now(
        lambda view: view.query("SELECT series, number, name FROM migration ORDER BY 1, 2")
    )


# The store's own steps


def test_a_file_of_the_first_release_is_brought_forward(tmp_path: Path) -> None:
    with migrating(old_file(tmp_path / "a.db")) as database:
        rows = database.read_now(lambda view: view.log_rows(limit=5_000))
        assert len(rows) == 1_201
        require_continuation((0, ORIGIN), rows, [])

        recorded = database.submit(lambda tx: write_note(tx, "n", "new", 1_201)).result()
        assert recorded.position == 1_202
        more = database.read_now(lambda view: view.log_rows(after_position=1_201))
        require_continuation((1_201, rows[-1].digest), more, [])


def test_a_file_brought_forward_is_as_a_new_one(tmp_path: Path) -> None:
    migrating(old_file(tmp_path / "a.db", notes=3)).close()

    with migrating(tmp_path / "a.db") as database:
        database.submit(lambda tx: tx.blank(1, NoteWritten(""), metadata("purge"))).result()
        assert texts(database.read_now(lambda view: view.load("n")))[0] == ""
        assert [one.command_id for one in database.read_now(lambda v: v.blankings())] == ["purge"]
        assert applied(database) == [("store", 2, "digests and blankings")]


def test_an_old_file_whose_opening_fails_stays_as_it_was(tmp_path: Path) -> None:
    path = old_file(tmp_path / "a.db")
    broken = Migration(1, "broken", ("ALTER TABLE nothing ADD COLUMN a TEXT",))

    with pytest.raises(Exception, match="nothing"):
        migrating(path, migrations=[broken])

    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT value FROM meta").fetchall() == [("1",)]
        assert "digest" not in str(connection.execute("SELECT sql FROM sqlite_master").fetchall())
    connection.close()


# The application's steps


def test_steps_are_taken_in_order_and_once(tmp_path: Path) -> None:
    old_file(tmp_path / "a.db", notes=3)

    with migrating(tmp_path / "a.db", migrations=[ADD_SIZE]) as database:
        assert database.migrated == [ADD_SIZE]
    with migrating(tmp_path / "a.db", migrations=[ADD_SIZE, REPLAY]) as database:
        assert database.migrated == [REPLAY]
    with migrating(tmp_path / "a.db", migrations=[ADD_SIZE, REPLAY]) as database:
        assert database.migrated == []
        assert applied(database)[:2] == [("application", 1, "sizes"), ("application", 2, "marks")]


def test_a_step_changes_tables_and_keeps_their_rows(tmp_path: Path) -> None:
    old_file(tmp_path / "a.db", notes=3)

    with migrating(tmp_path / "a.db", migrations=[ADD_SIZE]) as database:
        rows = database.read_now(lambda view: view.query("SELECT name, size FROM operation"))

    assert rows == [("kept", None)]


def test_a_step_may_replay_the_log_into_new_read_models(tmp_path: Path) -> None:
    old_file(tmp_path / "a.db", notes=3)

    with migrating(tmp_path / "a.db", migrations=[ADD_SIZE, REPLAY]) as database:
        notes, marks = database.read_now(read_models)

    assert [text for _, _, text in notes] == ["note 0", "note 1", "note 2"]
    assert [name for _, name, *_ in marks] == ["a"]


def test_a_replay_makes_tables_in_their_newest_shape(tmp_path: Path) -> None:
    with open_database(tmp_path / "a.db") as database:
        database.submit(lambda tx: write_note(tx, "n", "hello")).result()

    def project(recorded: RecordedEvent, tx: Transaction) -> None:
        tx.insert("note", ("stream", "size"), [(recorded.stream, 5)])

    with open_database(
        tmp_path / "a.db",
        projection=project,
        schema=["CREATE TABLE IF NOT EXISTS note (stream TEXT, size INTEGER)"],
        read_models=["note"],
        migrations=[Migration(1, "sizes", rebuild=True)],
    ) as database:
        assert database.read_now(lambda view: view.query("SELECT * FROM note")) == [("n", 5)]


def test_a_new_file_takes_no_steps_and_has_them_behind_it(tmp_path: Path) -> None:
    steps = [Migration(1, "never", ("SELEKT",)), Migration(2, "nor this", rebuild=True)]

    with migrating(tmp_path / "a.db", migrations=steps) as database:
        assert database.migrated == []
    with migrating(tmp_path / "a.db", migrations=steps) as database:
        assert database.migrated == []


def test_a_file_that_took_steps_of_a_newer_release_is_refused(tmp_path: Path) -> None:
    migrating(tmp_path / "a.db", migrations=[ADD_SIZE, REPLAY]).close()

    with pytest.raises(DatabaseNewer, match="application version 2"):
        migrating(tmp_path / "a.db", migrations=[ADD_SIZE])


@pytest.mark.parametrize("numbers", [[2], [1, 3], [2, 1], [1, 1], [0, 1]])
def test_migrations_count_from_one_without_gaps(numbers: list[int]) -> None:
    with pytest.raises(ValueError, match="numbered"):
        TablePlan((), (), [Migration(number, "x") for number in numbers])
