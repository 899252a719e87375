"""Inserting many rows by one statement."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import psycopg
from psycopg import Cursor

from trialbook.eventstore.errors import StoreError
from trialbook.eventstore.postgres.values import ARRAY_TYPES, Array, array_of
from trialbook.eventstore.transaction import SqlValue

Types = Mapping[str, int]
"""The type's number of each column of a table, in the table's order."""


def insertion(
    table: str,
    columns: tuple[str, ...],
    rows: Sequence[tuple[SqlValue, ...]],
    on_conflict: str,
    types: Types,
) -> tuple[str, Sequence[SqlValue | Array]]:
    """Return the statement that inserts rows, and its values.

    A column goes as one array: the statement has the same text for any number of rows.
    """
    if len(rows) == 1:
        return _single(table, columns, on_conflict), rows[0]
    if any(len(row) != len(columns) for row in rows):
        raise StoreError(f"A row for {table!r} has not the {len(columns)} values of its columns.")
    oids = tuple(_type_of(table, column, types) for column in columns)
    statement = _many(table, columns, tuple(_array_type(oid) for oid in oids), on_conflict)
    return statement, [
        array_of(oid, values) for oid, values in zip(oids, zip(*rows, strict=True), strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Copying:
    """The quickest way for many rows into a table, where none of them may exist already."""

    statement: bytes
    oids: tuple[int, ...]

    def run(self, cursor: Cursor[Any], rows: Sequence[tuple[SqlValue, ...]]) -> Cursor[Any]:
        """Copy rows; psycopg.DataError for a value that is not of its column's type."""
        with cursor.copy(self.statement) as copy:
            copy.set_types(self.oids)
            try:
                for row in rows:
                    copy.write_row(row)
            except (TypeError, AttributeError, struct.error) as error:
                raise psycopg.DataError(str(error)) from error
        return cursor


def copying(table: str, columns: tuple[str, ...], types: Types) -> Copying:
    """Return how rows are copied into these columns of a table."""
    oids = tuple(_type_of(table, column, types) for column in columns)
    return Copying(f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)".encode(), oids)


def _type_of(table: str, column: str, types: Types) -> int:
    try:
        return types[column.lower()]
    except KeyError:
        raise StoreError(f"There is no column {column!r} in a table {table!r}.") from None


def _array_type(oid: int) -> str:
    return ARRAY_TYPES.get(oid, "bytea[]")


@lru_cache(512)
def _single(table: str, columns: tuple[str, ...], on_conflict: str) -> str:
    values = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values}) {on_conflict}"


@lru_cache(512)
def _many(table: str, columns: tuple[str, ...], types: tuple[str, ...], on_conflict: str) -> str:
    arrays = ", ".join(f"${number}::{name}" for number, name in enumerate(types, start=1))
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT * FROM unnest({arrays}) {on_conflict}"
    )
