"""The store's own tables, and whether a file's are ours to open."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from trialbook.eventstore.errors import DatabaseNewer, UnreadableDatabase
from trialbook.eventstore.sqlite.recorder import LOG_TABLE

STORE_VERSION = 1

# Stands in the file's header and tells our files from other people's: "TBK1".
_APPLICATION_ID = 0x54424B31

OWN_TABLES = frozenset({LOG_TABLE, "tracking", "meta", "command", "blob"})

STATEMENTS = (
    f"PRAGMA application_id = {_APPLICATION_ID}",
    "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """
    CREATE TABLE IF NOT EXISTS command (
        id TEXT NOT NULL PRIMARY KEY,
        fingerprint BLOB NOT NULL,
        result BLOB NOT NULL,
        recorded_at INTEGER NOT NULL
    )
    """,
    "CREATE INDEX IF NOT EXISTS command_by_time ON command (recorded_at)",
    "CREATE TABLE IF NOT EXISTS blob (hash BLOB NOT NULL PRIMARY KEY, content TEXT NOT NULL)",
    f"INSERT INTO meta VALUES ('store_version', '{STORE_VERSION}') ON CONFLICT DO NOTHING",
)

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def require_own_database(path: Path) -> None:
    """Check that the file at ``path`` is empty or missing, or a store of this or an older version.

    Nothing is changed. Raises UnreadableDatabase, DatabaseNewer, or sqlite3.Error.
    """
    if not path.exists() or path.stat().st_size == 0:
        return
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)
    try:
        if not connection.execute("SELECT name FROM sqlite_master LIMIT 1").fetchone():
            return
        if connection.execute("PRAGMA application_id").fetchone() != (_APPLICATION_ID,):
            raise UnreadableDatabase(
                f"{path} is an SQLite database of something else. Name another path."
            )
        found = _store_version(connection)
    finally:
        connection.close()
    if found is None:
        raise UnreadableDatabase(f"{path} does not tell its store version. Restore a backup.")
    if found > STORE_VERSION:
        raise DatabaseNewer(path, found, STORE_VERSION)


def require_read_model_names(tables: Sequence[str]) -> None:
    """Raise ValueError if one of these is no plain table name, or names a table of the store."""
    for table in tables:
        if _NAME.fullmatch(table) is None:
            raise ValueError(f"{table!r} is not a plain table name")
        if table.lower() in OWN_TABLES:
            raise ValueError(f"{table!r} belongs to the store; it is no read model")


def _store_version(connection: sqlite3.Connection) -> int | None:
    row = connection.execute("SELECT value FROM meta WHERE key = 'store_version'").fetchone()
    return int(row[0]) if row is not None and str(row[0]).isdigit() else None
