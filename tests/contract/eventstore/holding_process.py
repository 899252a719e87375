"""A process that holds a database, says so, and answers at an address, until it is killed."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from tests.unit.eventstore.toy import open_database

ADDRESS = "address of the holder"


def main(path: Path) -> None:
    with open_database(path) as database:
        database.lock.set_address(ADDRESS)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        signal.pause()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
