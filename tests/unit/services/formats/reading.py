"""Shorthands for tests that read files."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from trialbook.services.formats.reading import FileReader, ReadOptions
from trialbook.services.formats.row import BadRow, Row, Unreadable


def opened(data: bytes | str, **options: Any) -> FileReader:
    """Open a file of this content."""
    content = data.encode() if isinstance(data, str) else data
    return FileReader(io.BytesIO(content), ReadOptions(**options))


def rows(data: bytes | str, **options: Any) -> list[Row]:
    """Read rows, all of which must be items."""
    found = list(opened(data, **options).rows())
    assert not [row for row in found if isinstance(row, BadRow)], found
    return [row for row in found if isinstance(row, Row)]


def row(data: Any, **options: Any) -> Row:
    """Read the one row of a file, which may be given as the object that stands in it."""
    content = data if isinstance(data, bytes | str) else json.dumps(data)
    [found] = rows(content, **options)
    return found


def bad_rows(data: bytes | str, **options: Any) -> list[BadRow]:
    """Read a file and return the rows that are refused."""
    return [row for row in opened(data, **options).rows() if isinstance(row, BadRow)]


def bad_row(data: Any, **options: Any) -> BadRow:
    """Read a file in which one row is refused."""
    content = data if isinstance(data, bytes | str) else json.dumps(data)
    [found] = bad_rows(content, **options)
    return found


def unreadable(data: bytes | str, **options: Any) -> Unreadable:
    """Return why a file cannot be read."""
    with pytest.raises(Unreadable) as caught:
        list(opened(data, **options).rows())
    return caught.value


def ignored(data: Any, **options: Any) -> tuple[str, ...]:
    """Return the fields that a file has in vain."""
    content = data if isinstance(data, bytes | str) else json.dumps(data)
    reader = opened(content, **options)
    list(reader.rows())
    return reader.ignored_fields


def value(text: str | None) -> Any:
    """Return what a JSON text means."""
    return None if text is None else json.loads(text)
