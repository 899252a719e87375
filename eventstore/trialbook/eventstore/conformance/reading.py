"""What reading promises."""

from __future__ import annotations

import asyncio
import threading

import pytest

from trialbook.eventstore import Database, Reader, StoreError, Transaction
from trialbook.eventstore.conformance.backend import PATIENCE, Backend
from trialbook.eventstore.conformance.cases import Cases, readers_held, writer_held
from trialbook.eventstore.conformance.notebook import (
    MARKS_TOPIC,
    NOTE_TOPIC,
    give_marks,
    load_texts,
    texts,
    write,
    write_note,
)


class ReadingCases(Cases):
    """Pages, streams, snapshots, and readers who do not wait for each other or for writers."""

    def test_a_page_of_the_log_begins_after_a_position(self, database: Database) -> None:
        write(database, lambda tx: [write_note(tx, "n", str(n)) for n in range(1, 11)])

        def page(view: Reader) -> list[str]:
            return texts(view.events(after_position=3, limit=4))

        assert database.read_now(page) == ["4", "5", "6", "7"]

    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 10, 11])
    def test_pages_of_any_size_give_the_whole_log(self, database: Database, limit: int) -> None:
        write(database, lambda tx: [write_note(tx, f"n-{n % 3}", str(n)) for n in range(1, 11)])
        seen = [0]

        while page := database.read_now(
            lambda view: view.events(after_position=seen[-1], limit=limit)
        ):
            assert len(page) <= limit
            seen.extend(one.position for one in page)

        assert seen == list(range(11))

    def test_a_page_may_be_restricted_to_topics(self, database: Database) -> None:
        def work(tx: Transaction) -> None:
            write_note(tx, "n", "one")
            give_marks(tx, "n", "a")
            write_note(tx, "n", "two")

        write(database, work)

        def found(*topics: str, limit: int = 500) -> list[int]:
            return [
                one.position
                for one in database.read_now(lambda v: v.events(topics=topics, limit=limit))
            ]

        assert found(MARKS_TOPIC) == [2]
        assert found(NOTE_TOPIC, "nobody.knows.v1") == [1, 3]
        assert found(NOTE_TOPIC, limit=1) == [1]
        assert found("nobody.knows.v1") == []
        assert found() == [1, 2, 3]

    def test_events_are_found_by_position_in_the_order_asked(self, database: Database) -> None:
        write(database, lambda tx: [write_note(tx, "n", str(n)) for n in range(1, 1_001)])
        asked = [*range(1_000, 0, -3), 7, 7]

        found = database.read_now(lambda view: view.events_at(asked))

        assert texts(found) == [str(position) for position in asked]
        assert database.read_now(lambda view: view.events_at([])) == []

    @pytest.mark.parametrize("position", [0, 7, -1, 2**62])
    def test_a_position_without_event_is_named(self, database: Database, position: int) -> None:
        with pytest.raises(StoreError, match=f"position {position}"):
            database.read_now(lambda view: view.events_at([position]))

    def test_a_stream_is_loaded_from_a_version_on(self, database: Database) -> None:
        write(database, lambda tx: [write_note(tx, "n", text) for text in "abc"])

        def after(version: int) -> list[str]:
            return texts(database.read_now(lambda view: view.load("n", after_version=version)))

        assert [after(version) for version in (0, 1, 2, 3, 2**40)] == [
            ["a", "b", "c"],
            ["b", "c"],
            ["c"],
            [],
            [],
        ]
        assert load_texts(database, "nobody") == []

    def test_an_empty_log_gives_nothing_and_fails_nowhere(self, database: Database) -> None:
        def look(view: Reader) -> list[object]:
            return [
                view.events(),
                view.events(after_position=10, topics=["nobody.knows.v1"]),
                view.load(""),
                view.log_rows(),
                view.blankings(),
                view.stored_blobs(),
                view.remembered(),
                view.query("SELECT * FROM note"),
            ]

        assert database.read_now(look) == [[]] * 8
        assert database.read_now(lambda view: (view.head(), view.blobs([]))) == ((0, bytes(32)), {})
        assert database.recorder.max_notification_id() is None
        assert list(database.recorder.select_notifications(1, 10)) == []

    def test_the_recorder_pages_by_position_as_the_library_does(self, database: Database) -> None:
        write(database, lambda tx: [write_note(tx, "n", str(n)) for n in range(1, 8)])
        select = database.recorder.select_notifications

        def found(
            start: int, limit: int, stop: int | None = None, inclusive: bool = True
        ) -> list[int]:
            page = select(start, limit, stop, inclusive_of_start=inclusive)
            return [one.id for one in page]

        assert found(3, 2) == [3, 4]
        assert found(3, 2, inclusive=False) == [4, 5]
        assert found(3, 10, 5) == [3, 4, 5]
        assert found(8, 10) == []
        assert database.recorder.max_notification_id() == 7
        stored = database.recorder.select_events("n", gt=2, lte=6, desc=True, limit=3)
        assert [one.originator_version for one in stored] == [6, 5, 4]

    def test_a_read_sees_one_snapshot(self, database: Database) -> None:
        write(database, lambda tx: write_note(tx, "n", "before"))

        def work(view: Reader) -> tuple[list[str], list[str]]:
            first = texts(view.load("n"))
            write(database, lambda tx: write_note(tx, "n", "meanwhile"))
            return first, texts(view.load("n"))

        assert database.read_now(work) == (["before"], ["before"])
        assert load_texts(database, "n") == ["before", "meanwhile"]

    def test_a_transaction_reads_its_own_writes(self, database: Database) -> None:
        def work(tx: Transaction) -> list[str]:
            write_note(tx, "n", "mine")
            return [*texts(tx.load("n")), *(text for (text,) in tx.query("SELECT text FROM note"))]

        assert write(database, work) == ["mine", "mine"]

    def test_nobody_sees_what_is_not_committed(self, database: Database) -> None:
        written, may_end = threading.Event(), threading.Event()

        def work(tx: Transaction) -> None:
            write_note(tx, "n", "not yet")
            tx.query("SELECT 1")
            written.set()
            may_end.wait(PATIENCE)

        writing = database.submit(work)
        assert written.wait(PATIENCE)
        assert load_texts(database, "n") == []
        may_end.set()
        writing.result()
        assert load_texts(database, "n") == ["not yet"]

    def test_a_reader_cannot_write(self, database: Database) -> None:
        write(database, lambda tx: write_note(tx, "n", "kept"))

        with pytest.raises(StoreError):
            database.read_now(lambda view: view.query("DELETE FROM note RETURNING text"))

        assert database.read_now(lambda view: view.query("SELECT text FROM note")) == [("kept",)]

    def test_a_failing_read_reaches_its_caller_and_frees_its_place(
        self, database: Database
    ) -> None:
        for _ in range(50):
            with pytest.raises(ZeroDivisionError):
                database.read_now(lambda view: 1 // 0)
            with pytest.raises(StoreError):
                database.read_now(lambda view: view.query("SELEKT"))

        assert load_texts(database, "n") == []

    def test_more_readers_than_connections_wait_their_turn(self, backend: Backend) -> None:
        with backend.open(readers=2) as database:
            write(database, lambda tx: write_note(tx, "n", "x"))

            async def read_all() -> list[list[str]]:
                return await asyncio.gather(
                    *(database.read(lambda view: texts(view.load("n"))) for _ in range(100))
                )

            assert asyncio.run(read_all()) == [["x"]] * 100

    def test_writers_do_not_wait_for_readers_who_hold_every_connection(
        self, backend: Backend
    ) -> None:
        with backend.open(readers=2) as database:
            with readers_held(database, 2):
                for number in range(1, 6):
                    assert write(database, lambda tx: write_note(tx, "n", "x")).version == number
            write(database, lambda tx: write_note(tx, "n", "x"))

            assert load_texts(database, "n") == ["x"] * 6

    def test_readers_do_not_wait_for_a_writer(self, database: Database) -> None:
        with writer_held(database):
            assert load_texts(database, "n") == []

    def test_closing_waits_for_a_read_that_goes_on(self, database: Database) -> None:
        reading, may_end = threading.Event(), threading.Event()
        found: list[list[str]] = []

        def slow(view: Reader) -> None:
            view.query("SELECT 1")
            reading.set()
            may_end.wait(PATIENCE)
            found.append(texts(view.load("n")))

        write(database, lambda tx: write_note(tx, "n", "hello"))
        reader = threading.Thread(target=database.read_now, args=(slow,))
        reader.start()
        reading.wait(PATIENCE)
        closer = threading.Thread(target=database.close)
        closer.start()
        may_end.set()
        reader.join()
        closer.join()

        assert found == [["hello"]]
