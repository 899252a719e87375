"""What sharing a commit promises to those who share it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

import pytest

from trialbook.eventstore import (
    Database,
    RecordedEvent,
    StoreUnavailable,
    Transaction,
    VersionConflict,
)
from trialbook.eventstore.conformance.backend import Backend
from trialbook.eventstore.conformance.cases import Cases, writer_held
from trialbook.eventstore.conformance.notebook import (
    commands,
    load_texts,
    texts,
    write,
    write_note,
)


def write_or_fail(tx: Transaction, number: int, bad: int) -> int:
    position = write_note(tx, f"n-{number}", str(number)).position
    tx.remember(f"c-{number}", b"", b"", number)
    if number == bad:
        raise LookupError("only mine")
    return position


def commits_during(database: Database, action: Callable[[], object]) -> int:
    before = database.commits.count
    action()
    return database.commits.count - before


def write_many(database: Database, count: int) -> None:
    with writer_held(database):
        waiting = [
            database.submit(partial(write_or_fail, number=number, bad=-1))
            for number in range(count)
        ]
    for future in waiting:
        future.result()


class GroupCommitCases(Cases):
    """Requests that arrive together share a commit, and nothing else."""

    @pytest.mark.parametrize("bad", [0, 41, 99])
    def test_one_failing_among_a_hundred_fails_alone(self, database: Database, bad: int) -> None:
        with writer_held(database):
            waiting = [
                database.submit(partial(write_or_fail, number=number, bad=bad))
                for number in range(100)
            ]

        with pytest.raises(LookupError, match="only mine"):
            waiting.pop(bad).result()
        assert sorted(future.result() for future in waiting) == list(range(1, 100))
        assert database.read_now(lambda view: view.load(f"n-{bad}")) == []
        assert len(database.read_now(lambda view: view.events())) == 99
        assert len(database.read_now(commands)) == 99

    def test_many_failing_among_more_fail_alone(self, database: Database) -> None:
        def work(tx: Transaction, number: int) -> int:
            return write_note(tx, f"n-{number % 7}", str(number), number // 14).version

        with writer_held(database):
            waiting = [database.submit(partial(work, number=number)) for number in range(140)]

        errors = [future.exception() for future in waiting]
        conflicts = [error for error in errors if error is not None]
        assert all(isinstance(error, VersionConflict) for error in conflicts)
        written = len(waiting) - len(conflicts)
        assert written == 70
        positions = [one.position for one in database.read_now(lambda view: view.events())]
        assert positions == list(range(1, written + 1))

    def test_what_has_arrived_is_committed_together(self, database: Database) -> None:
        assert commits_during(database, lambda: write_many(database, 200)) == 1

    def test_a_batch_is_bounded(self, database: Database) -> None:
        assert commits_during(database, lambda: write_many(database, 600)) == 3

    def test_requests_are_done_in_the_order_of_their_arrival(self, database: Database) -> None:
        with writer_held(database):
            waiting = [
                database.submit(
                    partial(write_note, stream="n", text=str(number), expected_version=number)
                )
                for number in range(300)
            ]

        assert [future.result().version for future in waiting] == list(range(1, 301))

    def test_a_full_queue_refuses_at_once(self, backend: Backend) -> None:
        with backend.open(queue_limit=5) as database:
            with writer_held(database):
                waiting = [database.submit(lambda tx: tx.query("SELECT 1")) for _ in range(5)]
                with pytest.raises(StoreUnavailable, match="5 requests wait"):
                    database.submit(lambda tx: tx.query("SELECT 1"))

            assert [future.result() for future in waiting] == [[(1,)]] * 5
            assert write(database, lambda tx: tx.query("SELECT 1")) == [(1,)]

    def test_a_full_queue_refuses_coroutines_too(self, backend: Backend) -> None:
        with backend.open(queue_limit=1) as database, writer_held(database):
            database.submit(lambda tx: tx.query("SELECT 1"))
            with pytest.raises(StoreUnavailable, match="Try again"):
                asyncio.run(database.transact(lambda tx: tx.query("SELECT 1")))

    def test_a_closed_database_says_so(self, backend: Backend) -> None:
        database = backend.open()
        database.close()
        database.close()

        with pytest.raises(StoreUnavailable, match="closed"):
            database.submit(lambda tx: tx.query("SELECT 1"))
        with pytest.raises(StoreUnavailable, match="closed"):
            database.read_now(lambda view: view.query("SELECT 1"))
        with pytest.raises(StoreUnavailable, match="closed"):
            asyncio.run(database.read(lambda view: view.query("SELECT 1")))

    def test_closing_finishes_what_waits(self, backend: Backend) -> None:
        with backend.open() as database, writer_held(database):
            waiting = [
                database.submit(partial(write_note, stream="n", text=str(number)))
                for number in range(50)
            ]
        assert [future.result().version for future in waiting] == list(range(1, 51))

    def test_a_caller_who_is_cancelled_before_the_work_began_stops_it(
        self, database: Database
    ) -> None:
        async def cancel() -> None:
            with writer_held(database):
                task = asyncio.create_task(database.transact(lambda tx: write_note(tx, "n", "no")))
                await asyncio.sleep(0)
                cancelled: Future[object] = database.submit(
                    lambda tx: write_note(tx, "n", "nor this")
                )
                task.cancel()
                cancelled.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task

        asyncio.run(cancel())
        write(database, lambda tx: write_note(tx, "n", "yes"))
        assert load_texts(database, "n") == ["yes"]

    def test_callers_of_several_event_loops_are_told(self, database: Database) -> None:
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
        self, database: Database, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def go_on_without_waiting() -> None:
            callers.add(
                asyncio.ensure_future(
                    database.transact(partial(write_note, stream="n", text="kept"))
                )
            )
            await asyncio.sleep(0)

        callers: set[asyncio.Future[RecordedEvent]] = set()
        loop = asyncio.new_event_loop()
        with writer_held(database):
            loop.run_until_complete(go_on_without_waiting())
            loop.close()

        assert write(database, lambda tx: texts(tx.load("n"))) == ["kept"]
        assert "event loop closed" in caplog.text

    def test_a_work_that_exits_the_interpreter_ends_only_itself(self, database: Database) -> None:
        def work(_: Transaction) -> None:
            raise SystemExit(3)

        with pytest.raises(SystemExit):
            write(database, work)
        assert write(database, lambda tx: tx.query("SELECT 1")) == [(1,)]

    def test_a_work_that_raises_stop_iteration_reaches_its_caller_only(
        self, database: Database
    ) -> None:
        def work(_: Transaction) -> object:
            return next(iter(()))

        async def both() -> object:
            with writer_held(database):
                failing = asyncio.create_task(database.transact(work))
                other = asyncio.create_task(database.transact(lambda tx: tx.query("SELECT 1")))
                await asyncio.sleep(0)
            with pytest.raises(RuntimeError, match="StopIteration"):
                await failing
            return await other

        assert asyncio.run(both()) == [(1,)]

    def test_relaxed_work_is_answered_before_what_waits_for_the_disk(
        self, database: Database
    ) -> None:
        order: list[str] = []

        def note(name: str, _: Transaction) -> None:
            order.append(name)

        async def both() -> None:
            with writer_held(database):
                waiting = [
                    asyncio.ensure_future(database.transact(partial(note, name), relaxed=relaxed))
                    for name, relaxed in (("durable", False), ("relaxed", True))
                ]
                await asyncio.sleep(0)
            await asyncio.gather(*waiting)

        asyncio.run(both())
        assert order == ["relaxed", "durable"]

    def test_callbacks_come_after_the_commit_in_order_before_the_caller(
        self, database: Database
    ) -> None:
        heard: list[object] = []

        def work(tx: Transaction) -> None:
            write_note(tx, "n", "hello")
            tx.after_commit(lambda: heard.append(load_texts(database, "n")))
            tx.after_commit(lambda: heard.append("second"))

        write(database, work)
        heard.append("caller")

        assert heard == [["hello"], "second", "caller"]

    def test_callbacks_of_undone_work_are_not_made(self, database: Database) -> None:
        heard: list[str] = []

        def work(tx: Transaction, name: str) -> None:
            write_note(tx, "n", name)
            tx.after_commit(lambda: heard.append(name))
            if name == "bad":
                raise LookupError

        with writer_held(database):
            waiting = [database.submit(partial(work, name=name)) for name in ["good", "bad"] * 20]
        for future in waiting:
            future.exception()

        assert heard == ["good"] * 20
        assert load_texts(database, "n") == heard

    def test_a_failing_callback_harms_no_one(
        self, database: Database, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail() -> None:
            raise LookupError

        def work(tx: Transaction) -> None:
            write_note(tx, "n", "kept")
            tx.after_commit(fail)

        write(database, work)

        assert load_texts(database, "n") == ["kept"]
        assert "callback" in caplog.text
