"""Letting the server know of tables that have just grown."""

from __future__ import annotations

import logging
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psycopg

from trialbook.eventstore.errors import StoreError
from trialbook.eventstore.postgres.connection import Connector, execute_script

_FIRST = 1_000
"""So many rows are worth a look."""
_FACTOR = 4
"""The next look comes after so many times the rows of the one before."""

_log = logging.getLogger(__name__)


class TableGrowth:
    """Counts inserted rows, and has the server analyse a table that has grown much.

    The server would do that by itself, once a minute. Until then it makes its plans for the table
    as it was: an import into an empty one would look through all that it has brought, for every
    batch. It is done on a thread, behind the commit, and is only ever a matter of speed.
    """

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._rows: Counter[str] = Counter()
        self._due: dict[str, int] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="trialbook-growth")

    def note(self, table: str, rows: int) -> None:
        """Count rows that were inserted."""
        self._rows[table] += rows

    def committed(self) -> None:
        """Look at the tables that are due, now that others can see the rows."""
        due = [table for table, rows in self._rows.items() if rows >= self._due.get(table, _FIRST)]
        for table in due:
            self._due[table] = _FACTOR * self._rows[table]
            self._thread.submit(self._analyse, table)

    def close(self) -> None:
        """End what goes on, and begin nothing more."""
        self._thread.shutdown(cancel_futures=True)

    def _analyse(self, table: str) -> None:
        try:
            with self._connector.connect("analyst") as connection:
                execute_script(connection, f'ANALYZE "{table}"')
        except (psycopg.Error, StoreError, OSError) as error:
            _log.info("table %s was not analysed, which makes nothing but speed: %s", table, error)
