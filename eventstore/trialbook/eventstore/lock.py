"""One process per database file."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from pathlib import Path
from typing import Self

from trialbook.eventstore.errors import DatabaseLocked


class DatabaseLock:
    """Holds a database for this process until it is released or the process ends.

    The lock is the operating system's (``flock`` on ``<path>.lock``), so that it goes away with
    its holder however that ends. The file tells the holder's process id and address.
    """

    def __init__(self, path: Path, *, address: str = "") -> None:
        """Take the lock of the database at ``path``; DatabaseLocked if another holds it."""
        self.path = path
        self._descriptor = os.open(_lock_file(path), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            pid, holder_address = _holder(self._descriptor)
            os.close(self._descriptor)
            raise DatabaseLocked(path, pid, holder_address) from None
        self.set_address(address)

    def set_address(self, address: str) -> None:
        """Tell others where the holder of the database answers."""
        line = json.dumps({"pid": os.getpid(), "address": address}).encode() + b"\n"
        os.pwrite(self._descriptor, line, 0)
        os.ftruncate(self._descriptor, len(line))

    def release(self) -> None:
        """Give the database free; a second call does nothing."""
        if self._descriptor < 0:
            return
        # The file stays: whoever waits for it must find the same one.
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)
        self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def _lock_file(path: Path) -> Path:
    # One file has one lock, by whatever links it is reached.
    real = path.resolve()
    return real.with_name(f"{real.name}.lock")


def _holder(descriptor: int) -> tuple[int, str]:
    # Only the first line counts: the holder may be about to cut off the rest.
    line = os.pread(descriptor, 4096, 0).partition(b"\n")[0]
    with contextlib.suppress(ValueError, KeyError, TypeError):
        holder = json.loads(line)
        return int(holder["pid"]), str(holder["address"])
    return 0, ""
