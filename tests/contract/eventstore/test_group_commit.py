"""What those who share a commit are promised when it fails, whichever moment that is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.unit.eventstore.toy import open_database
from trialbook.eventstore import Database, StoreUnavailable, Transaction
from trialbook.eventstore.conformance.cases import writer_held
from trialbook.eventstore.conformance.notebook import load_texts, note_once, write, write_note


def inside(database: Database) -> Any:
    """The database with its parts, of which one is to fail."""
    return database


@pytest.mark.parametrize("moment", ["begin", "commit"])
@pytest.mark.parametrize("size", [1, 20])
def test_a_batch_that_cannot_be_committed_fails_as_a_whole_and_the_next_succeeds(
    database: Database, monkeypatch: pytest.MonkeyPatch, moment: str, size: int
) -> None:
    heard: list[str] = []
    broken = True
    session = inside(database)._session

    def work(tx: Transaction) -> None:
        write_note(tx, "n", "x")
        tx.after_commit(lambda: heard.append("called"))

    original: Callable[..., Sequence[Callable[[], None]] | None] = getattr(session, moment)

    def fail_once(**options: bool) -> Sequence[Callable[[], None]] | None:
        nonlocal broken
        if broken and inside(database)._writer._queue.qsize() == 0:
            broken = False
            raise StoreUnavailable("The disk failed.")
        return original(**options)

    with writer_held(database):
        waiting = [database.submit(work) for _ in range(size)]
        monkeypatch.setattr(session, moment, fail_once)

    for future in waiting:
        with pytest.raises(StoreUnavailable, match="The disk failed"):
            future.result()
    assert (heard, database.read_now(lambda view: view.events())) == ([], [])

    write(database, work)
    assert heard == ["called"]


def test_a_program_error_in_the_store_reaches_the_caller_and_the_writer_lives(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(inside(database)._session, "commit", lambda: 1 // 0)
        with pytest.raises(StoreUnavailable, match="Nothing was written"):
            write(database, lambda tx: write_note(tx, "n", "lost"))

    write(database, lambda tx: write_note(tx, "n", "kept"))
    assert load_texts(database, "n") == ["kept"]


def test_a_command_whose_acknowledgement_was_lost_is_repeated_without_harm(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = inside(database)._session
    commit = session.commit

    def commit_and_lose_the_answer() -> None:
        commit()
        raise StoreUnavailable("The connection was lost.")

    def give() -> int:
        return write(database, lambda tx: note_once(tx, "c-1", "n"))

    with monkeypatch.context() as broken:
        broken.setattr(session, "commit", commit_and_lose_the_answer)
        with pytest.raises(StoreUnavailable, match="connection was lost"):
            give()

    assert load_texts(database, "n") == ["c-1"]
    assert [give(), give()] == [1, 1]
    assert load_texts(database, "n") == ["c-1"]


async def test_relaxed_work_leaves_the_next_commit_of_an_sqlite_file_fully_durable(
    tmp_path: Path,
) -> None:
    def synchronous(tx: Transaction) -> int:
        return int(tx.query("PRAGMA synchronous")[0][0])

    with open_database(tmp_path / "a.db") as database:
        assert await database.transact(synchronous, relaxed=True) == 1
        assert await database.transact(synchronous) == 2


async def test_callers_who_are_cancelled_while_their_work_goes_on_harm_no_one(
    database: Database,
) -> None:
    with writer_held(database):
        tasks = [
            asyncio.create_task(database.transact(lambda tx: write_note(tx, "n", "x")))
            for _ in range(20)
        ]
        await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    written = len(load_texts(database, "n"))
    assert 10 <= written <= 20
    assert write(database, lambda tx: write_note(tx, "n", "x")).version == written + 1
