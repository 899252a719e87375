"""Opens a file of items, whatever its format and layout, and reads its rows."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import BinaryIO, NamedTuple

import msgspec

from trialbook.services.formats import json_document, jsonl
from trialbook.services.formats.cells import Column
from trialbook.services.formats.columns import ColumnLayout, Mapping
from trialbook.services.formats.csv_table import CsvTable
from trialbook.services.formats.file_format import FormatName, format_of, refuse_others
from trialbook.services.formats.layouts import LAYOUTS, Layout, LayoutName, recognised
from trialbook.services.formats.parquet import ParquetTable
from trialbook.services.formats.row import (
    BadRow,
    FieldProblem,
    IgnoredFields,
    Record,
    Row,
    Unreadable,
)

_FIRST_ROWS = 20


class ReadOptions(NamedTuple):
    """How to read a file. Empty: told by the file. Mappings stand for the layout `columns`."""

    format: FormatName | None = None
    layout: LayoutName | None = None
    mappings: Sequence[Mapping] = ()
    delimiter: str = ""
    file_name: str = ""


class FileReader:
    """An open file of items: what it was taken for, and its rows."""

    def __init__(self, stream: BinaryIO, options: ReadOptions) -> None:
        """Read as much as it takes to tell format and layout. Raises Unreadable."""
        self.format: FormatName = options.format or format_of(stream, options.file_name)
        self._ignored = IgnoredFields()
        self._delimiter = options.delimiter
        tabular = self.format in ("csv", "parquet")
        opened = self._table(stream, options) if tabular else self._objects(stream, options)
        self._read, self._records = opened[:2]
        self.layout: LayoutName = opened[2]

    @property
    def ignored_fields(self) -> tuple[str, ...]:
        """Fields that were left out, of the rows that have been read so far."""
        return self._ignored.names

    def rows(self) -> Iterator[Row | BadRow]:
        """Read all rows, once. Raises Unreadable where the rest of the file cannot be read."""
        read, ignored = self._read, self._ignored
        for record in self._records:
            if isinstance(record, BadRow):
                yield record
                continue
            try:
                yield read(record, ignored)
            except FieldProblem as problem:
                yield problem.at(record.line)

    def _objects(self, stream: BinaryIO, options: ReadOptions) -> _Opened:
        if self.format == "json":
            records: Iterator[Record | BadRow] = iter(json_document.records(stream, self._ignored))
        else:
            stream.seek(0)
            refuse_others(stream.read(4))
            records = jsonl.records(stream)
        if _by_columns(options):
            return ColumnLayout(options.mappings).read, records, "columns"
        if options.layout is not None:
            return LAYOUTS[options.layout].read, records, options.layout
        first = list(itertools.islice(records, _FIRST_ROWS))
        layout = _told(first)
        return layout.read, itertools.chain(first, records), layout.name

    def _table(self, stream: BinaryIO, options: ReadOptions) -> _Opened:
        table: CsvTable | ParquetTable
        if self.format == "csv":
            stream.seek(0)
            refuse_others(stream.read(4))
            table = CsvTable(stream, options.delimiter)
        else:
            table = ParquetTable(stream)
        if _by_columns(options):
            columns = [Column(name, "text") for name in table.columns]
            return ColumnLayout(options.mappings).read, table.records(columns), "columns"
        layout = _chosen(table.columns, options)
        return layout.read, table.records(layout.columns(table.columns)), layout.name


_Opened = tuple[Callable[[Record, IgnoredFields], Row], Iterator[Record | BadRow], LayoutName]


def _by_columns(options: ReadOptions) -> bool:
    return options.layout == "columns" or (options.layout is None and bool(options.mappings))


def _chosen(names: Sequence[str], options: ReadOptions) -> Layout:
    if options.layout is not None:
        return LAYOUTS[options.layout]
    native = LAYOUTS["trialbook"]
    fields = {column.field for column in native.columns(names)}
    found = native if native.recognises(fields) else recognised(names)
    if found is None and names:
        raise Unreadable(_unknown(names), 1)
    return found or native


def _told(first: Iterable[Record | BadRow]) -> Layout:
    """Return the layout of the first row that has a known one."""
    fallback = LAYOUTS["trialbook"]
    for record in first:
        if isinstance(record, BadRow):
            continue
        try:
            fields = msgspec.json.decode(record.data, type=dict[str, msgspec.Raw])
        except (ValueError, RecursionError):
            continue
        found = recognised(fields)
        if found is not None:
            return found
    return fallback


def _unknown(names: Sequence[str]) -> str:
    """Say that no layout has these columns."""
    some = ", ".join(names[:20]) + (", …" if names[20:] else "")
    return (
        "no column holds the input, or there are columns that an item has not; "
        f"map the columns; there are: {some}"
    )
