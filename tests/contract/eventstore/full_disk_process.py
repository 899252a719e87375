"""A process whose files may not grow for a while: the kernel refuses at the commit."""

from __future__ import annotations

import resource
import signal
import sys
import threading
from concurrent.futures import Future
from functools import partial
from pathlib import Path

from tests.unit.eventstore.toy import open_database, write_note
from trialbook.eventstore import RecordedEvent, SQLiteDatabase, StoreUnavailable


def count(database: SQLiteDatabase) -> int:
    return int(database.read_now(lambda view: view.query("SELECT COUNT(*) FROM note"))[0][0])


def write_together(database: SQLiteDatabase) -> list[Future[RecordedEvent]]:
    ready = threading.Event()
    database.submit(lambda tx: ready.wait(60))
    together = [
        database.submit(partial(write_note, stream=f"n-{number}", text="x" * 2_000))
        for number in range(20)
    ]
    ready.set()
    return together


def main(path: Path) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with open_database(path) as database:
        database.submit(lambda tx: write_note(tx, "n", "before")).result()
        sys.stdout.write(f"before: {count(database)}\n")

        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, most))
        errors = [future.exception() for future in write_together(database)]
        unavailable = sum(isinstance(error, StoreUnavailable) for error in errors)
        sys.stdout.write(f"while full: {unavailable} unavailable\n")

        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        for future in write_together(database):
            future.result()
        sys.stdout.write(f"after: {count(database)}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
