"""Processes that write to the store are killed at any moment; so is the database's server.

In each round `MOMENTS` processes are killed on each backend: 200 with the rounds of
`make test-fault`.
"""

from __future__ import annotations

import random
import subprocess
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from threading import Thread

import pytest

from tests.backends import KINDS, made_backend, postgres_backend
from tests.postgres import PostgresServer, throwaway_server
from trialbook.eventstore import Database, StoreUnavailable
from trialbook.eventstore.archive import export_log, import_log
from trialbook.eventstore.conformance.backend import PATIENCE, Backend
from trialbook.eventstore.conformance.notebook import load_texts, note_once, write
from trialbook.eventstore.conformance.processes import require_rebuilt_equal, require_whole
from trialbook.eventstore.conformance.rebuild import fill
from trialbook.eventstore.conformance.subscription import Following, Tail
from trialbook.eventstore.verification import verify

MOMENTS = 40
SERVER_KILLS = 4
WRITERS = 3
MOST_LINES = 120
A_START = 0.6  # seconds, about; a kill may come before anything is open
A_COMMIT = 0.01
IMPORT_KILLS = 4
AN_IMPORT = 0.6


def killed_at_random(process: subprocess.Popen[str], chance: random.Random) -> set[str]:
    """Kill a process while it starts or while it writes; return what it said was done."""
    assert process.stdout is not None
    told: list[str] = []
    if chance.random() < 0.2:
        time.sleep(chance.uniform(0, A_START))
    else:
        told = [process.stdout.readline() for _ in range(chance.randrange(1, MOST_LINES))]
        assert all(told), "the process ended by itself"
        time.sleep(chance.uniform(0, A_COMMIT))
    process.kill()
    told += process.stdout.read().splitlines(keepends=True)
    return {line.strip() for line in told if line.endswith("\n")}


def require_sound(backend: Backend, acknowledged: set[str]) -> None:
    with backend.open() as database:
        require_whole(database, acknowledged)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.timeout(600)
def test_a_writer_that_is_killed_leaves_all_that_it_acknowledged_and_nothing_half(
    kind: str, tmp_path: Path, chance: random.Random
) -> None:
    acknowledged: set[str] = set()
    with made_backend(kind, tmp_path) as backend:
        for number in range(MOMENTS):
            with backend.process("append", f"p{number}") as process:
                acknowledged |= killed_at_random(process, chance)
            if number % 5 == 4:
                require_sound(backend, acknowledged)
        with backend.open() as database:
            require_rebuilt_equal(database)
    assert acknowledged


@pytest.mark.timeout(600)
def test_writers_killed_side_by_side_leave_nothing_half(
    tmp_path: Path, chance: random.Random
) -> None:
    acknowledged: set[str] = set()
    with made_backend("postgres", tmp_path) as backend:
        for number in range(MOMENTS // WRITERS):
            with ExitStack() as stack:
                processes = [
                    stack.enter_context(backend.process("append", f"p{number}-{place}"))
                    for place in range(WRITERS)
                ]
                for process in processes:
                    acknowledged |= killed_at_random(process, chance)
            if number % 4 == 3:
                require_sound(backend, acknowledged)
        require_sound(backend, acknowledged)
        with backend.open() as database:
            require_rebuilt_equal(database)


@pytest.mark.parametrize("kind", KINDS)
def test_an_import_that_is_killed_leaves_an_empty_log_and_can_be_repeated(
    kind: str, tmp_path: Path, chance: random.Random
) -> None:
    archive = tmp_path / "log.tblog"
    with made_backend("sqlite", tmp_path / "source") as source, source.open() as database:
        fill(database, 20_000)
        with archive.open("wb") as file:
            head = export_log(database, file).position

    with made_backend(kind, tmp_path) as backend:
        for _ in range(IMPORT_KILLS):
            with backend.process("import", str(archive)) as process:
                assert process.stdout is not None
                assert process.stdout.readline() == "begins\n"
                time.sleep(chance.uniform(0, AN_IMPORT))
                process.kill()
                done = process.stdout.read().strip()
            with backend.open() as database:
                found = database.read_now(lambda view: view.head())[0]
                assert found in ((head,) if done else (0, head))
                if found == head:
                    break
        else:
            with backend.open() as database, archive.open("rb") as file:
                assert import_log(database, file).position == head
        with backend.open() as database:
            assert verify(database).sound
            require_rebuilt_equal(database)


class Writer(Thread):
    """Gives commands, one after another, each until it is answered; notes what went wrong."""

    def __init__(self, database: Database, name: str) -> None:
        super().__init__()
        self._database = database
        self._name = name
        self._last = False
        self.positions: dict[str, int] = {}
        self.refusals: list[StoreUnavailable] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        number = 0
        try:
            while not self._last:
                number += 1
                self._give(f"{self._name}-{number}")
        except BaseException as error:  # noqa: BLE001  # it is raised where it is waited for
            self.error = error

    def _give(self, command_id: str) -> None:
        work = partial(note_once, command_id=command_id, stream=self._name)
        while command_id not in self.positions:
            try:
                self.positions[command_id] = self._database.submit(work).result(PATIENCE)
            except StoreUnavailable as refused:
                self.refusals.append(refused)
                time.sleep(0.02)  # as a client does that is told to come again

    def finish(self) -> None:
        self._last = True
        self.join(PATIENCE)
        assert self.error is None, self.error
        assert not self.is_alive(), "a command was never answered"


def lose_and_return(server: PostgresServer, chance: random.Random) -> None:
    time.sleep(chance.uniform(0.05, 0.5))
    if chance.random() < 0.5:
        server.kill()
    else:
        server.stop(chance.choice(("fast", "immediate")))
    time.sleep(chance.uniform(0, 0.5))
    server.start()


@pytest.mark.timeout(600)
def test_a_server_that_is_lost_and_returns_has_all_that_was_acknowledged(
    chance: random.Random,
) -> None:
    with throwaway_server() as server:
        backend = postgres_backend(server.url, "lost")
        with backend.open() as database:
            writers = [Writer(database, f"w{number}") for number in range(8)]
            tail = Tail(database, patient=True)
            following = Following(database, 200)
            for thread in (*writers, tail):
                thread.start()
            for _ in range(SERVER_KILLS):
                lose_and_return(server, chance)
                write_until_answered(database)
            for writer in writers:
                writer.finish()

            head, _ = database.read_now(lambda view: view.head())
            assert tail.finish(head) == list(range(head + 1))
            assert following.finish() == list(range(1, 201))
            for writer in writers:
                assert load_texts(database, writer._name) == list(writer.positions)
            assert verify(database).sound
            require_rebuilt_equal(database)
    refusals = [str(refused) for writer in writers for refused in writer.refusals]
    assert refusals
    assert all(sentence.endswith(".") for sentence in refusals)


def write_until_answered(database: Database) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            write(database, lambda tx: tx.query("SELECT 1"))
        except StoreUnavailable:
            assert time.monotonic() < end, "the database did not come back"
            time.sleep(0.05)
        else:
            return
