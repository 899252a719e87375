"""Writing inside a transaction of PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.pq import TransactionStatus

from trialbook.eventstore.chain import ORIGIN
from trialbook.eventstore.commits import CommitSignal
from trialbook.eventstore.errors import StoreError, StoreUnavailable
from trialbook.eventstore.hope import HopefulSession
from trialbook.eventstore.log import LOG_TABLE
from trialbook.eventstore.mapper import StructMapper
from trialbook.eventstore.postgres.connection import Connector, execute_script
from trialbook.eventstore.postgres.dialect import translate
from trialbook.eventstore.postgres.failures import DRIVER_ERRORS, is_lost, store_error
from trialbook.eventstore.postgres.growth import TableGrowth
from trialbook.eventstore.postgres.insertion import copying, insertion
from trialbook.eventstore.postgres.values import BIGINT, BYTEA, TEXT, array_of
from trialbook.eventstore.sql import Statement
from trialbook.eventstore.transaction import LogRow, Projection, SqlValue

# Below that the round trips that a COPY takes weigh more than its speed.
_WORTH_COPYING = 16

# Whoever expects this or more expects what cannot be.
_NO_VERSION = 2**62

_LOG_TYPES = (BIGINT, TEXT, BIGINT, TEXT, BYTEA, BYTEA)
_APPEND = "SELECT append_events($1, $2, $3, $4, $5, $6, $7, $8)"
_COLUMN_TYPES = """
    SELECT attname::text, atttypid::bigint FROM pg_attribute
    WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
_FORGET_NUMBERS = "DELETE FROM numbering WHERE name = $1"
_VERSION = f"SELECT COALESCE(MAX(version), 0) FROM {LOG_TABLE} WHERE stream = $1"
_SELECT_HEAD = f"SELECT position, digest FROM {LOG_TABLE} ORDER BY position DESC LIMIT 1"
# The lock is taken by a statement of its own: what follows it sees all that came before it.
_BEGIN = "BEGIN; "
_BEGIN_RELAXED = "BEGIN; SET LOCAL synchronous_commit TO off; "
_AMBIGUOUS = (
    "The connection to the database was lost during the commit: what was asked may have been done. "
    "Repeat the command with the same id; it is not done twice."
)

_Cursor = psycopg.Cursor[tuple[Any, ...]]


class PostgresSession(HopefulSession):
    """A ``WriteSession`` on a connection of its own, used again for every batch.

    PostgreSQL gives a transaction up after any error: with care, every statement has a savepoint.
    """

    def __init__(
        self,
        connector: Connector,
        mapper: StructMapper,
        projection: Projection,
        commits: CommitSignal,
        growth: TableGrowth,
    ) -> None:
        super().__init__(mapper, projection)
        self._connector = connector
        self._commits = commits
        self._growth = growth
        self._connection: Connection[tuple[Any, ...]] | None = None
        self._cursor: _Cursor | None = None
        self._open = False
        self.backend_pid = 0
        """The server's process for the connection: its announcements are our own."""

    def replace_tables(
        self,
        tables: Sequence[str],
        schema: Sequence[str],
        progress: Callable[[int], None] | None = None,
    ) -> int:
        """Make read models anew beside the old ones, then put them in their place.

        Readers go on with the old ones until the commit. Returns how many events were replayed.
        """
        own, beside = self._connector.namespace, f"{self._connector.namespace}_rebuild"
        self.execute(f'CREATE SCHEMA "{beside}"')
        self.execute(f'SET LOCAL search_path TO "{beside}", "{own}"')
        for table in tables:
            self._send(_FORGET_NUMBERS, (table.lower(),))
        for statement in schema:
            self.execute(statement)
        count = self.replay(progress)
        self._flush()
        for table in tables:
            # The server would come to know the new tables in a minute; plans are made at once.
            if self.query("SELECT to_regclass(?)::text", (f"{beside}.{table}",)) != [(None,)]:
                self._send(f'ANALYZE "{beside}".{table}')
        # Readers hold this lock from before their snapshots on; see BEGIN_READING.
        self.execute("LOCK TABLE meta IN ACCESS EXCLUSIVE MODE")
        for table in tables:
            self._send(f'DROP TABLE IF EXISTS "{own}".{table}')
            self._send(f'ALTER TABLE IF EXISTS "{beside}".{table} SET SCHEMA "{own}"')
        self.execute(f'SET LOCAL search_path TO "{own}"')
        self.execute(f'DROP SCHEMA "{beside}"')
        return count

    # What the writer uses.

    def begin(self, *, relaxed: bool = False) -> None:
        """Start a transaction and lock out other writers; a relaxed one is not synchronised."""
        beginning = _BEGIN_RELAXED if relaxed else _BEGIN
        head = self._start(f"{beginning}{self._lock}; {_SELECT_HEAD}").fetchone()
        self._begun()
        self._stand_at((int(head[0]), bytes(head[1])) if head else (0, ORIGIN))

    def begin_making(self) -> None:
        """Start a transaction in a namespace that may not exist yet, and make it."""
        self._start(f"{_BEGIN}{self._lock}")
        self._begun()
        self._careful = True
        namespace = self._connector.namespace
        if self.query("SELECT to_regnamespace(?) IS NULL", (namespace,)) == [(True,)]:
            self.execute(f'CREATE SCHEMA "{namespace}"')

    def commit(self) -> Sequence[Callable[[], None]]:
        """Make everything durable and return the callbacks to make now."""
        self.require_sound()
        self._flush()
        try:
            cursor = self._driver.execute(b"COMMIT", prepare=False)
        except psycopg.Error as error:
            raise self._not_committed(error) from error
        if cursor.statusmessage != "COMMIT":
            raise StoreUnavailable("The database gave the transaction up. Nothing was written.")
        self._open = False
        if self._grew:
            self._commits.announce()
        self._growth.committed()
        return self._callbacks

    def rollback(self) -> None:
        """Undo everything and let other writers in."""
        if not self._open:
            return
        self._open = False
        self._undone()
        if self._connection is not None:
            try:
                execute_script(self._connection, "ROLLBACK")
            except psycopg.Error:
                self.close()

    def close(self) -> None:
        """Close the connection; the next transaction opens another."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._cursor = None

    # How it is done.

    @property
    def _lock(self) -> str:
        return f"SELECT pg_advisory_xact_lock({self._connector.lock_key})"

    @property
    def _driver(self) -> _Cursor:
        assert self._cursor is not None, "no transaction was begun"
        return self._cursor

    def _start(self, script: str) -> _Cursor:
        """Begin, on a new connection if the one that there is was lost meanwhile."""
        known = self._connection is not None
        connection = self._connect()
        try:
            cursor = execute_script(connection, script)
        except psycopg.Error as error:
            if is_lost(error):
                self.close()
                if known:
                    return self._start(script)
            else:
                with suppress(psycopg.Error):
                    execute_script(connection, "ROLLBACK")
            raise store_error(error) from error
        self._open = True
        return cursor

    def _connect(self) -> Connection[tuple[Any, ...]]:
        if self._connection is None:
            self._connection = self._connector.connect("writer")
            self._cursor = self._connection.cursor(binary=True)
            self.backend_pid = self._connection.info.backend_pid
        return self._connection

    def _not_committed(self, error: psycopg.Error) -> StoreError:
        if not is_lost(error):
            return store_error(error)
        # It may have been done: those who follow the log should look.
        self._commits.announce()
        return StoreUnavailable(_AMBIGUOUS)

    def _send(self, text: str, params: Sequence[Any] = ()) -> _Cursor:
        return self._do(lambda: self._driver.execute(text.encode(), params))

    def _do(self, action: Callable[[], _Cursor]) -> _Cursor:
        self.require_sound()
        try:
            return self._behind_savepoint(action) if self._careful else action()
        except DRIVER_ERRORS as error:
            translated = store_error(error)
            if not self._in_transaction():
                self._ended_by = translated
            elif not self._careful:
                self._spoil(error)
            raise translated from error

    def _behind_savepoint(self, action: Callable[[], _Cursor]) -> _Cursor:
        connection = self._driver.connection
        connection.execute(b"SAVEPOINT statement")
        try:
            cursor = action()
        except DRIVER_ERRORS:
            with suppress(psycopg.Error):
                connection.execute(b"ROLLBACK TO statement")
            raise
        if self._in_transaction():
            connection.execute(b"RELEASE statement")
        return cursor

    def _statement(self, sql: str) -> Statement:
        return translate(sql)

    def _query_now(self, statement: Statement, params: Sequence[SqlValue]) -> list[tuple[Any, ...]]:
        cursor = self._send(statement.text, params)
        return cursor.fetchall() if cursor.description else []

    def _execute_now(self, statement: Statement, params: Sequence[SqlValue]) -> int:
        count = self._send(statement.text, params).rowcount
        if statement.dropped_table is not None:
            # What is made under this name again counts from 1 again.
            self._send(_FORGET_NUMBERS, (statement.dropped_table,))
        return 0 if statement.reads_only else max(0, count)

    def _insert_now(
        self,
        table: str,
        columns: tuple[str, ...],
        on_conflict: str,
        rows: Sequence[tuple[SqlValue, ...]],
    ) -> None:
        self._growth.note(table.lower(), len(rows))
        types = self._columns_of(table) if len(rows) > 1 else {}
        if len(rows) >= _WORTH_COPYING and not on_conflict:
            copy = copying(table, columns, types)
            self._do(lambda: copy.run(self._driver, rows))
        else:
            self._send(*insertion(table, columns, rows, on_conflict, types))

    def _append_now(self, rows: Sequence[LogRow], known: Mapping[str, int]) -> None:
        self._growth.note(LOG_TABLE, len(rows))
        arrays = [
            array_of(oid, values)
            for oid, values in zip(_LOG_TYPES, zip(*rows, strict=True), strict=True)
        ]
        arrays += [array_of(TEXT, list(known)), array_of(BIGINT, list(known.values()))]
        self._send(_APPEND, arrays)

    def _read_columns(self, table: str) -> Mapping[str, int]:
        return dict(self._send(_COLUMN_TYPES, (table,)).fetchall())

    def _read_version(self, stream: str, expected: int | None) -> int:
        if self._careful or expected is None or not 0 <= expected < _NO_VERSION:
            # A stream of which events wait is known: the server need not have them for this.
            return int(self._send(_VERSION, (stream,)).fetchall()[0][0])
        # In hope that it is so; the server checks it when the events arrive.
        self._pending.known[stream] = expected
        return expected

    def _steer(self, sql: str) -> None:
        if not self._in_transaction():
            self._unsound = None
            self.require_sound()
        try:
            self._driver.execute(sql.encode())
        except psycopg.Error as error:
            raise store_error(error) from error

    def _in_transaction(self) -> bool:
        connection = self._connection
        return connection is not None and connection.pgconn.transaction_status in _GOING_ON


_GOING_ON = (TransactionStatus.INTRANS, TransactionStatus.INERROR)
