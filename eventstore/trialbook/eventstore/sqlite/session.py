"""Writing inside a transaction of SQLite."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from trialbook.eventstore.errors import StoreError
from trialbook.eventstore.hope import HopefulSession
from trialbook.eventstore.log import LOG_COLUMNS, LOG_TABLE
from trialbook.eventstore.mapper import StructMapper
from trialbook.eventstore.sql import Statement, described
from trialbook.eventstore.sqlite.connection import Durability
from trialbook.eventstore.sqlite.datastore import LogDatastore
from trialbook.eventstore.sqlite.failures import (
    DRIVER_ERRORS,
    driver_errors_translated,
    require_storable,
    store_error,
)
from trialbook.eventstore.sqlite.statements import insert_rows
from trialbook.eventstore.transaction import LogRow, Projection, SqlValue


class SQLiteSession(HopefulSession):
    """A ``WriteSession`` on the datastore's writer connection, used again for every batch.

    SQLite undoes a statement that fails, and only after some errors the whole transaction.
    """

    def __init__(
        self, datastore: LogDatastore, mapper: StructMapper, projection: Projection
    ) -> None:
        super().__init__(mapper, projection)
        self._cursor = datastore.writer.cursor()
        self._connection = datastore.writer
        self._writing = datastore.writing
        self._commits = datastore.commits
        self._durability: Durability = datastore.durability
        self._relaxed = False
        self._open = False
        self._guard = _Guard(self)

    def begin(self, *, relaxed: bool = False) -> None:
        """Start a transaction and lock out other writers; a relaxed one is not synchronised."""
        self._writing.acquire()
        try:
            with driver_errors_translated:
                if relaxed:
                    self._relax()
                self._cursor.execute("BEGIN IMMEDIATE")
        except BaseException:
            self._let_others_in()
            raise
        self._open = True
        self._begun()

    def commit(self) -> Sequence[Callable[[], None]]:
        """Make everything durable and return the callbacks to make now."""
        self.require_sound()
        self._flush()
        self._steer("COMMIT")
        self._let_others_in()
        if self._grew:
            self._commits.announce()
        return self._callbacks

    def rollback(self) -> None:
        """Undo everything and let other writers in."""
        if not self._open:
            return
        with suppress(*DRIVER_ERRORS):
            if self._connection.in_transaction:
                self._cursor.execute("ROLLBACK")
        self._undone()
        self._let_others_in()

    def note_end(self, error: StoreError) -> None:
        """Remember an error with which SQLite ended the transaction, if it did."""
        if self._ended_by is None and not self._connection.in_transaction:
            self._ended_by = error

    def _relax(self) -> None:
        # In the write-ahead log a commit that is not synchronised is still in order: the next one
        # that is takes it along, and no power failure can leave it in without what came before.
        if self._durability == "full":
            self._cursor.execute("PRAGMA synchronous = NORMAL")
            self._relaxed = True

    def _let_others_in(self) -> None:
        if self._relaxed:
            self._relaxed = False
            self._cursor.execute("PRAGMA synchronous = FULL")
        self._open = False
        self._writing.release()

    def _statement(self, sql: str) -> Statement:
        return described(sql)

    def _query_now(self, statement: Statement, params: Sequence[SqlValue]) -> list[tuple[Any, ...]]:
        with self._guard:
            require_storable(params)
            return self._cursor.execute(statement.text, params).fetchall()

    def _execute_now(self, statement: Statement, params: Sequence[SqlValue]) -> int:
        with self._guard:
            require_storable(params)
            return max(0, self._cursor.execute(statement.text, params).rowcount)

    def _insert_now(
        self,
        table: str,
        columns: tuple[str, ...],
        on_conflict: str,
        rows: Sequence[tuple[SqlValue, ...]],
    ) -> None:
        with self._guard:
            insert_rows(self._cursor, table, columns, rows, on_conflict)

    def _append_now(self, rows: Sequence[LogRow], known: Mapping[str, int]) -> None:  # noqa: ARG002
        # Nothing is taken for known here that was not read.
        with self._guard:
            insert_rows(self._cursor, LOG_TABLE, LOG_COLUMNS, rows)

    def _read_columns(self, table: str) -> Mapping[str, int]:
        with self._guard:
            rows = self._cursor.execute("SELECT name FROM pragma_table_info(?)", (table,))
            return {name: 0 for (name,) in rows}

    def _steer(self, sql: str) -> None:
        if not self._in_transaction():
            self._unsound = None
            self.require_sound()
        with driver_errors_translated:
            self._cursor.execute(sql)

    def _in_transaction(self) -> bool:
        return self._connection.in_transaction


class _Guard:
    """A statement of the work: errors rise in the store's words, and the session hears of them.

    A class, not a generator: it stands around every statement.
    """

    __slots__ = ("_session",)

    def __init__(self, session: SQLiteSession) -> None:
        self._session = session

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, DRIVER_ERRORS):
            translated = store_error(error)
            self._session.note_end(translated)
            raise translated from error
