"""What sharing a commit promises to those who share it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.unit.eventstore.toy import open_database, texts, write_note
from trialbook.eventstore import RecordedEvent, SQLiteDatabase, StoreUnavailable, Transaction


@contextmanager
def writer_held(database: SQLiteDatabase) -> Iterator[None]:
    """Keep the writer busy, so that what is submitted meanwhile becomes one batch."""
    held, let_go = threading.Event(), threading.Event()

    def work(_: Transaction) -> None:
        held.set()
        let_go.wait(60)

    holding = database.submit(work)
    held.wait(60)
    try:
        yield
    finally:
        let_go.set()
        holding.result()


def write_or_fail(tx: Transaction, number: int, bad: int) -> int:
    position = write_note(tx, f"n-{number}", str(number)).position
    if number == bad:
        raise LookupError("only mine")
    return position


def commits_during(database: SQLiteDatabase, action: Callable[[], object]) -> int:
    before = database.commits.count
    action()
    return database.commits.count - before


def test_one_failing_among_a_hundred_fails_alone(database: SQLiteDatabase) -> None:
    with writer_held(database):
        waiting = [
            database.submit(partial(write_or_fail, number=number, bad=41)) for number in range(100)
        ]

    with pytest.raises(LookupError, match="only mine"):
        waiting.pop(41).result()
    assert sorted(future.result() for future in waiting) == list(range(1, 100))
    assert database.read_now(lambda view: view.load("n-41")) == []
    assert len(database.read_now(lambda view: view.events())) == 99


def test_what_has_arrived_is_committed_together(database: SQLiteDatabase) -> None:
    def action() -> None:
        with writer_held(database):
            waiting = [
                database.submit(partial(write_or_fail, number=number, bad=-1))
                for number in range(200)
            ]
        for future in waiting:
            future.result()

    assert commits_during(database, action) == 2


def test_a_batch_is_bounded(database: SQLiteDatabase) -> None:
    def action() -> None:
        with writer_held(database):
            waiting = [
                database.submit(partial(write_or_fail, number=number, bad=-1))
                for number in range(600)
            ]
        for future in waiting:
            future.result()

    assert commits_during(database, action) == 1 + 3


def test_requests_are_done_in_the_order_of_their_arrival(database: SQLiteDatabase) -> None:
    with writer_held(database):
        waiting = [
            database.submit(
                partial(write_note, stream="n", text=str(number), expected_version=number)
            )
            for number in range(300)
        ]

    assert [future.result().version for future in waiting] == list(range(1, 301))


def test_a_full_queue_refuses_at_once(tmp_path: Path) -> None:
    with open_database(tmp_path / "a.db", queue_limit=5) as database:
        with writer_held(database):
            waiting = [database.submit(lambda tx: tx.query("SELECT 1")) for _ in range(5)]
            with pytest.raises(StoreUnavailable, match="5 requests wait"):
                database.submit(lambda tx: tx.query("SELECT 1"))

        assert [future.result() for future in waiting] == [[(1,)]] * 5
        assert database.submit(lambda tx: tx.query("SELECT 1")).result() == [(1,)]


async def test_a_full_queue_refuses_coroutines_too(tmp_path: Path) -> None:
    with open_database(tmp_path / "a.db", queue_limit=1) as database, writer_held(database):
        database.submit(lambda tx: tx.query("SELECT 1"))
        with pytest.raises(StoreUnavailable, match="Try again"):
            await database.transact(lambda tx: tx.query("SELECT 1"))


async def test_a_caller_who_is_cancelled_before_the_work_began_stops_it(
    database: SQLiteDatabase,
) -> None:
    with writer_held(database):
        task = asyncio.create_task(database.transact(lambda tx: write_note(tx, "n", "no")))
        await asyncio.sleep(0)
        cancelled: Future[object] = database.submit(lambda tx: write_note(tx, "n", "nor this"))
        task.cancel()
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    await database.transact(lambda tx: write_note(tx, "n", "yes"))
    assert texts(await database.read(lambda view: view.load("n"))) == ["yes"]


def test_callers_of_several_event_loops_are_told(database: SQLiteDatabase) -> None:
    positions: list[int] = []

    async def client() -> None:
        recorded = await asyncio.gather(
            *(database.transact(partial(write_note, stream="n", text="x")) for _ in range(20))
        )
        positions.extend(one.position for one in recorded)

    threads = [threading.Thread(target=lambda: asyncio.run(client())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(positions) == list(range(1, 81))


def test_a_loop_that_closed_meanwhile_harms_no_one(
    database: SQLiteDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    async def go_on_without_waiting() -> None:
        callers.add(
            asyncio.ensure_future(database.transact(partial(write_note, stream="n", text="kept")))
        )
        await asyncio.sleep(0)

    callers: set[asyncio.Future[RecordedEvent]] = set()
    loop = asyncio.new_event_loop()
    with writer_held(database):
        loop.run_until_complete(go_on_without_waiting())
        loop.close()

    assert database.submit(lambda tx: texts(tx.load("n"))).result() == ["kept"]
    assert "event loop closed" in caplog.text


@pytest.mark.parametrize("moment", ["begin", "commit"])
@pytest.mark.parametrize("size", [1, 20])
def test_a_batch_that_cannot_be_committed_fails_as_a_whole_and_the_next_succeeds(
    database: SQLiteDatabase, monkeypatch: pytest.MonkeyPatch, moment: str, size: int
) -> None:
    heard: list[str] = []
    broken = True

    def work(tx: Transaction) -> None:
        write_note(tx, "n", "x")
        tx.after_commit(lambda: heard.append("called"))

    original: Callable[..., Sequence[Callable[[], None]] | None] = getattr(
        database._session, moment
    )

    def fail_once(**options: bool) -> Sequence[Callable[[], None]] | None:
        nonlocal broken
        if broken and database._writer._queue.qsize() == 0:
            broken = False
            raise StoreUnavailable("The disk failed.")
        return original(**options)

    with writer_held(database):
        waiting = [database.submit(work) for _ in range(size)]
        monkeypatch.setattr(database._session, moment, fail_once)

    for future in waiting:
        with pytest.raises(StoreUnavailable, match="The disk failed"):
            future.result()
    assert (heard, database.read_now(lambda view: view.events())) == ([], [])

    database.submit(work).result()
    assert heard == ["called"]


async def test_a_program_error_in_the_store_reaches_the_caller_and_the_writer_lives(
    database: SQLiteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(database._session, "commit", lambda: 1 // 0)
        with pytest.raises(StoreUnavailable, match="Nothing was written"):
            await database.transact(lambda tx: write_note(tx, "n", "lost"))

    await database.transact(lambda tx: write_note(tx, "n", "kept"))
    assert texts(await database.read(lambda view: view.load("n"))) == ["kept"]


def test_a_work_that_exits_the_interpreter_ends_only_itself(database: SQLiteDatabase) -> None:
    def work(_: Transaction) -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        database.submit(work).result()
    assert database.submit(lambda tx: tx.query("SELECT 1")).result() == [(1,)]


async def test_a_work_that_raises_stop_iteration_reaches_its_caller_only(
    database: SQLiteDatabase,
) -> None:
    def work(_: Transaction) -> object:
        return next(iter(()))

    with writer_held(database):
        failing = asyncio.create_task(database.transact(work))
        other = asyncio.create_task(database.transact(lambda tx: tx.query("SELECT 1")))
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="StopIteration"):
        await failing
    assert await other == [(1,)]


async def test_relaxed_work_is_answered_before_what_waits_for_the_disk(
    database: SQLiteDatabase,
) -> None:
    order: list[str] = []

    def note(name: str, _: Transaction) -> None:
        order.append(name)

    with writer_held(database):
        waiting = [
            asyncio.ensure_future(database.transact(partial(note, name), relaxed=relaxed))
            for name, relaxed in (("durable", False), ("relaxed", True))
        ]
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)

    assert order == ["relaxed", "durable"]


async def test_relaxed_work_leaves_the_next_commit_fully_durable(
    database: SQLiteDatabase,
) -> None:
    def synchronous(tx: Transaction) -> int:
        return int(tx.query("PRAGMA synchronous")[0][0])

    assert await database.transact(synchronous, relaxed=True) == 1
    assert await database.transact(synchronous) == 2
