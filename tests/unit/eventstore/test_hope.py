"""How batches are written on SQLite; PostgreSQL shares the code, and the conformance suite."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.unit.eventstore.toy import open_database, read_models, texts, write_note
from trialbook.eventstore import SQLiteDatabase, Transaction, UniqueViolation

pytestmark = pytest.mark.unit


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SQLiteDatabase]:
    with open_database(tmp_path / "a.db") as opened:
        yield opened


@contextmanager
def statements_of_one_batch(database: SQLiteDatabase) -> Iterator[list[str]]:
    """What the writer runs for all that is submitted within the block."""
    held, let_go = threading.Event(), threading.Event()
    seen: list[str] = []

    def hold(_: Transaction) -> None:
        held.set()
        let_go.wait(60)

    holding = database.submit(hold)
    held.wait(60)
    yield seen
    database._datastore.writer.set_trace_callback(
        lambda sql: seen.append(" ".join(sql.split()[:3]))
    )
    let_go.set()
    holding.result()
    database.submit(lambda _: None).result()
    database._datastore.writer.set_trace_callback(None)


def test_a_batch_of_writes_takes_few_statements(database: SQLiteDatabase) -> None:
    database.submit(lambda tx: [write_note(tx, f"n-{n}", "first") for n in range(50)]).result()

    with statements_of_one_batch(database) as seen:
        waiting = [
            database.submit(partial(write_note, stream=f"n-{n}", text="x")) for n in range(50)
        ]

    assert [future.result().version for future in waiting] == [2] * 50
    assert seen.count("INSERT INTO event") == 1
    assert seen.count("INSERT INTO note") == 1
    assert not any(statement.startswith("SAVEPOINT") for statement in seen)


def test_one_that_fails_after_writing_lets_the_others_be_done_again_with_care(
    database: SQLiteDatabase,
) -> None:
    attempts: list[int] = []

    def work(tx: Transaction, number: int) -> int:
        attempts.append(number)
        position = write_note(tx, f"n-{number}", "x").position
        if number == 3:
            raise LookupError("only mine")
        return position

    with statements_of_one_batch(database) as seen:
        waiting = [database.submit(partial(work, number=number)) for number in range(10)]

    with pytest.raises(LookupError):
        waiting.pop(3).result()
    assert [future.result() for future in waiting] == list(range(1, 10))
    assert attempts == [0, 1, 2, 3, *range(10)]
    assert seen.count("SAVEPOINT request") == 10


def test_one_that_fails_before_writing_costs_the_others_nothing(database: SQLiteDatabase) -> None:
    def work(tx: Transaction, number: int) -> int:
        if number == 3:
            tx.query("SELECT 1")
            raise LookupError("only mine")
        return write_note(tx, f"n-{number}", "x").position

    with statements_of_one_batch(database) as seen:
        waiting = [database.submit(partial(work, number=number)) for number in range(10)]

    with pytest.raises(LookupError):
        waiting.pop(3).result()
    assert [future.result() for future in waiting] == list(range(1, 10))
    assert "ROLLBACK" not in seen


def test_a_row_in_conflict_that_was_put_off_fails_its_own_request_where_it_inserts(
    database: SQLiteDatabase,
) -> None:
    def note_twice(tx: Transaction) -> str:
        for text in ("first", "second"):
            try:
                tx.insert("note", ("stream", "version", "text"), [("n", 1, text)])
            except UniqueViolation:
                return f"{text} was there"
        return "nothing was there"

    with statements_of_one_batch(database):
        waiting = [database.submit(note_twice) for _ in range(2)]

    assert [future.result() for future in waiting] == ["second was there", "first was there"]
    assert database.read_now(read_models)[0] == [("n", 1, "first")]


def test_after_a_rollback_streams_stand_where_they_stood(database: SQLiteDatabase) -> None:
    database.submit(lambda tx: write_note(tx, "n", "one")).result()

    def fail(tx: Transaction) -> None:
        write_note(tx, "n", "gone")
        raise LookupError

    with pytest.raises(LookupError):
        database.submit(fail).result()

    recorded = database.submit(lambda tx: write_note(tx, "n", "two", 1)).result()
    assert (recorded.position, recorded.version) == (2, 2)
    assert texts(database.read_now(lambda view: view.load("n"))) == ["one", "two"]
