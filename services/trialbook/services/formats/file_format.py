"""How a file is written: told by its name, or by its first bytes."""

from __future__ import annotations

from pathlib import PurePath
from typing import BinaryIO, Literal

import msgspec

from trialbook.services.formats import json_document, parquet
from trialbook.services.formats.lines import BYTE_ORDER_MARK
from trialbook.services.formats.row import LONGEST_RECORD, Unreadable

FormatName = Literal["jsonl", "csv", "parquet", "json"]

_BY_SUFFIX: dict[str, FormatName] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".json": "json",
}
_FIRST = 64 * 1024
_OTHERS = {
    b"\x1f\x8b": "is compressed (gzip); unpack it first",
    b"PK\x03\x04": "is a zip archive or a spreadsheet; unpack it, or export it as CSV",
    b"\x28\xb5\x2f\xfd": "is compressed (zstd); unpack it first",
    b"\xff\xfe": "is UTF-16; save it as UTF-8",
    b"\xfe\xff": "is UTF-16; save it as UTF-8",
}


def format_of(stream: BinaryIO, file_name: str) -> FormatName:
    """Return how a file is written. Raises Unreadable for kinds of files that are not read."""
    stream.seek(0)
    first = stream.read(_FIRST)
    if b"\n" not in first:
        first += stream.readline(LONGEST_RECORD)
    if first.startswith(parquet.MAGIC):
        return "parquet"
    refuse_others(first)
    named = _BY_SUFFIX.get(PurePath(file_name).suffix.lower())
    text = first.removeprefix(BYTE_ORDER_MARK).lstrip()
    if named == "json":
        # Many write JSON lines into files that are called so.
        return "jsonl" if _begins_with_lines(text) else "json"
    return named or _told_by_text(text)


def refuse_others(first: bytes) -> None:
    """Raise Unreadable for kinds of files that are known, and not read."""
    for magic, message in _OTHERS.items():
        if first.startswith(magic):
            raise Unreadable(message)


def _told_by_text(text: bytes) -> FormatName:
    if text[:1] == b"[":
        return "json"
    if text[:1] == b"{":
        return "jsonl" if _begins_with_lines(text) or _is_one_line(text) else "json"
    return "csv"


def _begins_with_lines(text: bytes) -> bool:
    """Say whether the first line is an object as a whole, and more follow it."""
    line, _, rest = text.partition(b"\n")
    return text[:1] == b"{" and bool(rest.strip()) and _object(line) is not None


def _is_one_line(text: bytes) -> bool:
    """Say whether the whole text is one line, and not a list of rows in one."""
    fields = None if b"\n" in text.rstrip() else _object(text)
    return fields is not None and not json_document.has_list(fields)


def _object(text: bytes) -> dict[str, msgspec.Raw] | None:
    try:
        return msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except (ValueError, RecursionError):
        return None
