"""What is promised when the database can grow no further."""

from __future__ import annotations

from functools import partial

import pytest

from tests.unit.eventstore.toy import read_models, write_note
from trialbook.eventstore import SQLiteDatabase, StoreUnavailable

LARGE = "x" * 200_000


@pytest.fixture
def full(database: SQLiteDatabase) -> SQLiteDatabase:
    database.submit(lambda tx: write_note(tx, "n", "before")).result()
    pages = database.submit(lambda tx: tx.query("PRAGMA page_count")).result()[0][0]
    database.submit(lambda tx: tx.query(f"PRAGMA max_page_count = {pages + 10}")).result()
    return database


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
