"""What appending to a stream promises."""

from __future__ import annotations

import asyncio
from dataclasses import FrozenInstanceError
from functools import partial
from uuid import uuid4

import pytest
from eventsourcing.persistence import IntegrityError, StoredEvent

from trialbook.eventstore import (
    Database,
    RecordedEvent,
    Transaction,
    UnknownEvent,
    UnstorableValue,
    VersionConflict,
)
from trialbook.eventstore.conformance.cases import Cases
from trialbook.eventstore.conformance.notebook import (
    NOTE_TOPIC,
    Mark,
    MarksGiven,
    NoteWritten,
    load_texts,
    metadata,
    texts,
    write,
    write_note,
)

UNICODE = [
    "größer",
    "世界",
    "🦆 and 👩‍👩‍👧",
    "e\u0301 is not é",
    "שלום \u202e",
    "\u0001\u007f\u2028\ufeff",
    "'; DROP TABLE event; --",
    "% ? %s $1 \\ :name",
    " ",
]


class AppendCases(Cases):
    """Positions, versions, conflicts, and what an event may hold."""

    def test_positions_count_the_log_and_versions_the_stream(self, database: Database) -> None:
        def work(tx: Transaction) -> list[tuple[int, str, int]]:
            recorded = [write_note(tx, stream, "x") for stream in ("a", "b", "a", "a", "b")]
            return [(one.position, one.stream, one.version) for one in recorded]

        assert write(database, work) == [
            (1, "a", 1),
            (2, "b", 1),
            (3, "a", 2),
            (4, "a", 3),
            (5, "b", 2),
        ]

    @pytest.mark.parametrize("count", [0, 1, 2, 3, 63, 64, 65, 1_000, 10_000])
    def test_many_events_are_appended_at_once(self, database: Database, count: int) -> None:
        notes = [NoteWritten(f"note {number}") for number in range(count)]

        recorded = write(
            database, lambda tx: tx.append("n", notes, expected_version=0, metadata=metadata())
        )

        assert [one.position for one in recorded] == list(range(1, count + 1))
        assert database.read_now(lambda view: view.load("n")) == recorded

    def test_appending_nothing_checks_the_version_all_the_same(self, database: Database) -> None:
        def append_nothing(tx: Transaction, expected: int) -> list[RecordedEvent]:
            return tx.append("n", [], expected_version=expected, metadata=metadata())

        assert write(database, partial(append_nothing, expected=0)) == []
        with pytest.raises(VersionConflict):
            write(database, partial(append_nothing, expected=1))
        assert database.read_now(lambda view: view.head())[0] == 0

    def test_metadata_and_topic_are_stored(self, database: Database) -> None:
        write(database, lambda tx: write_note(tx, "n", "hello"))

        (recorded,) = database.read_now(lambda view: view.load("n"))

        assert recorded.metadata == metadata()
        assert recorded.topic == NOTE_TOPIC
        with pytest.raises(FrozenInstanceError):
            recorded.position = 2  # type: ignore[misc]  # the point

    @pytest.mark.parametrize("expected", [0, 1, 3, -1, 2**40])
    def test_a_stream_at_another_version_is_a_conflict(
        self, database: Database, expected: int
    ) -> None:
        write(database, lambda tx: [write_note(tx, "n", text) for text in ("one", "two")])

        with pytest.raises(VersionConflict) as caught:
            write(database, lambda tx: write_note(tx, "n", "late", expected))

        assert (caught.value.stream, caught.value.expected, caught.value.actual) == (
            "n",
            expected,
            2,
        )
        assert load_texts(database, "n") == ["one", "two"]

    @pytest.mark.parametrize("expected", [-2, -1, 1, 2**40, 2**63, 2**64])
    def test_a_stream_that_is_not_there_is_at_version_0(
        self, database: Database, expected: int
    ) -> None:
        with pytest.raises(VersionConflict) as caught:
            write(database, lambda tx: write_note(tx, "n", "x", expected))

        assert (caught.value.expected, caught.value.actual) == (expected, 0)
        assert write(database, lambda tx: write_note(tx, "n", "x", 0)).position == 1

    def test_the_version_that_is_expected_may_be_exact_none_or_any(
        self, database: Database
    ) -> None:
        write(database, lambda tx: write_note(tx, "n", "new", 0))
        write(database, lambda tx: write_note(tx, "n", "exact", 1))
        write(database, lambda tx: write_note(tx, "n", "any", None))
        write(database, lambda tx: write_note(tx, "another", "any, though new", None))

        assert load_texts(database, "n") == ["new", "exact", "any"]
        assert load_texts(database, "another") == ["any, though new"]

    def test_of_many_with_one_expected_version_one_wins(self, database: Database) -> None:
        async def race() -> list[RecordedEvent | BaseException]:
            return await asyncio.gather(
                *(database.transact(lambda tx: write_note(tx, "n", "mine", 0)) for _ in range(50)),
                return_exceptions=True,
            )

        answers = asyncio.run(race())

        lost = [answer for answer in answers if isinstance(answer, VersionConflict)]
        assert len(lost) == 49
        assert {conflict.actual for conflict in lost} == {1}
        assert load_texts(database, "n") == ["mine"]

    def test_writers_of_different_streams_all_win(self, database: Database) -> None:
        async def race() -> list[RecordedEvent]:
            return await asyncio.gather(
                *(
                    database.transact(
                        partial(write_note, stream=f"n-{n}", text="x", expected_version=0)
                    )
                    for n in range(100)
                )
            )

        recorded = asyncio.run(race())

        assert sorted(one.position for one in recorded) == list(range(1, 101))

    def test_those_who_load_and_try_again_all_come_through(self, database: Database) -> None:
        async def add_one(name: str) -> None:
            while True:
                version = len(await database.read(lambda view: view.load("n")))
                try:
                    await database.transact(
                        partial(write_note, stream="n", text=name, expected_version=version)
                    )
                except VersionConflict:
                    continue
                return

        async def race() -> None:
            await asyncio.gather(*(add_one(str(number)) for number in range(12)))

        asyncio.run(race())

        assert sorted(load_texts(database, "n")) == sorted(map(str, range(12)))

    def test_a_work_may_try_again_after_a_conflict(self, database: Database) -> None:
        def work(tx: Transaction) -> None:
            write_note(tx, "n", "first")
            with pytest.raises(VersionConflict):
                write_note(tx, "n", "second", 0)
            write_note(tx, "n", "second", 1)

        write(database, work)

        assert load_texts(database, "n") == ["first", "second"]

    def test_a_transaction_writes_to_several_streams_and_reads_what_it_wrote(
        self, database: Database
    ) -> None:
        def work(tx: Transaction) -> list[str]:
            for number in range(30):
                write_note(tx, f"n-{number % 3}", str(number), number // 3)
            tx.append("n-0", [MarksGiven([Mark("a", 1)])], expected_version=10, metadata=metadata())
            noted = tx.query("SELECT text FROM note WHERE stream = 'n-1' ORDER BY version")
            assert texts(tx.load("n-1")) == [text for (text,) in noted]
            assert tx.head()[0] == 31
            return texts(tx.events(after_position=27))

        assert write(database, work) == ["27", "28", "29"]

    def test_an_unregistered_event_is_refused(self, database: Database) -> None:
        with pytest.raises(UnknownEvent, match="Mark"):
            write(
                database,
                lambda tx: tx.append(
                    "n", [Mark("a", 1)], expected_version=None, metadata=metadata()
                ),
            )

    @pytest.mark.parametrize("megabytes", [1, 8])
    def test_a_large_event_survives(self, database: Database, megabytes: int) -> None:
        # Text that does not compress, so that its state is as large as it is.
        text = "".join(f"{uuid4()}ö" for _ in range(megabytes * 1_000_000 // 38))
        write(database, lambda tx: write_note(tx, "n", text))

        assert load_texts(database, "n") == [text]

    @pytest.mark.parametrize("text", UNICODE)
    def test_any_text_may_be_a_stream_and_content(self, database: Database, text: str) -> None:
        write(database, lambda tx: write_note(tx, text, text))

        (recorded,) = database.read_now(lambda view: view.load(text))
        noted = database.read_now(lambda view: view.query("SELECT stream, text FROM note"))

        assert (recorded.stream, texts([recorded])) == (text, [text])
        assert noted == [(text, text)]

    def test_streams_are_the_same_only_if_every_character_is(self, database: Database) -> None:
        names = ["a", "A", "ä", "a\u0308", "a ", " a", "á"]
        for name in names:
            write(database, partial(write_note, stream=name, text=name, expected_version=0))

        assert [load_texts(database, name) for name in names] == [[name] for name in names]

    @pytest.mark.parametrize("stream", ["a\x00b", "\ud800"])
    def test_a_stream_whose_name_no_database_holds_is_refused(
        self, database: Database, stream: str
    ) -> None:
        with pytest.raises(UnstorableValue):
            write(database, lambda tx: write_note(tx, stream, "x"))

        assert database.read_now(lambda view: view.head())[0] == 0
        write(database, lambda tx: write_note(tx, "n", "the writer lives"))

    def test_an_event_may_hold_zero_bytes(self, database: Database) -> None:
        # Not in text that becomes a column, but in what only the state holds.
        event = NoteWritten("x", colour="a\x00b")
        write(
            database,
            lambda tx: tx.append("n", [event], expected_version=None, metadata=metadata()),
        )

        assert database.read_now(lambda view: view.load("n"))[0].event == event

    def test_versions_go_beyond_32_bits(self, database: Database) -> None:
        state = write(database, lambda tx: (write_note(tx, "n", "x"), tx.log_rows()))[1][0].state
        version = 2**31 + 7

        database.recorder.insert_events([StoredEvent("far", version, NOTE_TOPIC, state)])

        (stored,) = database.recorder.select_events("far", gt=2**31)
        assert stored.originator_version == version
        after = write(database, lambda tx: write_note(tx, "far", "on", version))
        assert (after.version, after.position) == (version + 1, 3)
        assert database.read_now(lambda view: view.load("far", after_version=version)) == [after]

    def test_a_place_in_a_stream_is_taken_once(self, database: Database) -> None:
        state = write(database, lambda tx: (write_note(tx, "n", "x"), tx.log_rows()))[1][0].state

        with pytest.raises(IntegrityError):
            database.recorder.insert_events([StoredEvent("n", 1, NOTE_TOPIC, state)])

        assert load_texts(database, "n") == ["x"]

    def test_a_position_is_never_used_twice(self, database: Database) -> None:
        def fail(tx: Transaction) -> None:
            write_note(tx, "n", "gone")
            raise LookupError

        for number in range(1, 6):
            with pytest.raises(LookupError):
                write(database, fail)
            assert write(database, lambda tx: write_note(tx, "n", "kept")).position == number
