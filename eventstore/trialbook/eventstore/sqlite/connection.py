"""Opening SQLite connections: one that writes, many that only read."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Literal

from trialbook.eventstore.errors import StoreError

Durability = Literal["full", "normal"]
"""``full``: a commit survives a power failure. ``normal``: a commit survives the end of the
process, but a power failure may take the last ones; the file is never damaged."""

_BUSY_MILLISECONDS = 5_000
_WRITER_CACHE_KIB = 32_768
_READER_CACHE_KIB = 8_192
_CHECKPOINT_PAGES = 4_000
_LARGEST_IDLE_LOG_BYTES = 64 * 1024 * 1024
_CACHED_STATEMENTS = 512


def open_writer(path: Path, durability: Durability) -> sqlite3.Connection:
    """Open the connection that writes; the file is made if it is missing.

    Raises StoreError if the file system cannot keep a write-ahead log, and sqlite3.Error.
    """
    connection = _connect(path, "rwc")
    try:
        _configure(connection, _WRITER_CACHE_KIB)
        mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            raise StoreError(
                f"The file system of {path} cannot hold SQLite's write-ahead log. "
                "Put the database on a local disk."
            )
        connection.execute(f"PRAGMA synchronous = {durability.upper()}")
        # What a purge replaces or deletes is overwritten, not only set free.
        connection.execute("PRAGMA secure_delete = 1")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        connection.execute(f"PRAGMA journal_size_limit = {_LARGEST_IDLE_LOG_BYTES}")
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """Open a connection that cannot write; raises sqlite3.Error."""
    connection = _connect(path, "ro")
    try:
        _configure(connection, _READER_CACHE_KIB)
        connection.execute("PRAGMA query_only = 1")
    except BaseException:
        connection.close()
        raise
    return connection


def _connect(path: Path, mode: Literal["ro", "rwc"]) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,  # transactions begin and end where we say so
        check_same_thread=False,  # each is used by one thread at a time
        cached_statements=_CACHED_STATEMENTS,
        timeout=_BUSY_MILLISECONDS / 1000,
    )


def _configure(connection: sqlite3.Connection, cache_kib: int) -> None:
    connection.execute(f"PRAGMA cache_size = -{cache_kib}")
    connection.execute("PRAGMA temp_store = MEMORY")
    # A mapped file counts as the process's memory, once for every connection, and grows with the
    # data. Reading through the system's cache is nearly as fast and stays flat.
    connection.execute("PRAGMA mmap_size = 0")
