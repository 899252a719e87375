"""What is promised when processes die, and when several work on one database."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack
from functools import partial
from random import Random
from typing import Any

import pytest

from trialbook.eventstore import Database, Reader, VersionConflict
from trialbook.eventstore.conformance.backend import PATIENCE, Backend
from trialbook.eventstore.conformance.cases import Cases, require_shared
from trialbook.eventstore.conformance.notebook import (
    commands,
    load_texts,
    note_once,
    read_models,
    write,
    write_note,
)
from trialbook.eventstore.conformance.process import MARKS
from trialbook.eventstore.conformance.rebuild import rebuild
from trialbook.eventstore.conformance.subscription import Tail
from trialbook.eventstore.verification import verify


def acknowledged_before_kill(
    process: subprocess.Popen[str], lines: int, *, what: str = "append"
) -> set[str]:
    """Kill a process once it has told so many lines; return those that it told completely."""
    assert process.stdout is not None
    told = [process.stdout.readline() for _ in range(lines)]
    process.kill()
    told += process.stdout.read().splitlines(keepends=True)
    assert len(told) >= lines, f"{what} ended before its time"
    return {line.strip() for line in told if line.endswith("\n")}


def parts(view: Reader) -> dict[str, list[Any]]:
    """What each command must have left, by command."""
    return {
        "remembered": [one.command_id for one in commands(view)],
        "blobs": [text for (text,) in view.query("SELECT content FROM blob")],
        "notes": [text for (text,) in view.query("SELECT text FROM note")],
        "marks": [
            stream.removeprefix("n-")
            for stream, count in view.query("SELECT stream, COUNT(*) FROM mark GROUP BY stream")
            if count == MARKS
        ],
        "events": [
            stream.removeprefix("n-")
            for stream, count in view.query("SELECT stream, COUNT(*) FROM event GROUP BY stream")
            if count == 2
        ],
    }


def require_whole(database: Database, acknowledged: set[str]) -> None:
    """Check that every command is there as a whole or not at all, and each acknowledged one is."""
    found = database.read_now(parts)
    for names in found.values():
        assert sorted(names) == sorted(found["remembered"])
    assert acknowledged <= set(found["remembered"])
    counted = database.read_now(
        lambda view: view.query("SELECT (SELECT COUNT(*) FROM mark), (SELECT COUNT(*) FROM event)")
    )
    count = len(found["remembered"])
    assert counted == [(count * MARKS, count * 2)]
    report = verify(database)
    assert report.findings == ()


def require_rebuilt_equal(database: Database) -> None:
    """Check that the read models are what the log alone makes."""
    lived = database.read_now(read_models)
    rebuild(database)
    assert database.read_now(read_models) == lived


class ProcessesCases(Cases):
    """Whatever ends a process, and whoever else is there."""

    def test_a_killed_process_loses_nothing_acknowledged_and_leaves_nothing_half(
        self, backend: Backend
    ) -> None:
        random = Random()
        acknowledged: set[str] = set()
        for killing in range(4):
            with backend.process("append", f"p{killing}") as process:
                acknowledged |= acknowledged_before_kill(process, random.randrange(1, 1_000))
            with backend.open() as database:
                require_whole(database, acknowledged)
        with backend.open() as database:
            require_rebuilt_equal(database)

    def test_writers_killed_side_by_side_leave_nothing_half(self, backend: Backend) -> None:
        require_shared(backend)
        random = Random()
        with ExitStack() as stack:
            processes = [
                stack.enter_context(backend.process("append", f"p{number}")) for number in range(3)
            ]
            acknowledged = [
                acknowledged_before_kill(process, random.randrange(1, 500)) for process in processes
            ]
        with backend.open() as database:
            require_whole(database, set().union(*acknowledged))
            require_rebuilt_equal(database)

    def test_a_tail_skips_nothing_while_several_processes_write(self, backend: Backend) -> None:
        require_shared(backend)
        with ExitStack() as stack:
            database = stack.enter_context(backend.open())
            tails = [Tail(database, seed) for seed in range(2)]
            writers = [
                stack.enter_context(backend.process("write", f"p{number}", 150))
                for number in range(3)
            ]
            for tail in tails:
                tail.start()
            own = [
                write(database, partial(note_once, command_id=str(n), stream="own"))
                for n in range(50)
            ]
            written = sum(int(writer.communicate(timeout=PATIENCE)[0]) for writer in writers)

            for tail in tails:
                assert tail.finish(written + len(own)) == list(range(written + len(own) + 1))
            assert verify(database).sound
            require_rebuilt_equal(database)

    def test_a_process_follows_what_others_write(self, backend: Backend) -> None:
        require_shared(backend)
        with backend.open() as database, backend.process("follow", 0, 100) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            for number in range(100):
                position = write(database, lambda tx: write_note(tx, "n", "x")).position
                if number < 5:
                    # It comes by itself, not with the next one.
                    assert process.stdout.readline() == f"{position}\n"
            rest = process.communicate(timeout=PATIENCE)[0]

        assert rest.split() == [str(position) for position in range(6, 101)]

    def test_versions_are_held_apart_between_processes(self, backend: Backend) -> None:
        require_shared(backend)
        with backend.open() as one, backend.open() as other:
            for number in range(10):
                first, second = (one, other) if number % 2 else (other, one)
                write(first, partial(write_note, stream="n", text="x", expected_version=number))
                with pytest.raises(VersionConflict) as caught:
                    write(
                        second, partial(write_note, stream="n", text="y", expected_version=number)
                    )
                assert caught.value.actual == number + 1
            assert load_texts(one, "n") == load_texts(other, "n") == ["x"] * 10

    def test_a_command_given_to_two_processes_is_done_once(self, backend: Backend) -> None:
        require_shared(backend)
        with backend.open() as one, backend.open() as other:
            waiting = [
                database.submit(partial(note_once, command_id=f"c-{number}", stream="n"))
                for number in range(50)
                for database in (one, other)
            ]
            positions = [future.result() for future in waiting]

            assert positions[::2] == positions[1::2]
            assert len(load_texts(one, "n")) == 50

    def test_a_writer_waits_for_another_process_and_goes_on_when_that_is_killed(
        self, backend: Backend
    ) -> None:
        require_shared(backend)
        with backend.open() as database, backend.process("hold") as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            waiting = database.submit(lambda tx: write_note(tx, "n", "after all"))
            assert load_texts(database, "n") == []
            process.kill()

            assert waiting.result(PATIENCE).position == 1
