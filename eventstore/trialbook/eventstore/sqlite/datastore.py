"""The library's datastore with one writer connection outside the pool of readers."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from eventsourcing.persistence import ConnectionPoolClosedError, InterfaceError, OperationalError
from eventsourcing.sqlite import (
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
    SQLiteTransaction,
)

from trialbook.eventstore.commits import CommitSignal
from trialbook.eventstore.sqlite.connection import Durability, open_reader, open_writer

_LOOK_AGAIN_SECONDS = 0.05


class LogDatastore(SQLiteDatastore):
    """One file: a connection that writes, guarded by a lock, and a pool of connections that read.

    The library's pool lends its writer's lock with a connection, and keeps the lock for ever when
    it has no connection to lend. Here the lock belongs to the one connection.
    """

    def __init__(
        self,
        path: Path,
        *,
        durability: Durability = "full",
        readers: int = 4,
        originator_id_type: Literal["uuid", "text"] = "text",
    ) -> None:
        """Open the file, making it if it is missing; raises sqlite3.Error or StoreError."""
        super().__init__(str(path), pool_size=readers, originator_id_type=originator_id_type)
        self.pool = ReadOnlyConnectionPool(path, readers)
        self.path = path
        self.commits = CommitSignal()
        self.durability: Durability = durability
        self.writer = open_writer(path, durability)
        self.writing = threading.Lock()

    @contextmanager
    def transaction(self, *, commit: bool) -> Iterator[SQLiteCursor]:
        """Give a cursor inside a transaction that ends with the block."""
        if not commit:
            with super().transaction(commit=False) as cursor:
                yield cursor
            return
        with self.writing:
            if self.pool.closed:
                raise ConnectionPoolClosedError
            connection = SQLiteConnection(self.writer, max_age=None)
            with _ImmediateTransaction(connection, commit=True) as cursor, cursor:
                cursor.sqlite_cursor.row_factory = sqlite3.Row
                yield cursor
        self.commits.announce()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Cursor]:
        """Give a plain cursor inside a read transaction."""
        with super().transaction(commit=False) as cursor:
            cursor.sqlite_cursor.row_factory = None
            yield cursor.sqlite_cursor

    def close(self) -> None:
        """Let reads and writes end, empty the write-ahead log into the file and close it."""
        # The base class closes from __del__ too, even where the constructor failed half-way.
        if "writing" not in self.__dict__ or self.pool.closed:
            return
        self.pool.close()
        with self.writing:
            # A reader of another process may hold the log back; it stays then, and stays valid.
            with suppress(sqlite3.Error):
                self.writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self.writer.close()


class ReadOnlyConnectionPool(SQLiteConnectionPool):
    """Lends connections that cannot write."""

    def __init__(self, path: Path, size: int) -> None:
        super().__init__(db_name=str(path), pool_size=size)
        self._path = path
        self._closing = False

    def get_connection(
        self, timeout: float | None = None, *, is_writer: bool | None = None
    ) -> SQLiteConnection:
        """Lend a connection; ConnectionPoolClosedError from the moment the pool is to close."""
        if self._closing:
            raise ConnectionPoolClosedError
        return super().get_connection(timeout, is_writer=is_writer)

    def close(self) -> None:
        """Lend no more, wait for what is lent, and close all."""
        # SQLite's memory is gone with a connection: closing it under a thread that reads from it,
        # as the base class does, can crash the process.
        self._closing = True
        with self._put_condition:
            while self._in_use:
                # A return wakes one thread only, and that may be another one than this.
                self._put_condition.wait(_LOOK_AGAIN_SECONDS)
        super().close()

    def _create_connection(self) -> SQLiteConnection:
        try:
            connection = open_reader(self._path)
        except sqlite3.Error as error:
            raise InterfaceError(error) from error
        connection.row_factory = sqlite3.Row
        return SQLiteConnection(connection, max_age=self.max_age)


class _ImmediateTransaction(SQLiteTransaction):
    def __enter__(self) -> SQLiteCursor:
        # A transaction that begins by reading could find, at its first write, that it is too late.
        cursor = self.connection.cursor()
        try:
            cursor.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise OperationalError(error) from error
        return cursor
