"""Connections that are lent and come back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.pq import TransactionStatus

from trialbook.eventstore.errors import StoreUnavailable
from trialbook.eventstore.postgres.connection import Connector, Role, execute_script
from trialbook.eventstore.postgres.failures import is_lost, store_error

_WAIT_SECONDS = 30.0

CLOSED = "The database is closed. Open it again to use it."


class ConnectionPool:
    """Lends connections that are known to work.

    One that was lost while it lay idle is replaced at once. While the server is away, each
    borrower tries to connect, and is told why that fails.
    """

    def __init__(self, connector: Connector, role: Role, size: int, beginning: str) -> None:
        """Open connections when they are needed, at most ``size`` at a time.

        Each is lent after running ``beginning``.
        """
        self._connector = connector
        self._role: Role = role
        self._size = size
        self._beginning = beginning
        self._free = threading.Semaphore(size)
        self._idle: list[Connection[tuple[Any, ...]]] = []
        self._guard = threading.Lock()
        self._closed = False

    @contextmanager
    def lent(self) -> Iterator[Connection[tuple[Any, ...]]]:
        """Lend a connection; a transaction that goes on at the end is rolled back.

        Raises StoreUnavailable if none comes free, or none can be made.
        """
        if not self._free.acquire(timeout=_WAIT_SECONDS):
            raise StoreUnavailable("All connections to the database are busy. Try again.")
        try:
            connection = self._begin()
            try:
                yield connection
            finally:
                self._give_back(connection)
        finally:
            self._free.release()

    def close(self) -> None:
        """Lend no more, wait for what is lent, and close all."""
        with self._guard:
            self._closed = True
        for _ in range(self._size):
            self._free.acquire()
        for connection in self._idle:
            connection.close()
        self._idle.clear()
        self._free.release(self._size)

    def _begin(self) -> Connection[tuple[Any, ...]]:
        while True:
            connection, used = self._take()
            try:
                execute_script(connection, self._beginning)
            except psycopg.Error as error:
                connection.close()
                if used and is_lost(error):
                    continue
                raise store_error(error) from error
            return connection

    def _take(self) -> tuple[Connection[tuple[Any, ...]], bool]:
        with self._guard:
            if self._closed:
                raise StoreUnavailable(CLOSED)
            if self._idle:
                return self._idle.pop(), True
        return self._connector.connect(self._role), False

    def _give_back(self, connection: Connection[tuple[Any, ...]]) -> None:
        with suppress(psycopg.Error):
            if connection.pgconn.transaction_status != TransactionStatus.IDLE:
                execute_script(connection, "ROLLBACK")
            with self._guard:
                self._idle.append(connection)
            return
        connection.close()
