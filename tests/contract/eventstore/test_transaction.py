"""What a transaction promises, on every backend."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Callable
from dataclasses import FrozenInstanceError

import pytest

from tests.unit.eventstore.toy import (
    Mark,
    MarksGiven,
    NoteWritten,
    metadata,
    read_models,
    texts,
    write_note,
)
from trialbook.eventstore import (
    Reader,
    RecordedEvent,
    RememberedCommand,
    SQLiteDatabase,
    StoreError,
    StoreUnavailable,
    Transaction,
    UniqueViolation,
    UnknownEvent,
    UnstorableValue,
    VersionConflict,
)


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


async def load(database: SQLiteDatabase, stream: str) -> list[str]:
    return texts(await database.read(lambda view: view.load(stream)))


# Appending


async def test_positions_count_the_log_and_versions_the_stream(database: SQLiteDatabase) -> None:
    def work(tx: Transaction) -> list[tuple[int, str, int]]:
        recorded = [write_note(tx, stream, "x") for stream in ("a", "b", "a", "a", "b")]
        return [(one.position, one.stream, one.version) for one in recorded]

    assert await database.transact(work) == [
        (1, "a", 1),
        (2, "b", 1),
        (3, "a", 2),
        (4, "a", 3),
        (5, "b", 2),
    ]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 63, 64, 65, 1_000])
async def test_many_events_are_appended_at_once(database: SQLiteDatabase, count: int) -> None:
    notes = [NoteWritten(f"note {number}") for number in range(count)]

    recorded = await database.transact(
        lambda tx: tx.append("n", notes, expected_version=0, metadata=metadata())
    )

    assert [one.position for one in recorded] == list(range(1, count + 1))
    assert await database.read(lambda view: view.load("n")) == recorded


async def test_metadata_and_topic_are_stored(database: SQLiteDatabase) -> None:
    await database.transact(lambda tx: write_note(tx, "n", "hello"))

    (recorded,) = await database.read(lambda view: view.load("n"))

    assert recorded.metadata == metadata()
    assert recorded.topic == "notebook.note_written.v2"
    with pytest.raises(FrozenInstanceError):
        recorded.position = 2  # type: ignore[misc]  # the point


@pytest.mark.parametrize(("expected", "actual"), [(0, 2), (1, 2), (3, 2)])
async def test_a_stream_at_another_version_is_a_conflict(
    database: SQLiteDatabase, expected: int, actual: int
) -> None:
    await database.transact(lambda tx: [write_note(tx, "n", text) for text in ("one", "two")])

    with pytest.raises(VersionConflict) as caught:
        await database.transact(lambda tx: write_note(tx, "n", "late", expected))

    assert (caught.value.stream, caught.value.expected, caught.value.actual) == (
        "n",
        expected,
        actual,
    )
    assert await load(database, "n") == ["one", "two"]


async def test_of_many_with_one_expected_version_one_wins(database: SQLiteDatabase) -> None:
    answers = await asyncio.gather(
        *(database.transact(lambda tx: write_note(tx, "n", "mine", 0)) for _ in range(50)),
        return_exceptions=True,
    )

    assert sum(isinstance(answer, VersionConflict) for answer in answers) == 49
    assert await load(database, "n") == ["mine"]


async def test_a_work_may_try_again_after_a_conflict(database: SQLiteDatabase) -> None:
    def work(tx: Transaction) -> None:
        write_note(tx, "n", "first")
        with pytest.raises(VersionConflict):
            write_note(tx, "n", "second", 0)
        write_note(tx, "n", "second", 1)

    await database.transact(work)

    assert await load(database, "n") == ["first", "second"]


async def test_an_unregistered_event_is_refused(database: SQLiteDatabase) -> None:
    with pytest.raises(UnknownEvent, match="Mark"):
        await database.transact(
            lambda tx: tx.append("n", [Mark("a", 1)], expected_version=None, metadata=metadata())
        )


async def test_a_large_event_survives(database: SQLiteDatabase) -> None:
    text = "größer " * 1_000_000
    await database.transact(lambda tx: write_note(tx, "n", text))

    assert await load(database, "n") == [text]


# Atomicity


def fail(tx: Transaction) -> None:
    raise LookupError("by the work")


def break_projection(tx: Transaction) -> None:
    marks = MarksGiven([Mark("twice", 1), Mark("twice", 2)])
    tx.append("n", [marks], expected_version=None, metadata=metadata())


def give_wrong_sql(tx: Transaction) -> None:
    tx.execute("SELEKT")


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (fail, LookupError),
        (break_projection, UniqueViolation),
        (give_wrong_sql, StoreError),
    ],
)
async def test_an_error_undoes_all_that_the_work_wrote(
    database: SQLiteDatabase, failure: Callable[[Transaction], None], error: type[Exception]
) -> None:
    def work(tx: Transaction) -> None:
        write_note(tx, "n", "gone")
        tx.put_blobs({digest("gone"): "gone"})
        tx.remember("c-1", b"f", b"r", 1)
        failure(tx)

    with pytest.raises(error):
        await database.transact(work)

    assert await database.read(lambda view: view.events()) == []
    assert await database.read(lambda view: view.blobs([digest("gone")])) == {}
    assert await database.read(read_models) == [[], []]
    assert await database.transact(lambda tx: tx.recall("c-1")) is None


async def test_an_append_that_failed_half_way_cannot_be_kept(database: SQLiteDatabase) -> None:
    def work(tx: Transaction) -> str:
        with pytest.raises(UniqueViolation):
            break_projection(tx)
        return "as if nothing had happened"

    with pytest.raises(UniqueViolation):
        await database.transact(work)

    assert await database.read(lambda view: view.events()) == []


async def test_a_work_that_ends_the_transaction_loses_nothing_of_others(
    database: SQLiteDatabase,
) -> None:
    await database.transact(lambda tx: write_note(tx, "n", "kept"))

    with pytest.raises(StoreUnavailable, match="ended the transaction"):
        await database.transact(lambda tx: tx.execute("ROLLBACK"))

    await database.transact(lambda tx: write_note(tx, "n", "also kept"))
    assert await load(database, "n") == ["kept", "also kept"]


# Reading


async def test_a_page_of_the_log_begins_after_a_position(database: SQLiteDatabase) -> None:
    await database.transact(lambda tx: [write_note(tx, "n", str(n)) for n in range(1, 11)])

    def page(view: Reader) -> list[str]:
        return texts(view.events(after_position=3, limit=4))

    assert await database.read(page) == ["4", "5", "6", "7"]


async def test_a_page_may_be_restricted_to_topics(database: SQLiteDatabase) -> None:
    def work(tx: Transaction) -> None:
        write_note(tx, "n", "one")
        tx.append("n", [MarksGiven([Mark("a", 1)])], expected_version=1, metadata=metadata())
        write_note(tx, "n", "two")

    await database.transact(work)

    def found(*topics: str) -> list[int]:
        return [one.position for one in database.read_now(lambda v: v.events(topics=topics))]

    assert found("notebook.marks_given.v1") == [2]
    assert found("notebook.note_written.v2", "nobody.knows.v1") == [1, 3]
    assert found() == [1, 2, 3]


async def test_events_are_found_by_position_in_the_order_asked(database: SQLiteDatabase) -> None:
    await database.transact(lambda tx: [write_note(tx, "n", str(n)) for n in range(1, 1_001)])
    asked = [*range(1_000, 0, -3), 7, 7]

    found = await database.read(lambda view: view.events_at(asked))

    assert texts(found) == [str(position) for position in asked]
    assert await database.read(lambda view: view.events_at([])) == []


async def test_a_position_without_event_is_named(database: SQLiteDatabase) -> None:
    with pytest.raises(StoreError, match="position 7"):
        await database.read(lambda view: view.events_at([7]))


async def test_a_stream_is_loaded_from_a_version_on(database: SQLiteDatabase) -> None:
    await database.transact(lambda tx: [write_note(tx, "n", text) for text in "abc"])

    assert texts(await database.read(lambda view: view.load("n", after_version=1))) == ["b", "c"]
    assert await load(database, "nobody") == []


async def test_a_read_sees_one_snapshot(database: SQLiteDatabase) -> None:
    await database.transact(lambda tx: write_note(tx, "n", "before"))

    def work(view: Reader) -> tuple[list[str], list[str]]:
        first = texts(view.load("n"))
        database.submit(lambda tx: write_note(tx, "n", "meanwhile")).result()
        return first, texts(view.load("n"))

    assert await database.read(work) == (["before"], ["before"])
    assert await load(database, "n") == ["before", "meanwhile"]


async def test_a_transaction_reads_its_own_writes(database: SQLiteDatabase) -> None:
    def work(tx: Transaction) -> list[str]:
        write_note(tx, "n", "mine")
        return [*texts(tx.load("n")), *(text for (text,) in tx.query("SELECT text FROM note"))]

    assert await database.transact(work) == ["mine", "mine"]


async def test_a_reader_cannot_write(database: SQLiteDatabase) -> None:
    with pytest.raises(StoreError):
        await database.read(lambda view: view.query("DELETE FROM note"))


async def test_a_failing_read_reaches_its_caller_and_frees_its_place(
    database: SQLiteDatabase,
) -> None:
    for _ in range(50):
        with pytest.raises(ZeroDivisionError):
            await database.read(lambda view: 1 // 0)

    assert await load(database, "n") == []


# Rows


@pytest.mark.parametrize("count", [0, 1, 2, 100, 1_000])
async def test_rows_are_inserted_in_bulk(database: SQLiteDatabase, count: int) -> None:
    rows = [("n", f"mark {number:04}", float(number), number) for number in range(count)]
    columns = ("stream", "name", "value", "position")

    await database.transact(lambda tx: tx.insert("mark", columns, rows))

    assert await database.read(lambda v: v.query("SELECT * FROM mark ORDER BY name")) == rows


async def test_rows_in_conflict_are_treated_as_the_clause_says(database: SQLiteDatabase) -> None:
    def insert(value: int, clause: str) -> Callable[[Transaction], None]:
        rows = [("n", "a", value), ("n", "b", value)]
        return lambda tx: tx.insert("mark", ("stream", "name", "value"), rows, on_conflict=clause)

    def values(view: Reader) -> list[float]:
        return [value for (value,) in view.query("SELECT value FROM mark")]

    await database.transact(insert(1, ""))
    await database.transact(insert(2, "ON CONFLICT (stream, name) DO NOTHING"))
    assert await database.read(values) == [1, 1]

    update = "ON CONFLICT (stream, name) DO UPDATE SET value = excluded.value"
    await database.transact(insert(3, update))
    assert await database.read(values) == [3, 3]

    with pytest.raises(UniqueViolation) as caught:
        await database.transact(insert(4, ""))
    assert caught.value.key == "mark.stream, mark.name"


async def test_a_statement_tells_how_many_rows_it_changed(database: SQLiteDatabase) -> None:
    await database.transact(lambda tx: [write_note(tx, "n", text) for text in "abc"])

    def work(tx: Transaction) -> list[int]:
        return [
            tx.execute("UPDATE note SET text = ? WHERE version > ?", ("z", 1)),
            tx.execute("DELETE FROM note WHERE version = 99"),
            tx.execute("CREATE TABLE another (id INTEGER)"),
        ]

    assert await database.transact(work) == [2, 0, 0]


@pytest.mark.parametrize("value", [2**63, "\ud800", object(), [1]])
async def test_a_value_that_no_column_holds_is_refused(
    database: SQLiteDatabase, value: object
) -> None:
    values: tuple[object, ...] = ("n", 1, value)

    with pytest.raises(StoreError) as caught:
        await database.transact(lambda tx: tx.execute("INSERT INTO note VALUES (?, ?, ?)", values))  # type: ignore[arg-type]  # what is refused

    assert isinstance(value, (list, type(object()))) or isinstance(caught.value, UnstorableValue)


# Commands and blobs


async def test_a_command_is_remembered(database: SQLiteDatabase) -> None:
    remembered = RememberedCommand("c-1", b"\x00fingerprint", b"result\xff", 1_700_000_000_000_000)
    await database.transact(
        lambda tx: tx.remember("c-1", b"\x00fingerprint", b"result\xff", 1_700_000_000_000_000)
    )

    assert await database.transact(lambda tx: tx.recall("c-1")) == remembered
    assert await database.transact(lambda tx: tx.recall("c-2")) is None


async def test_a_command_is_remembered_once(database: SQLiteDatabase) -> None:
    await database.transact(lambda tx: tx.remember("c-1", b"f", b"first", 1))

    with pytest.raises(UniqueViolation):
        await database.transact(lambda tx: tx.remember("c-1", b"f", b"second", 2))


async def test_blobs_are_stored_once_and_found_by_digest(database: SQLiteDatabase) -> None:
    contents = {digest(str(number)): str(number) for number in range(700)}
    await database.transact(lambda tx: tx.put_blobs(contents))
    await database.transact(lambda tx: tx.put_blobs({digest("1"): "something else", **contents}))

    found = await database.read(lambda view: view.blobs([*contents, digest("unknown")]))

    assert found == contents
    assert await database.read(lambda view: view.blobs([])) == {}


# Callbacks and projections


async def test_callbacks_come_after_the_commit_in_order_before_the_caller(
    database: SQLiteDatabase,
) -> None:
    heard: list[object] = []

    def work(tx: Transaction) -> None:
        write_note(tx, "n", "hello")
        tx.after_commit(lambda: heard.append(texts(database.read_now(lambda v: v.load("n")))))
        tx.after_commit(lambda: heard.append("second"))

    await database.transact(work)
    heard.append("caller")

    assert heard == [["hello"], "second", "caller"]


async def test_callbacks_of_undone_work_are_not_made(database: SQLiteDatabase) -> None:
    heard: list[str] = []

    def work(tx: Transaction, name: str) -> None:
        tx.after_commit(lambda: heard.append(name))
        if name == "bad":
            raise LookupError

    names = ["good", "bad"] * 20
    await asyncio.gather(
        *(database.transact(lambda tx, name=name: work(tx, name)) for name in names),  # type: ignore[misc]  # binds the name
        return_exceptions=True,
    )

    assert heard == ["good"] * 20


async def test_a_failing_callback_harms_no_one(
    database: SQLiteDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    def work(tx: Transaction) -> None:
        write_note(tx, "n", "kept")
        tx.after_commit(lambda: fail(tx))

    await database.transact(work)

    assert await load(database, "n") == ["kept"]
    assert "callback" in caplog.text


async def test_a_projection_cannot_append(
    database: SQLiteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def project(_: RecordedEvent, tx: Transaction) -> None:
        write_note(tx, "n", "more")

    with monkeypatch.context() as changed:
        changed.setattr(database._session, "_projection", project)
        with pytest.raises(StoreError, match="read models only"):
            await database.transact(lambda tx: write_note(tx, "n", "hello"))

    assert await load(database, "n") == []


def test_closing_waits_for_a_read_that_goes_on(database: SQLiteDatabase) -> None:
    reading, may_end = threading.Event(), threading.Event()
    found: list[list[str]] = []

    def slow(view: Reader) -> None:
        view.query("SELECT 1")
        reading.set()
        may_end.wait(60)
        found.append(texts(view.load("n")))

    database.submit(lambda tx: write_note(tx, "n", "hello")).result()
    reader = threading.Thread(target=database.read_now, args=(slow,))
    reader.start()
    reading.wait(60)
    closer = threading.Thread(target=database.close)
    closer.start()
    may_end.set()
    reader.join()
    closer.join()

    assert found == [["hello"]]
