"""A process that appends until it is killed, and prints each command that was acknowledged."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from functools import partial
from pathlib import Path

from tests.unit.eventstore.toy import Mark, MarksGiven, NoteWritten, metadata, open_database
from trialbook.eventstore import SQLiteDatabase, Transaction

CLIENTS = 16
MARKS = 20


def command(tx: Transaction, command_id: str) -> None:
    """Write what belongs to one command, in every kind of table."""
    marks = MarksGiven([Mark(f"{command_id} {number}", number) for number in range(MARKS)])
    tx.append(
        f"n-{command_id}",
        [NoteWritten(command_id), marks],
        expected_version=0,
        metadata=metadata(command_id),
    )
    tx.put_blobs({hashlib.sha256(command_id.encode()).digest(): command_id})
    tx.remember(command_id, b"fingerprint", command_id.encode(), 1)


async def client(database: SQLiteDatabase, name: str) -> None:
    number = 0
    while True:
        number += 1
        command_id = f"{name}-{number}"
        await database.transact(partial(command, command_id=command_id))
        sys.stdout.write(f"{command_id}\n")
        sys.stdout.flush()


async def main(path: Path, name: str) -> None:
    with open_database(path) as database:
        database.lock.set_address(f"address of {name}")
        await asyncio.gather(*(client(database, f"{name}-{place}") for place in range(CLIENTS)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
