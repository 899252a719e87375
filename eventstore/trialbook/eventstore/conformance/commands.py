"""What remembered commands and blobs promise."""

from __future__ import annotations

import asyncio
from functools import partial
from random import Random

import pytest

from trialbook.eventstore import Database, RememberedCommand, Transaction, UniqueViolation
from trialbook.eventstore.conformance.backend import Backend
from trialbook.eventstore.conformance.cases import Cases
from trialbook.eventstore.conformance.notebook import (
    commands,
    digest,
    load_texts,
    note_once,
    write,
)


class CommandsCases(Cases):
    """A repetition gives what the first time gave; content is kept once."""

    def test_a_command_is_remembered(self, database: Database) -> None:
        remembered = RememberedCommand(
            "c-1", b"\x00fingerprint", b"result\xff", 1_700_000_000_000_000
        )
        write(
            database,
            lambda tx: tx.remember("c-1", b"\x00fingerprint", b"result\xff", 1_700_000_000_000_000),
        )

        assert write(database, lambda tx: tx.recall("c-1")) == remembered
        assert write(database, lambda tx: tx.recall("c-2")) is None
        assert database.read_now(commands) == [remembered]

    def test_a_command_is_remembered_once(self, database: Database) -> None:
        write(database, lambda tx: tx.remember("c-1", b"f", b"first", 1))

        with pytest.raises(UniqueViolation):
            write(database, lambda tx: tx.remember("c-1", b"f", b"second", 2))

    def test_old_commands_are_forgotten(self, database: Database) -> None:
        def remember_all(tx: Transaction) -> None:
            for age in range(10):
                tx.remember(f"c-{age}", b"", b"", age)

        write(database, remember_all)

        assert write(database, lambda tx: tx.forget_commands(before=4)) == 4
        assert write(database, lambda tx: tx.forget_commands(before=4)) == 0
        assert [one.recorded_at for one in database.read_now(commands)] == list(range(4, 10))

    def test_a_repeated_command_gives_the_position_of_the_first(self, backend: Backend) -> None:
        work = partial(note_once, command_id="c-1", stream="n")
        with backend.open() as database:
            first = write(database, work)
            assert write(database, work) == first
        with backend.open() as database:
            assert write(database, work) == first
            assert load_texts(database, "n") == ["c-1"]

    def test_commands_repeated_at_the_same_time_are_done_once(self, database: Database) -> None:
        ids = [f"c-{number % 10}" for number in range(200)]
        Random(3).shuffle(ids)

        async def give_all() -> list[int]:
            return await asyncio.gather(
                *(
                    database.transact(partial(note_once, command_id=command_id, stream="n"))
                    for command_id in ids
                )
            )

        positions = asyncio.run(give_all())

        assert len(set(zip(ids, positions, strict=True))) == 10
        assert len(load_texts(database, "n")) == 10

    def test_pages_of_commands_are_in_the_order_of_their_ids(self, database: Database) -> None:
        ids = ["B", "a", "ä", "Z", "10", "9", "a-b", "ab", "世"]

        def remember_all(tx: Transaction) -> None:
            for command_id in ids:
                tx.remember(command_id, b"f", command_id.encode(), 1)

        write(database, remember_all)

        found: list[str] = []
        while page := database.read_now(
            lambda view: view.remembered(after=found[-1] if found else "", limit=2)
        ):
            found.extend(one.command_id for one in page)
        assert found == sorted(ids, key=str.encode)

    def test_blobs_are_stored_once_and_found_by_digest(self, database: Database) -> None:
        contents = {digest(str(number)): str(number) for number in range(700)}
        write(database, lambda tx: tx.put_blobs(contents))
        write(database, lambda tx: tx.put_blobs({digest("1"): "something else", **contents}))

        found = database.read_now(lambda view: view.blobs([*contents, digest("unknown")]))

        assert found == contents
        assert database.read_now(lambda view: view.blobs([])) == {}
        write(database, lambda tx: tx.put_blobs({}))

    def test_a_large_blob_survives(self, database: Database) -> None:
        text = "größer " * 1_000_000
        write(database, lambda tx: tx.put_blobs({digest(text): text, digest(""): ""}))

        assert database.read_now(lambda view: view.blobs([digest(text), digest("")])) == {
            digest(text): text,
            digest(""): "",
        }

    def test_pages_of_blobs_are_in_the_order_of_their_digests(self, database: Database) -> None:
        contents = {digest(str(number)): str(number) for number in range(50)}
        write(database, lambda tx: tx.put_blobs(contents))

        found: list[tuple[bytes, str]] = []
        while page := database.read_now(
            lambda view: view.stored_blobs(after=found[-1][0] if found else b"", limit=7)
        ):
            found.extend(page)
        assert found == sorted(contents.items())

    def test_a_deleted_blob_is_gone(self, database: Database) -> None:
        contents = {digest(str(number)): str(number) for number in range(5)}
        write(database, lambda tx: tx.put_blobs(contents))
        doomed = [digest("1"), digest("3"), digest("unknown")]

        assert write(database, lambda tx: tx.delete_blobs(doomed)) == 2
        assert write(database, lambda tx: tx.delete_blobs(doomed)) == 0
        assert write(database, lambda tx: tx.delete_blobs([])) == 0

        found = database.read_now(lambda view: view.blobs(list(contents)))
        assert sorted(found.values()) == ["0", "2", "4"]
