from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.unit.eventstore.toy import open_database, texts, write_note
from trialbook.eventstore import (
    StoreError,
    StoreUnavailable,
    UniqueViolation,
    UnreadableDatabase,
    UnstorableValue,
)
from trialbook.eventstore.sqlite.failures import store_error

pytestmark = pytest.mark.unit


def coded(kind: type[sqlite3.Error], code: int, text: str) -> sqlite3.Error:
    error = kind(text)
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("error", "expected", "advice"),
    [
        (
            coded(sqlite3.IntegrityError, 2067, "UNIQUE constraint failed: item.id"),
            UniqueViolation,
            "item.id",
        ),
        (
            coded(sqlite3.IntegrityError, 1555, "UNIQUE constraint failed: item.id"),
            UniqueViolation,
            "item.id",
        ),
        (coded(sqlite3.IntegrityError, 1299, "NOT NULL"), StoreError, "NOT NULL"),
        (coded(sqlite3.OperationalError, 13, "full"), StoreUnavailable, "Free some space"),
        (coded(sqlite3.OperationalError, 778, "i/o"), StoreUnavailable, "disk failed"),
        (coded(sqlite3.OperationalError, 261, "busy"), StoreUnavailable, "in a moment"),
        (coded(sqlite3.OperationalError, 8, "readonly"), StoreUnavailable, "permissions"),
        (coded(sqlite3.DatabaseError, 26, "notadb"), UnreadableDatabase, "another path"),
        (coded(sqlite3.DatabaseError, 11, "corrupt"), UnreadableDatabase, "backup"),
        (coded(sqlite3.OperationalError, 1, "syntax"), StoreError, "syntax"),
        (sqlite3.DataError("too big"), UnstorableValue, "too large"),
        (sqlite3.ProgrammingError("wrong count"), StoreError, "wrong count"),
        (OverflowError("too large to convert"), UnstorableValue, "too large to convert"),
    ],
)
def test_every_error_of_the_driver_has_one_of_the_store(
    error: Exception, expected: type[StoreError], advice: str
) -> None:
    translated = store_error(error)

    assert type(translated) is expected
    assert advice in str(translated)


def test_a_database_that_another_process_writes_to_is_unavailable_for_now(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with open_database(path) as database:
        database.submit(lambda tx: tx.query("PRAGMA busy_timeout = 1")).result()
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(StoreUnavailable, match="Another process is writing"):
            database.submit(lambda tx: write_note(tx, "n", "no")).result()

        other.close()
        database.submit(lambda tx: write_note(tx, "n", "yes")).result()
        assert texts(database.read_now(lambda view: view.load("n"))) == ["yes"]


def test_a_damaged_file_is_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with open_database(path) as database:
        for number in range(200):
            database.submit(lambda tx, n=number: write_note(tx, f"n-{n}", "x" * 500)).result()  # type: ignore[misc]  # binds the number
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)

    with pytest.raises(StoreError, match=r"damaged|malformed"):
        open_database(path)
