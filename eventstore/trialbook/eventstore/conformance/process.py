"""A process that the suite starts: it opens a database and does one task with it.

Run as ``python -m trialbook.eventstore.conformance.process TASK OPENER LOCATION ARGUMENTS``, where
the arguments are a JSON array.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from trialbook.eventstore import Database, Transaction
from trialbook.eventstore.archive import import_log
from trialbook.eventstore.conformance.backend import Backend
from trialbook.eventstore.conformance.notebook import (
    Mark,
    MarksGiven,
    NoteWritten,
    digest,
    metadata,
    write,
    write_at_random,
    write_note,
)
from trialbook.eventstore.conformance.releases import THIRD_RELEASE

CLIENTS = 16
MARKS = 20


def tell(line: object) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def append_forever(database: Database, name: str) -> None:
    """Give commands with 16 clients until the end, and tell each that was acknowledged."""

    async def client(place: int) -> None:
        number = 0
        while True:
            number += 1
            command_id = f"{name}-{place}-{number}"
            await database.transact(partial(command, command_id=command_id))
            tell(command_id)

    async def all_clients() -> None:
        await asyncio.gather(*(client(place) for place in range(CLIENTS)))

    asyncio.run(all_clients())


def command(tx: Transaction, command_id: str) -> None:
    """Write what belongs to one command, in every kind of table."""
    marks = MarksGiven([Mark(f"{command_id} {number}", number) for number in range(MARKS)])
    tx.append(
        f"n-{command_id}",
        [NoteWritten(command_id), marks],
        expected_version=0,
        metadata=metadata(command_id),
    )
    tx.put_blobs({digest(command_id): command_id})
    tx.remember(command_id, b"fingerprint", command_id.encode(), 1)


def write_randomly(database: Database, name: str, requests: int) -> None:
    """Write some and tell how many; some requests fail and leave nothing."""
    tell(write_at_random(database, name, requests))


def follow(database: Database, after: int, count: int) -> None:
    """Tell the positions that follow on one, each as it comes."""
    with database.recorder.subscribe(gt=after) as subscription:
        tell("ready")
        for _ in range(count):
            tell(next(subscription).id)


def write_one(database: Database, stream: str, text: str) -> None:
    """Write one note, having perhaps set the database up."""
    write(database, lambda tx: write_note(tx, stream, text))


def import_archive(database: Database, path: str) -> None:
    """Import an archive; tell when it begins, and how far it came."""
    tell("begins")
    with Path(path).open("rb") as file:
        tell(import_log(database, file).position)


def hold(database: Database) -> None:
    """Have the database open, and a transaction going on in it, until standard input ends."""
    begun = threading.Event()

    def work(tx: Transaction) -> None:
        tx.query("SELECT 1")
        begun.set()
        sys.stdin.read()

    holding = database.submit(work)
    begun.wait()
    tell("ready")
    holding.result()


def bring_forward(backend: Backend) -> None:
    """Open the database as its newest release does; tell which steps that took."""
    with backend.open(migrate=True, **THIRD_RELEASE) as database:
        tell(", ".join(migration.name for migration in database.migrated))


TASKS: dict[str, Callable[..., None]] = {
    "append": append_forever,
    "write": write_randomly,
    "follow": follow,
    "open": write_one,
    "import": import_archive,
    "hold": hold,
}


def main(task: str, opener: str, location: str, arguments: str) -> None:
    """Do one of the tasks."""
    backend = Backend(opener, location, shared=True)
    if task == "migrate":
        bring_forward(backend)
        return
    with backend.open() as database:
        TASKS[task](database, *json.loads(arguments))


if __name__ == "__main__":
    main(*sys.argv[1:])
