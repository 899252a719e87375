"""Writes a Parquet file row group by row group, and gives its bytes as they become complete."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from trialbook.services.formats.arrow import require

_GROUP_ROWS = 20_000
_GROUP_BYTES = 8 * 1024 * 1024


class RowGroups:
    """Takes rows of typed cells. `count` is how many rows the groups so far hold."""

    def __init__(self, fields: Sequence[tuple[str, Any]], repeated: Sequence[str]) -> None:
        """Columns have a name and a type of pyarrow; `repeated` ones hold few different values.

        Raises Unreadable if pyarrow is not installed.
        """
        self._arrow, parquet = require()
        self._schema = self._arrow.schema(fields)
        self._sink = _Sink()
        self._writer = parquet.ParquetWriter(self._sink, self._schema, use_dictionary=repeated)
        self._columns: list[list[Any]] = [[] for _ in fields]
        self._size = 0
        self.count = 0

    def add(self, cells: Sequence[Any]) -> None:
        """Take a row; None where there is nothing."""
        for column, cell in zip(self._columns, cells, strict=True):
            column.append(cell)
        self._size += sum(len(cell) for cell in cells if isinstance(cell, str))
        if self._size >= _GROUP_BYTES or len(self._columns[0]) >= _GROUP_ROWS:
            self._end_group()

    def take(self) -> bytes:
        """Return the bytes that were completed since the last time."""
        return self._sink.take()

    def close(self) -> bytes:
        """Return the rest of the file."""
        if self._columns[0]:
            self._end_group()
        self._writer.close()
        return self._sink.take()

    def _end_group(self) -> None:
        rows = len(self._columns[0])
        table = self._arrow.table(self._columns, schema=self._schema)
        self._writer.write_table(table, row_group_size=rows)
        self._columns = [[] for _ in self._columns]
        self._size = 0
        self.count += rows


class _Sink(io.RawIOBase):
    """Holds what is written until it is taken, and keeps count."""

    def __init__(self) -> None:
        super().__init__()
        self._data = bytearray()
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._data += piece
        self._written += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._written

    def take(self) -> bytes:
        """Return what was written since the last time."""
        data = bytes(self._data)
        self._data.clear()
        return data
