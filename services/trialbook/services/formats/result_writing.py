"""Writes results as a file, piece by piece."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, Literal, Protocol

from trialbook.services.formats import csv_table, jsonl
from trialbook.services.formats.arrow import require
from trialbook.services.formats.parquet_groups import RowGroups
from trialbook.services.formats.result_row import ResultRow, result_fields
from trialbook.services.formats.result_table import Kind, ResultTable

ResultFormat = Literal["jsonl", "csv", "parquet"]

# What spreadsheets would take for a formula, in texts that come from anywhere.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


class ResultWriter(Protocol):
    """Makes the bytes of a file out of rows."""

    @property
    def count(self) -> int:
        """How many rows the bytes so far hold."""
        ...

    def write(self, rows: Iterable[ResultRow]) -> bytes:
        """Take rows and return the next bytes, which may be none yet."""
        ...

    def close(self) -> bytes:
        """Return the last bytes."""
        ...


class _JsonlWriter:
    def __init__(self) -> None:
        self.count = 0

    def write(self, rows: Iterable[ResultRow]) -> bytes:
        objects = [result_fields(row) for row in rows]
        self.count += len(objects)
        return jsonl.lines(objects)

    def close(self) -> bytes:
        return b""


class _CsvWriter:
    def __init__(self, table: ResultTable) -> None:
        self._table = table
        self._kinds: list[Kind] = [column.kind for column in table.columns]
        self._header = csv_table.written([[column.name for column in table.columns]])
        self.count = 0

    def write(self, rows: Iterable[ResultRow]) -> bytes:
        header, self._header = self._header, b""
        lines = [list(map(_text_of, self._kinds, self._table.cells(row))) for row in rows]
        self.count += len(lines)
        return header + csv_table.written(lines)

    def close(self) -> bytes:
        return self._header


class _ParquetWriter:
    def __init__(self, table: ResultTable) -> None:
        """Raises Unreadable if pyarrow is not installed."""
        arrow, _ = require()
        types: dict[Kind, Any] = {
            "text": arrow.string(),
            "json": arrow.string(),
            "integer": arrow.int64(),
            "real": arrow.float64(),
            "truth": arrow.bool_(),
            "time": arrow.timestamp("us", "UTC"),
        }
        self._table = table
        self._groups = RowGroups(
            [(column.name, types[column.kind]) for column in table.columns],
            [column.name for column in table.columns if column.repeated],
        )

    @property
    def count(self) -> int:
        return self._groups.count

    def write(self, rows: Iterable[ResultRow]) -> bytes:
        for row in rows:
            self._groups.add(self._table.cells(row))
        return self._groups.take()

    def close(self) -> bytes:
        return self._groups.close()


def open_result_writer(form: ResultFormat, scorers: Sequence[str]) -> ResultWriter:
    """Return a writer of results whose scores have these keys.

    Raises Unreadable if what a format needs is not installed.
    """
    if form == "jsonl":
        return _JsonlWriter()
    table = ResultTable(scorers)
    return _CsvWriter(table) if form == "csv" else _ParquetWriter(table)


def _text_of(kind: Kind, cell: Any) -> str:
    """Return a cell as CSV has it: times as in RFC 3339, formulas made harmless."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, dt.datetime):
        return cell.isoformat().replace("+00:00", "Z")
    text = str(cell)
    return f"'{text}" if kind == "text" and text.startswith(_FORMULAS) else text
