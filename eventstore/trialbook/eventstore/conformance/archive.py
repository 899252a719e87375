"""What exporting and importing a log promises."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable, Iterator
from random import Random
from typing import BinaryIO, cast

import pytest

from trialbook.eventstore import (
    Database,
    EventRegistry,
    StoreError,
    Transaction,
    UnknownEvent,
)
from trialbook.eventstore.archive import LogNotEmpty, export_log, import_log
from trialbook.eventstore.archive_file import (
    SIGNATURE,
    ArchiveNewer,
    ArchiveReader,
    ArchiveWriter,
    UnreadableArchive,
)
from trialbook.eventstore.conformance.backend import Backend
from trialbook.eventstore.conformance.cases import Cases
from trialbook.eventstore.conformance.notebook import (
    NoteWritten,
    commands,
    digest,
    load_texts,
    metadata,
    note_once,
    read_models,
    texts,
    write,
    write_note,
)
from trialbook.eventstore.conformance.rebuild import fill, rebuild
from trialbook.eventstore.verification import verify


def fill_all(database: Database, events: int = 1_200) -> None:
    """A log with everything in it."""
    fill(database, events)

    def work(tx: Transaction) -> None:
        for number in range(40):
            note_once(tx, f"c-{number}", "größe")
        write_note(tx, "large", "ö" * 3_000_000)
        write_note(tx, "secret", "to be forgotten")
        for position in (1, 500, 501, events):
            row = tx.events_at([position])[0]
            tx.blank(position, type(row.event)(*_empty(row.event)), metadata())
        tx.put_blobs({digest(str(number)): str(number) for number in range(700)})
        tx.put_blobs({digest("b" * 2_000_000): "b" * 2_000_000, digest(""): ""})

    write(database, work)


def _empty(event: object) -> tuple[object, ...]:
    return ("",) if isinstance(event, NoteWritten) else ([],)


def exported(database: Database) -> bytes:
    file = io.BytesIO()
    export_log(database, file)
    return file.getvalue()


def everything(database: Database) -> list[object]:
    """What must be the same in two databases."""
    return database.read_now(
        lambda view: [
            view.head(),
            view.log_rows(limit=10_000),
            view.blankings(limit=10_000),
            view.stored_blobs(limit=10_000),
            commands(view),
        ]
    )


class ArchiveCases(Cases):
    """The same log in another database: positions, digests, blobs, commands, read models."""

    @pytest.fixture
    def other(self, other_backend: Backend) -> Iterator[Database]:
        with other_backend.open() as opened:
            yield opened

    def test_an_import_is_the_log_that_was_exported(
        self, database: Database, other: Database
    ) -> None:
        fill_all(database)
        rebuild(database)
        file = io.BytesIO()

        told = export_log(database, file)
        file.seek(0)
        found = import_log(other, file)

        assert found == told
        assert (found.position, found.blankings, found.commands) == (1_242, 4, 40)
        assert found.blobs == 702
        assert everything(other) == everything(database)
        assert other.read_now(read_models) == database.read_now(read_models)
        assert verify(other).sound
        lived = other.read_now(read_models)
        rebuild(other)
        assert other.read_now(read_models) == lived

    def test_there_and_back_gives_the_same_file(self, database: Database, other: Database) -> None:
        fill_all(database)
        first = exported(database)
        import_log(other, io.BytesIO(first))

        assert exported(other) == first

    def test_writing_goes_on_after_an_import(self, database: Database, other: Database) -> None:
        fill(database, 20)
        write(database, lambda tx: note_once(tx, "c-1", "n"))
        import_log(other, io.BytesIO(exported(database)))

        for one in (database, other):
            assert write(one, lambda tx: note_once(tx, "c-1", "n")) == 21
            assert write(one, lambda tx: write_note(tx, "n", "on", 1)).position == 22
        assert everything(other) == everything(database)
        with other.recorder.subscribe(gt=20) as subscription:
            assert [next(subscription).id, next(subscription).id] == [21, 22]

    def test_an_empty_log_is_an_archive_too(self, database: Database, other: Database) -> None:
        report = import_log(other, io.BytesIO(exported(database)))

        assert (report.position, report.digest) == (0, bytes(32))
        assert write(other, lambda tx: write_note(tx, "n", "first")).position == 1

    @pytest.mark.parametrize(
        "there",
        [
            lambda tx: write_note(tx, "n", "x"),
            lambda tx: tx.put_blobs({digest("x"): "x"}),
            lambda tx: tx.remember("c", b"", b"", 1),
        ],
        ids=["event", "blob", "command"],
    )
    def test_a_database_that_holds_something_is_left_alone(
        self, database: Database, other: Database, there: Callable[[Transaction], object]
    ) -> None:
        write(other, there)
        before = everything(other)

        with pytest.raises(LogNotEmpty, match="empty"):
            import_log(other, io.BytesIO(exported(database)))

        assert everything(other) == before

    def test_a_file_that_was_cut_off_changes_nothing(
        self, database: Database, other: Database
    ) -> None:
        fill(database, 600)
        whole = exported(database)
        random = Random(1)
        lengths = [0, 1, 5, 10, 12, 15, len(whole) - 1, *random.sample(range(len(whole)), 25)]

        for length in lengths:
            with pytest.raises(UnreadableArchive):
                import_log(other, io.BytesIO(whole[:length]))

        assert other.read_now(lambda view: view.head()) == (0, bytes(32))
        assert other.read_now(read_models) == [[], []]
        assert import_log(other, io.BytesIO(whole)).position == 600

    def test_a_file_that_was_altered_changes_nothing(
        self, database: Database, other: Database
    ) -> None:
        fill_all(database, 600)
        whole = exported(database)
        random = Random(2)

        for place in [0, 9, *random.sample(range(len(whole)), 40), len(whole) - 1]:
            altered = bytearray(whole)
            altered[place] ^= 1 << random.randrange(8)
            with pytest.raises(UnreadableArchive):
                import_log(other, io.BytesIO(altered))

        assert other.read_now(lambda view: (view.head(), view.stored_blobs(), commands(view))) == (
            (0, bytes(32)),
            [],
            [],
        )

    def test_frames_in_another_order_or_missing_are_refused(
        self, database: Database, other: Database
    ) -> None:
        fill(database, 1_100)
        frames = list(ArchiveReader(io.BytesIO(exported(database))).frames())
        assert len(frames) >= 3

        for changed in (
            [frames[1], frames[0], *frames[2:]],
            frames[1:],
            frames[:-1],
            [*frames, frames[-1]],
        ):
            file = io.BytesIO()
            forged = ArchiveWriter(file)
            for kind, payload in changed:
                forged.write_payload(kind, payload)
            forged.finish((1_100, database.read_now(lambda view: view.head())[1], 0, 0, 0))
            file.seek(0)
            with pytest.raises(StoreError):
                import_log(other, file)

        assert other.read_now(lambda view: view.head())[0] == 0

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"PK\x03\x04",
            b"SQLite format 3\x00" * 10,
            b"{}\n",
            SIGNATURE[:-1] + b"\r",
            b"x" * 999,
        ],
    )
    def test_another_kind_of_file_is_refused(self, database: Database, content: bytes) -> None:
        with pytest.raises(UnreadableArchive, match="not an archive"):
            import_log(database, io.BytesIO(content))

    def test_an_archive_of_a_newer_release_is_refused(self, database: Database) -> None:
        newer = SIGNATURE + (2).to_bytes(2, "big") + b"whatever comes then"

        with pytest.raises(ArchiveNewer, match="format 2"):
            import_log(database, io.BytesIO(newer))

    def test_something_behind_the_end_is_refused(self, database: Database, other: Database) -> None:
        with pytest.raises(UnreadableArchive, match="follows"):
            import_log(other, io.BytesIO(exported(database) + b"\n"))

    def test_an_archive_comes_through_a_pipe(self, database: Database, other: Database) -> None:
        fill(database, 700)
        reading, writing = os.pipe()

        def export() -> None:
            with open(writing, "wb", buffering=0) as file:  # noqa: PTH123  # a descriptor
                export_log(database, cast("BinaryIO", file))

        exporting = threading.Thread(target=export)
        exporting.start()
        with open(reading, "rb") as file:  # noqa: PTH123  # a descriptor
            assert import_log(other, file).position == 700
        exporting.join()

        assert everything(other) == everything(database)

    def test_others_may_write_during_an_export(self, database: Database, other: Database) -> None:
        fill(database, 600)
        file = io.BytesIO()

        def write_more(done: int, of: int) -> None:
            assert of == 600
            write(database, lambda tx: write_note(tx, "n", "meanwhile"))

        assert export_log(database, file, progress=write_more).position == 600
        file.seek(0)
        assert import_log(other, file).position == 600
        assert database.read_now(lambda view: view.head())[0] > 600

    def test_progress_is_told(self, database: Database, other: Database) -> None:
        fill(database, 1_300)
        file = io.BytesIO()
        told: list[tuple[int, int]] = []

        export_log(database, file, progress=lambda done, of: told.append((done, of)))
        assert told == [(500, 1_300), (1_000, 1_300), (1_300, 1_300)]

        file.seek(0)
        told.clear()
        import_log(other, file, progress=lambda done, of: told.append((done, of)))
        assert told == [(500, 0), (1_000, 0), (1_300, 0)]

    def test_the_file_begins_at_the_place_where_the_stream_stands(
        self, database: Database, other: Database
    ) -> None:
        fill(database, 10)
        file = io.BytesIO(b"something before" + exported(database))
        file.seek(len(b"something before"))

        assert import_log(other, file).position == 10

    def test_blobs_come_before_events_and_commands_after_them(self, database: Database) -> None:
        # A projection may look into blobs; and those who read the file rely on the order.
        write(database, lambda tx: note_once(tx, "c-1", "n"))
        write(database, lambda tx: tx.put_blobs({digest("x"): "x"}))
        frames = list(ArchiveReader(io.BytesIO(exported(database))).frames())

        assert [kind for kind, _ in frames] == [b"B", b"L", b"C"]

    def test_content_that_nothing_knows_is_refused(
        self, database: Database, other_backend: Backend
    ) -> None:
        write(database, lambda tx: write_note(tx, "n", "hello"))
        file = exported(database)

        with other_backend.open(registry=EventRegistry()) as other:
            with pytest.raises(UnknownEvent):
                import_log(other, io.BytesIO(file))
            assert other.read_now(lambda view: view.head())[0] == 0
        with other_backend.open() as other:
            import_log(other, io.BytesIO(file))
            assert load_texts(other, "n") == ["hello"]
            assert texts(other.read_now(lambda view: view.events())) == ["hello"]
