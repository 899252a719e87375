"""The store's own tables, and whether a file's are ours to open."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from trialbook.eventstore.chain import ORIGIN
from trialbook.eventstore.errors import DatabaseNewer, UnreadableDatabase
from trialbook.eventstore.log import BLANKED_TABLE, LOG_TABLE, chained
from trialbook.eventstore.migration import APPLICATION, STORE, TABLES, Migration, Progress
from trialbook.eventstore.session import LogSession

# Stands in the file's header and tells our files from other people's: "TBK1".
_APPLICATION_ID = 0x54424B31

_STATEMENTS = (
    f"PRAGMA application_id = {_APPLICATION_ID}",
    *TABLES,
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
    f"""
    CREATE TABLE IF NOT EXISTS {BLANKED_TABLE} (
        position INTEGER PRIMARY KEY,
        state_hash BLOB NOT NULL,
        present_hash BLOB NOT NULL,
        command_id TEXT NOT NULL,
        recorded_at INTEGER NOT NULL
    )
    """,
)

_MIGRATIONS = (Migration(1, "first tables"), Migration(2, "digests and blankings"))
STORE_VERSION = len(_MIGRATIONS)

_PAGE = 500


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


def bring_store_forward(
    session: LogSession, progress: Progress, log_statements: Sequence[str]
) -> None:
    """Make the store's own tables, or bring those of an older release to the newest shape."""
    old = session.query("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'")
    for statement in (*_STATEMENTS, *log_statements):
        session.execute(statement)
    if not old:
        progress.set_up(STORE, _MIGRATIONS)
        return
    found = progress.version(STORE) or 0
    if found < 2:
        _add_digests(session)
        # Until then a file did not tell how far the application had come.
        progress.set_up(APPLICATION, ())
    for migration in _MIGRATIONS[found:]:
        progress.take(STORE, migration)


def _add_digests(session: LogSession) -> None:
    if _has_digests(session):
        return
    session.execute(f"ALTER TABLE {LOG_TABLE} ADD COLUMN digest BLOB NOT NULL DEFAULT x''")
    head = (0, ORIGIN)
    while page := session.query(
        f"SELECT position, stream, version, topic, state FROM {LOG_TABLE} "
        f"WHERE position > ? ORDER BY position LIMIT {_PAGE}",
        (head[0],),
    ):
        for position, *entry in page:
            (row,) = chained((position - 1, head[1]), [tuple(entry)])
            session.execute(
                f"UPDATE {LOG_TABLE} SET digest = ? WHERE position = ?", (row.digest, position)
            )
            head = (position, row.digest)


def _has_digests(session: LogSession) -> bool:
    return bool(
        session.query(f"SELECT 1 FROM pragma_table_info('{LOG_TABLE}') WHERE name = 'digest'")
    )


def _store_version(connection: sqlite3.Connection) -> int | None:
    row = connection.execute("SELECT value FROM meta WHERE key = 'store_version'").fetchone()
    return int(row[0]) if row is not None and str(row[0]).isdigit() else None
