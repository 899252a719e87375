"""Writes items as a file of our own layout, piece by piece."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from trialbook.services.formats import csv_table, jsonl
from trialbook.services.formats.file_format import FormatName
from trialbook.services.formats.parquet import ParquetWriter
from trialbook.services.formats.row import Row


class FileWriter(Protocol):
    """Makes the bytes of a file out of rows."""

    def write(self, rows: Iterable[Row]) -> bytes:
        """Take rows and return the next bytes, which may be none yet."""
        ...

    def close(self) -> bytes:
        """Return the last bytes."""
        ...


class _JsonlWriter:
    def write(self, rows: Iterable[Row]) -> bytes:
        return jsonl.write(rows)

    def close(self) -> bytes:
        return b""


class _CsvWriter:
    def __init__(self) -> None:
        self._header = csv_table.write_header()

    def write(self, rows: Iterable[Row]) -> bytes:
        header, self._header = self._header, b""
        return header + csv_table.write(rows)

    def close(self) -> bytes:
        return self._header


def open_writer(name: FormatName) -> FileWriter:
    """Return a writer. Raises Unreadable if what a format needs is not installed."""
    if name == "csv":
        return _CsvWriter()
    return ParquetWriter() if name == "parquet" else _JsonlWriter()
