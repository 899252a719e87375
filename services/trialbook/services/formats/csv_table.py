"""CSV as RFC 4180 has it: a header line, then rows of as many cells, in UTF-8."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO

import msgspec

from trialbook.services.formats.cells import JSON_SUFFIX, Column, record_of
from trialbook.services.formats.lines import numbered_lines
from trialbook.services.formats.native import FIELDS, TEXT_FIELDS
from trialbook.services.formats.native_fields import native_fields
from trialbook.services.formats.row import (
    LONGEST_RECORD,
    BadRow,
    FieldProblem,
    Record,
    Row,
    Unreadable,
)

DELIMITERS = ",;\t|"
MOST_COLUMNS = 1_000
HEADER = tuple(name if name in TEXT_FIELDS else name + JSON_SUFFIX for name in FIELDS)
"""The columns of our own layout."""

_encode = msgspec.json.Encoder().encode


class CsvTable:
    """A CSV file whose header has been read. `columns` are the names in it."""

    def __init__(self, stream: BinaryIO, delimiter: str = "") -> None:
        """Read the header. An empty delimiter is told by it. Raises Unreadable."""
        _allow_long_cells()
        self._reader = csv.reader(
            _texts(stream), delimiter=delimiter or _delimiter_of(stream), strict=True
        )
        self.columns = self._header()

    def _header(self) -> tuple[str, ...]:
        for cells in self._cells():
            if cells:
                names = tuple(cell.strip() for cell in cells)
                _check_header(names, self._reader.line_num)
                return names
        return ()

    def records(self, columns: Sequence[Column]) -> Iterator[Record | BadRow]:
        """Read the rows under the header, blank lines left out.

        Raises Unreadable where it cannot be told any more where a row ends.
        """
        line = self._reader.line_num + 1
        for cells in self._cells():
            first, line = line, self._reader.line_num + 1
            if not cells:
                continue
            if len(cells) != len(columns):
                yield BadRow(
                    first,
                    "",
                    f"has {_counted(cells, 'cell')}, and the header {_counted(columns, 'column')}; "
                    "put cells with separators or line breaks into quotes",
                )
                continue
            try:
                yield record_of(first, columns, cells)
            except FieldProblem as problem:
                yield problem.at(first)

    def _cells(self) -> Iterator[list[str]]:
        while True:
            begin = self._reader.line_num + 1
            try:
                yield next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise Unreadable(
                    f"the row that begins here is not CSV ({error}); look for a quote that is not "
                    'doubled, as in "say ""yes"""',
                    begin,
                ) from error


def _counted(things: Sequence[object], what: str) -> str:
    return f"{len(things):,} {what}" + ("s" if len(things) != 1 else "")


def _allow_long_cells() -> None:
    # The limit is the interpreter's, so it is only ever raised.
    if csv.field_size_limit() < LONGEST_RECORD:
        csv.field_size_limit(LONGEST_RECORD)


def _texts(stream: BinaryIO) -> Iterator[str]:
    for line in numbered_lines(stream):
        if isinstance(line, BadRow):
            raise Unreadable(line.message, line.line)
        yield decoded(line)


def decoded(line: Record) -> str:
    """Return a line as text. Raises Unreadable."""
    try:
        return line.data.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(
            f"is not UTF-8 at byte {error.start + 1} of the line; save the file as UTF-8", line.line
        ) from error


def _delimiter_of(stream: BinaryIO) -> str:
    """Return the separator that stands most often in the header, outside of quotes."""
    header = next((text for text in _texts(stream) if text.strip()), "")
    bare = "".join(header.split('"')[::2])
    return max(DELIMITERS, key=bare.count)


def _check_header(names: Sequence[str], line: int) -> None:
    if len(names) > MOST_COLUMNS:
        raise Unreadable(f"the header has more than {MOST_COLUMNS:,} columns", line)
    for place, name in enumerate(names, 1):
        if not name:
            raise Unreadable(f"column {place} has no name in the header; give it one", line)
        if name in names[: place - 1]:
            raise Unreadable(f"two columns are called {name[:80]!r}; rename one of them", line)


def write_header() -> bytes:
    """Write the header of our own layout."""
    return written([HEADER])


def write(rows: Iterable[Row]) -> bytes:
    """Write rows of our own layout."""
    return written(map(written_cells, rows))


def written_cells(row: Row) -> list[str]:
    """Return the cells of a row under HEADER; absent fields are empty."""
    fields = native_fields(row)
    return [
        fields.get(name, "") if name in TEXT_FIELDS else _json_cell(fields.get(name))
        for name in FIELDS
    ]


def _json_cell(value: Any) -> str:
    return "" if value is None else _encode(value).decode()


def written(rows: Iterable[Iterable[str]]) -> bytes:
    """Write rows of cells."""
    sink = io.StringIO(newline="")
    csv.writer(sink).writerows(rows)
    return sink.getvalue().encode()
