"""Reading inside a transaction of PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import Connection

from trialbook.eventstore.mapper import StructMapper
from trialbook.eventstore.postgres.dialect import translate
from trialbook.eventstore.postgres.failures import driver_errors_translated
from trialbook.eventstore.reader import LogReader
from trialbook.eventstore.transaction import SqlValue

# The lock comes before the snapshot: a rebuild that puts new tables in the place of old ones
# excludes it, so that no snapshot is older than the tables that it meets.
BEGIN_READING = (
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; LOCK TABLE meta IN ACCESS SHARE MODE"
)


class PostgresReader(LogReader):
    """A ``Reader`` over a connection whose transaction someone else begins and ends."""

    def __init__(self, connection: Connection[tuple[Any, ...]], mapper: StructMapper) -> None:
        super().__init__(mapper)
        self._cursor = connection.cursor(binary=True)

    def query(self, sql: str, params: Sequence[SqlValue] = ()) -> list[tuple[Any, ...]]:
        """Run a SELECT and return all its rows."""
        with driver_errors_translated:
            return self._cursor.execute(translate(sql).text.encode(), params).fetchall()
