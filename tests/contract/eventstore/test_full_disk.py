"""What is promised when the database can grow no further."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.backends import postgres_backend
from tests.postgres import small_disk, throwaway_server
from tests.unit.eventstore.toy import open_database, read_models, write_note
from trialbook.eventstore import Database, SQLiteDatabase, StoreUnavailable
from trialbook.eventstore.conformance.cases import writer_held
from trialbook.eventstore.conformance.notebook import write
from trialbook.eventstore.verification import verify

LARGE = "x" * 200_000


@pytest.fixture
def full(tmp_path: Path) -> Iterator[SQLiteDatabase]:
    with open_database(tmp_path / "a.db") as database:
        database.submit(lambda tx: write_note(tx, "n", "before")).result()
        pages = database.submit(lambda tx: tx.query("PRAGMA page_count")).result()[0][0]
        database.submit(lambda tx: tx.query(f"PRAGMA max_page_count = {pages + 10}")).result()
        yield database


def test_a_write_without_room_is_unavailable_and_leaves_nothing(full: SQLiteDatabase) -> None:
    lived = full.read_now(read_models)

    with pytest.raises(StoreUnavailable, match="disk is full"):
        full.submit(lambda tx: write_note(tx, "n", LARGE)).result()

    assert full.read_now(read_models) == lived
    assert len(full.read_now(lambda view: view.events())) == 1


def test_writes_that_shared_the_commit_are_whole_or_absent(full: SQLiteDatabase) -> None:
    waiting = [
        full.submit(partial(write_note, stream=f"n-{n}", text=LARGE if n == 10 else "small"))
        for n in range(20)
    ]

    unavailable = 0
    for future in waiting:
        error = future.exception()
        unavailable += isinstance(error, StoreUnavailable)
        assert error is None or isinstance(error, StoreUnavailable)
    events = full.read_now(lambda view: view.events())
    notes, _ = full.read_now(read_models)

    assert unavailable >= 1
    assert len(events) == len(notes) == 1 + 20 - unavailable


def test_with_room_again_writing_goes_on(full: SQLiteDatabase) -> None:
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            full.submit(lambda tx: write_note(tx, "n", LARGE)).result()

    full.submit(lambda tx: tx.query("PRAGMA max_page_count = 1000000")).result()

    assert full.submit(lambda tx: write_note(tx, "n", LARGE)).result().version == 2


def test_a_server_whose_disk_is_full_refuses_writes_until_there_is_room() -> None:
    with (
        throwaway_server() as server,
        small_disk(server, 16) as resize,
        postgres_backend(server.url, "small").open() as database,
    ):
        written = write_until_refused(database)
        refused = write_together(database, 20)

        assert refused >= 1
        written += 20 - refused
        assert len(database.read_now(lambda view: view.events(limit=10_000))) == written
        assert len(database.read_now(read_models)[0]) == written

        resize(64)
        assert write_together(database, 20) == 0
        assert verify(database).sound
        assert verify(database).events == written + 20


def write_until_refused(database: Database) -> int:
    """Fill the disk; return how many notes are on it."""
    written = 0

    def write_on() -> None:
        nonlocal written
        while True:
            write(database, lambda tx: write_note(tx, "n", incompressible()))
            written += 1

    with pytest.raises(StoreUnavailable, match="disk is full"):
        write_on()
    return written


def write_together(database: Database, count: int) -> int:
    """Write some that share a commit; return how many were refused."""
    with writer_held(database):
        waiting = [
            database.submit(partial(write_note, stream=f"m-{number}", text=incompressible()))
            for number in range(count)
        ]
    errors = [future.exception() for future in waiting]
    assert all(error is None or isinstance(error, StoreUnavailable) for error in errors)
    return sum(error is not None for error in errors)


def incompressible() -> str:
    return secrets.token_hex(100_000)
