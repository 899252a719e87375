"""Apache Parquet, by pyarrow, which is an extra: row groups are read and written one at a time."""

from __future__ import annotations

import datetime as dt
import decimal
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO

import msgspec

from trialbook.services.formats.arrow import require
from trialbook.services.formats.cells import Column, record_of
from trialbook.services.formats.csv_table import HEADER, written_cells
from trialbook.services.formats.parquet_groups import RowGroups
from trialbook.services.formats.row import (
    LONGEST_RECORD,
    BadRow,
    FieldProblem,
    Record,
    Row,
    Unreadable,
)

MAGIC = b"PAR1"

_BATCH_ROWS = 1_000
_BATCH_BYTES = 8 * 1024 * 1024
_LARGEST_GROUP = 1024 * 1024 * 1024
_REPEATED = ["tags_json", "split", "unmocked_tools", "source_json"]
_READ_AHEAD = 1024 * 1024


class ParquetTable:
    """A Parquet file whose schema has been read. `columns` are the names in it."""

    def __init__(self, stream: BinaryIO) -> None:
        """Raises Unreadable for what is no Parquet file, or cannot become JSON."""
        self._arrow, parquet = require()
        stream.seek(0)
        try:
            self._file = parquet.ParquetFile(stream, buffer_size=_READ_AHEAD, pre_buffer=False)
        except (self._arrow.ArrowException, OSError, ValueError) as error:
            raise Unreadable(f"is no Parquet file that can be read: {error}") from error
        schema = self._file.schema_arrow
        self.columns: tuple[str, ...] = tuple(schema.names)
        for field in schema:
            self._check(field)

    def records(self, columns: Sequence[Column]) -> Iterator[Record | BadRow]:
        """Read the rows, numbered from 1. Raises Unreadable for damaged ones."""
        number = 0
        try:
            for group in range(self._file.metadata.num_row_groups):
                for batch in self._batches(group):
                    for cells in zip(*map(self._values, batch.columns), strict=True):
                        number += 1
                        yield _record(number, columns, cells)
        except (self._arrow.ArrowException, OSError, ValueError) as error:
            raise Unreadable(f"is damaged: {error}", number + 1) from error

    def _check(self, field: Any) -> None:
        if self.columns.count(field.name) > 1:
            raise Unreadable(f"two columns are called {field.name[:80]!r}; rename one of them")
        if _holds(field.type, _is_binary):
            raise Unreadable(f"column {field.name!r} holds bytes, which JSON has not; leave it out")

    def _batches(self, group: int) -> Iterator[Any]:
        metadata = self._file.metadata.row_group(group)
        if metadata.total_byte_size > _LARGEST_GROUP:
            raise Unreadable("has row groups of more than 1 GiB; write it with smaller ones")
        per_row = metadata.total_byte_size // max(metadata.num_rows, 1) + 1
        rows = max(1, min(_BATCH_ROWS, _BATCH_BYTES // per_row))
        return self._file.iter_batches(rows, row_groups=[group], use_threads=False)  # type: ignore[no-any-return]

    def _values(self, column: Any) -> list[Any]:
        types = self._arrow.types
        if types.is_timestamp(column.type) and column.type.unit == "ns":
            column = column.cast(self._arrow.timestamp("us", column.type.tz), safe=False)
        values: list[Any] = column.to_pylist(maps_as_pydicts="strict")
        if types.is_string(column.type) or types.is_integer(column.type):
            return values
        return [_json(value) for value in values]


def _record(number: int, columns: Sequence[Column], cells: Sequence[Any]) -> Record | BadRow:
    for (name, _), cell in zip(columns, cells, strict=True):
        if isinstance(cell, _NotJson):
            return BadRow(number, name, cell.message)
        if isinstance(cell, str) and len(cell) > LONGEST_RECORD:
            return BadRow(number, name, f"is longer than {LONGEST_RECORD:,} characters")
    try:
        return record_of(number, columns, cells)
    except FieldProblem as problem:
        return problem.at(number)


class _NotJson(msgspec.Struct):
    """Stands for a value that JSON does not have."""

    message: str


def _json(value: Any) -> Any:
    """Return a value whose encoding is its JSON, if it has one."""
    try:
        return _plain(value)
    except ValueError as error:
        return _NotJson(str(error))


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"is {value}, which JSON has not; leave the value out")
    if isinstance(value, decimal.Decimal):
        return msgspec.Raw(str(value).encode()) if value.is_finite() else str(value)
    if isinstance(value, list):
        return [_plain(member) for member in value]
    if isinstance(value, dict):
        return {str(name): _plain(member) for name, member in value.items()}
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    return value


def _is_binary(kind: Any) -> bool:
    return str(kind).startswith(("binary", "large_binary", "fixed_size_binary"))


def _holds(kind: Any, sought: Any) -> bool:
    if sought(kind):
        return True
    inner = [kind.field(place).type for place in range(kind.num_fields)]
    return any(_holds(member, sought) for member in inner)


class ParquetWriter:
    """Writes rows of our own layout; gives the bytes as row groups become complete."""

    def __init__(self) -> None:
        """Raises Unreadable if pyarrow is not installed."""
        text = require()[0].string()
        self._groups = RowGroups([(name, text) for name in HEADER], _REPEATED)

    def write(self, rows: Iterable[Row]) -> bytes:
        """Take rows, and return the bytes of the row groups that they complete."""
        for row in rows:
            self._groups.add([cell or None for cell in written_cells(row)])
        return self._groups.take()

    def close(self) -> bytes:
        """Return the rest of the file."""
        return self._groups.close()
