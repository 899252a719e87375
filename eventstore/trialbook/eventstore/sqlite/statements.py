"""Statements over many rows, in few different shapes.

The driver keeps prepared statements by their text, and gives the interpreter's lock away once per
execution: bounded slices need few texts and few executions.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain

from trialbook.eventstore.sqlite.failures import require_storable
from trialbook.eventstore.transaction import SqlValue

_MOST_ROWS = 64
# Builds of SQLite from 2020 on take 32,766 parameters; older defaults are not supported.
_MOST_PARAMETERS = 30_000


def insert_rows(
    cursor: sqlite3.Cursor,
    table: str,
    columns: tuple[str, ...],
    rows: Sequence[tuple[SqlValue, ...]],
    on_conflict: str = "",
) -> None:
    """Insert rows, slice by slice: an error leaves the slices before it in."""
    most = max(1, min(_MOST_ROWS, _MOST_PARAMETERS // len(columns)))
    start = 0
    while start < len(rows):
        size = min(len(rows) - start, most)
        statement = _insert_statement(table, columns, size, on_conflict)
        values = list(chain.from_iterable(rows[start : start + size]))
        require_storable(values)
        cursor.execute(statement, values)
        start += size


@lru_cache(maxsize=1024)
def _insert_statement(table: str, columns: tuple[str, ...], size: int, on_conflict: str) -> str:
    row = f"({','.join('?' * len(columns))})"
    values = ",".join([row] * size)
    return f"INSERT INTO {table} ({','.join(columns)}) VALUES {values} {on_conflict}"
