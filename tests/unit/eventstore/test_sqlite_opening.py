from __future__ import annotations

import os
import sqlite3
from functools import partial
from pathlib import Path

import pytest

from tests.unit.eventstore.toy import open_database, texts, write_note
from trialbook.eventstore import (
    DatabaseLock,
    DatabaseLocked,
    DatabaseNewer,
    StoreError,
    StoreUnavailable,
    UnreadableDatabase,
)

pytestmark = pytest.mark.unit


def pragma(path: Path, name: str) -> dict[str, object]:
    with open_database(path) as database:
        writer = database.submit(lambda tx: tx.query(f"PRAGMA {name}")[0][0]).result()
        reader = database.read_now(lambda view: view.query(f"PRAGMA {name}")[0][0])
    return {"writer": writer, "reader": reader}


def test_folder_and_files_are_made_and_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.db"
    with open_database(path) as database:
        database.submit(lambda tx: write_note(tx, "n", "hello")).result()

        assert path.parent.stat().st_mode & 0o077 == 0
        assert {file.name for file in path.parent.iterdir()} >= {"a.db", "a.db-wal", "a.db.lock"}
        assert all(file.stat().st_mode & 0o077 == 0 for file in path.parent.iterdir())


def test_what_was_written_is_there_after_reopening(tmp_path: Path) -> None:
    with open_database(tmp_path / "a.db") as database:
        database.submit(lambda tx: write_note(tx, "n", "hello")).result()

    with open_database(tmp_path / "a.db") as database:
        assert texts(database.read_now(lambda view: view.load("n"))) == ["hello"]


def test_closing_leaves_no_write_ahead_log(tmp_path: Path) -> None:
    with open_database(tmp_path / "a.db") as database:
        database.submit(lambda tx: write_note(tx, "n", "hello")).result()

    assert {file.name for file in tmp_path.iterdir()} == {"a.db", "a.db.lock"}


def test_a_path_with_characters_of_urls_is_taken_literally(tmp_path: Path) -> None:
    path = tmp_path / "what? 100%25 #1.db"
    open_database(path).close()

    assert path.exists()


@pytest.mark.parametrize(
    ("name", "writer", "reader"),
    [
        ("journal_mode", "wal", "wal"),
        ("synchronous", 2, 2),
        ("busy_timeout", 5_000, 5_000),
        ("cache_size", -32_768, -8_192),
        ("temp_store", 2, 2),
        ("mmap_size", 0, 0),
        ("query_only", 0, 1),
    ],
)
def test_connections_are_set_up(tmp_path: Path, name: str, writer: object, reader: object) -> None:
    assert pragma(tmp_path / "a.db", name) == {"writer": writer, "reader": reader}


def test_normal_durability_is_a_choice(tmp_path: Path) -> None:
    with open_database(tmp_path / "a.db", durability="normal") as database:
        assert database.submit(lambda tx: tx.query("PRAGMA synchronous")).result() == [(1,)]


def test_a_database_in_memory_is_refused() -> None:
    with pytest.raises(ValueError, match="name a file"):
        open_database(Path(":memory:"))


def test_a_second_opener_is_told_that_the_file_is_in_use(tmp_path: Path) -> None:
    with open_database(tmp_path / "a.db"), pytest.raises(DatabaseLocked):
        open_database(tmp_path / "a.db")


def test_a_lock_taken_before_is_used_and_released(tmp_path: Path) -> None:
    lock = DatabaseLock(tmp_path / "a.db", address="here")
    open_database(tmp_path / "a.db", lock=lock).close()

    DatabaseLock(tmp_path / "a.db").release()


def test_a_file_of_a_newer_release_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with open_database(path) as database:
        database.submit(
            lambda tx: tx.execute("UPDATE meta SET value = '99' WHERE key = 'store_version'")
        ).result()

    with pytest.raises(DatabaseNewer, match="store version 99; this release reads up to version 2"):
        open_database(path)


def test_a_file_without_its_version_is_refused(tmp_path: Path) -> None:
    with open_database(tmp_path / "a.db") as database:
        database.submit(lambda tx: tx.execute("DELETE FROM meta")).result()

    with pytest.raises(UnreadableDatabase, match="store version"):
        open_database(tmp_path / "a.db")


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear Ada, " * 1_000)

    with pytest.raises(UnreadableDatabase, match="not an SQLite database"):
        open_database(path)

    assert path.read_text() == "Dear Ada, " * 1_000


def test_a_database_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE recipe (name TEXT)")
    connection.close()
    before = path.read_bytes()

    with pytest.raises(UnreadableDatabase, match="something else"):
        open_database(path)

    assert path.read_bytes() == before


def test_a_failed_opening_gives_the_file_free(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with pytest.raises(StoreError, match="syntax error"):
        open_database(path, schema=["CREATE TABEL typo"])

    open_database(path).close()


def test_a_folder_is_not_a_database(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        open_database(tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(StoreError, match="cannot be opened"):
        open_database(tmp_path / "file" / "a.db")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(StoreError, match="Permission denied"):
        open_database(tmp_path / "a.db")


async def test_after_closing_everything_is_unavailable(tmp_path: Path) -> None:
    database = open_database(tmp_path / "a.db")
    database.close()
    database.close()

    with pytest.raises(StoreUnavailable, match="closed"):
        await database.transact(lambda tx: tx.load("n"))
    with pytest.raises(StoreUnavailable, match="closed"):
        database.submit(lambda tx: tx.load("n"))
    with pytest.raises(StoreUnavailable, match="closed"):
        await database.read(lambda view: view.load("n"))
    with pytest.raises(StoreUnavailable, match="closed"):
        database.read_now(lambda view: view.load("n"))


def test_closing_finishes_what_waits(tmp_path: Path) -> None:
    database = open_database(tmp_path / "a.db")
    waiting = [
        database.submit(partial(write_note, stream=f"n-{number}", text="hello"))
        for number in range(500)
    ]
    database.close()

    assert len({future.result().position for future in waiting}) == 500
