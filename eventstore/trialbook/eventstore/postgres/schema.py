"""The store's own tables and functions in a namespace."""

from __future__ import annotations

from trialbook.eventstore.errors import UnreadableDatabase
from trialbook.eventstore.log import BLANKED_TABLE, LOG_TABLE
from trialbook.eventstore.migration import STORE, TABLES, Migration, Progress
from trialbook.eventstore.postgres.connection import Connector
from trialbook.eventstore.postgres.failures import WRITTEN_BESIDE
from trialbook.eventstore.session import LogSession

_NEXT_NUMBER = """
    CREATE FUNCTION next_number(kind TEXT) RETURNS BIGINT LANGUAGE sql AS $body$
        INSERT INTO numbering (name, last) VALUES (kind, 1)
        ON CONFLICT (name) DO UPDATE SET last = numbering.last + 1 RETURNING last
    $body$
"""
"""Numbers rows without gaps, also after a rollback, as sequences do not: a rebuild must come to
the same numbers."""

_OF_TWO = """
    CREATE FUNCTION {name}({kind}, {kind}) RETURNS {kind} LANGUAGE sql IMMUTABLE STRICT
    AS $body$ SELECT {of}($1, $2) $body$
"""
"""What SQLite's MAX and MIN do with two values."""


def log_statements(table: str) -> list[str]:
    """Return what makes a log's table."""
    return [
        f"""
        CREATE TABLE IF NOT EXISTS {table} (
            position INTEGER NOT NULL,
            version INTEGER NOT NULL,
            stream TEXT NOT NULL,
            topic TEXT NOT NULL,
            digest BLOB NOT NULL,
            state BLOB NOT NULL,
            PRIMARY KEY (position),
            UNIQUE (stream, version)
        )
        """,
        # Large states come compressed; the server need not try it again.
        f"ALTER TABLE {table} ALTER COLUMN state SET STORAGE EXTERNAL",
    ]


def _append_function(channel: str) -> str:
    return f"""
    CREATE FUNCTION append_events(
        positions BIGINT[], streams TEXT[], versions BIGINT[], topics TEXT[], states BYTEA[],
        digests BYTEA[], known TEXT[], known_versions BIGINT[]
    ) RETURNS VOID LANGUAGE plpgsql AS $body$
    BEGIN
        IF positions[1] <> 1 + COALESCE((SELECT MAX(position) FROM {LOG_TABLE}), 0) THEN
            RAISE EXCEPTION 'position % does not follow on the log', positions[1]
                USING ERRCODE = '{WRITTEN_BESIDE}';
        END IF;
        IF EXISTS (
            SELECT FROM unnest(known, known_versions) AS k (stream, version)
            WHERE k.version <> COALESCE(
                (SELECT MAX(e.version) FROM {LOG_TABLE} e WHERE e.stream = k.stream), 0)
        ) THEN
            RAISE EXCEPTION 'a stream is at another version'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        INSERT INTO {LOG_TABLE} (position, stream, version, topic, state, digest)
        SELECT * FROM unnest(positions, streams, versions, topics, states, digests);
        PERFORM pg_notify('{channel}', '');
    END
    $body$
    """


_STATEMENTS = (
    *TABLES,
    """
    CREATE TABLE command (
        id TEXT NOT NULL PRIMARY KEY,
        fingerprint BLOB NOT NULL,
        result BLOB NOT NULL,
        recorded_at INTEGER NOT NULL
    )
    """,
    "CREATE INDEX command_by_time ON command (recorded_at)",
    "CREATE TABLE blob (hash BLOB NOT NULL PRIMARY KEY, content TEXT NOT NULL)",
    f"""
    CREATE TABLE {BLANKED_TABLE} (
        position INTEGER NOT NULL,
        state_hash BLOB NOT NULL,
        present_hash BLOB NOT NULL,
        command_id TEXT NOT NULL,
        recorded_at INTEGER NOT NULL,
        PRIMARY KEY (position)
    )
    """,
    """
    CREATE TABLE tracking (
        application_name TEXT NOT NULL PRIMARY KEY, notification_id INTEGER NOT NULL
    )
    """,
    "INSERT INTO tracking VALUES ('__migration__', 1)",
    "CREATE TABLE numbering (name TEXT NOT NULL PRIMARY KEY, last INTEGER NOT NULL)",
    _NEXT_NUMBER,
    *(
        _OF_TWO.format(name=name, kind=kind, of=of)
        for name, of in (("max", "GREATEST"), ("min", "LEAST"))
        for kind in ("BIGINT", "DOUBLE PRECISION")
    ),
)

# Number 1 was SQLite's only; the two count together.
_MIGRATIONS = (Migration(1, "first tables"), Migration(2, "digests and blankings"))
STORE_VERSION = len(_MIGRATIONS)


def bring_store_forward(session: LogSession, progress: Progress, connector: Connector) -> None:
    """Make the store's own tables, unless they are there.

    Raises DatabaseNewer, DatabaseOlder, and UnreadableDatabase for a schema of something else.
    """
    if not _tables(session, connector.namespace):
        for statement in (*log_statements(LOG_TABLE), *_STATEMENTS):
            session.execute(statement)
        session.execute(_append_function(connector.channel))
        progress.set_up(STORE, _MIGRATIONS)
        return
    if "meta" not in _tables(session, connector.namespace):
        raise UnreadableDatabase(
            f"{connector.description} holds tables of something else. Name another namespace."
        )
    found = progress.version(STORE) or 0
    progress.require_not_newer(STORE, found, STORE_VERSION)
    progress.require_not_older(STORE, found, STORE_VERSION)


def _tables(session: LogSession, namespace: str) -> set[str]:
    rows = session.query(
        "SELECT relname::text FROM pg_class WHERE relnamespace = to_regnamespace(?) "
        "AND relkind IN ('r', 'p', 'v')",
        (namespace,),
    )
    return {name for (name,) in rows}
