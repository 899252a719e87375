"""Reading inside a transaction of SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from trialbook.eventstore.mapper import StructMapper
from trialbook.eventstore.reader import LogReader
from trialbook.eventstore.sqlite.failures import driver_errors_translated
from trialbook.eventstore.transaction import SqlValue


class SQLiteReader(LogReader):
    """A ``Reader`` over a cursor whose transaction someone else begins and ends."""

    def __init__(self, cursor: sqlite3.Cursor, mapper: StructMapper) -> None:
        super().__init__(mapper)
        self._cursor = cursor

    def query(self, sql: str, params: Sequence[SqlValue] = ()) -> list[tuple[Any, ...]]:
        """Run a SELECT and return all its rows."""
        with driver_errors_translated:
            return self._cursor.execute(sql, params).fetchall()
