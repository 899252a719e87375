"""JSON lines: one JSON object a line, in UTF-8."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import msgspec

from trialbook.services.formats.lines import numbered_lines
from trialbook.services.formats.native_fields import native_fields
from trialbook.services.formats.row import BadRow, Record, Row

_encode = msgspec.json.Encoder().encode


def records(stream: BinaryIO) -> Iterator[Record | BadRow]:
    """Read the lines of a file that are not blank."""
    for line in numbered_lines(stream):
        if isinstance(line, BadRow) or line.data.strip():
            yield line


def write(rows: Iterable[Row]) -> bytes:
    """Write rows of our own layout."""
    return lines(map(native_fields, rows))


def lines(objects: Iterable[dict[str, Any]]) -> bytes:
    """Write objects. A payload with line breaks between its values gets spaces in their place."""
    parts = bytearray()
    for fields in objects:
        line = _encode(fields)
        if b"\n" in line or b"\r" in line:
            # Inside JSON texts a line break is an escape; a raw one can only be white space.
            line = line.replace(b"\r", b" ").replace(b"\n", b" ")
        parts += line
        parts += b"\n"
    return bytes(parts)
