"""Statements over many rows or many keys, in few different shapes.

The driver keeps prepared statements by their text, and gives the interpreter's lock away once per
execution: bounded slices need few texts and few executions.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, TypeVar

from trialbook.eventstore.transaction import SqlValue

_MOST_ROWS = 64
# Builds of SQLite from 2020 on take 32,766 parameters; older defaults are not supported.
_MOST_PARAMETERS = 30_000
_MOST_KEYS = 512

Item = TypeVar("Item")


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
        cursor.execute(statement, values)
        start += size


def select_by_keys(
    cursor: sqlite3.Cursor, select: str, keys: Sequence[SqlValue]
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of ``select``, which ends in ``WHERE key IN``, for all the keys."""
    for start in range(0, len(keys), _MOST_KEYS):
        some = list(keys[start : start + _MOST_KEYS])
        # The last key fills the slice up: naming a key twice finds its row once.
        some += some[-1:] * (_power_of_two_from(len(some)) - len(some))
        cursor.execute(f"{select} ({','.join('?' * len(some))})", some)
        yield from cursor.fetchall()


@lru_cache(maxsize=1024)
def _insert_statement(table: str, columns: tuple[str, ...], size: int, on_conflict: str) -> str:
    row = f"({','.join('?' * len(columns))})"
    values = ",".join([row] * size)
    return f"INSERT INTO {table} ({','.join(columns)}) VALUES {values} {on_conflict}"


def _power_of_two_from(number: int) -> int:
    return 1 << (number - 1).bit_length()
