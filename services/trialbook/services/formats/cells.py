"""What the cells of a table mean: texts, JSON, or lists of texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from trialbook.services.formats import native
from trialbook.services.formats.row import FieldProblem, Record, Unreadable

JSON_SUFFIX = "_json"
"""A column `input_json` has the JSON of the field `input`."""

Kind = Literal["text", "json", "tags", "either"]
"""`either` is JSON if it is an object, a list or a quoted text, and else a text."""

_encode = msgspec.json.Encoder().encode
_syntax = msgspec.json.Decoder(msgspec.Raw)
_TEXT = native.TEXT_FIELDS | {"input", "expected"}


class Column(NamedTuple):
    """Which field a column fills, and how."""

    field: str
    kind: Kind


def native_columns(names: Sequence[str]) -> list[Column]:
    """Return what the columns of our own layout mean. Raises Unreadable for a doubled field."""
    columns = [native_column(name) for name in names]
    fields = [column.field for column in columns]
    for field in fields:
        if fields.count(field) > 1:
            raise Unreadable(f"two columns hold {field}; leave one of them out", 1)
    return columns


def native_column(name: str) -> Column:
    """Return what a column of our own layout means."""
    field = name.removesuffix(JSON_SUFFIX)
    if field != name and field in native.FIELDS:
        return Column(field, "json")
    if name == "tags":
        return Column(name, "tags")
    return Column(name, "text" if name in _TEXT or name not in native.FIELDS else "json")


def record_of(line: int, columns: Iterable[Column], cells: Iterable[Any]) -> Record:
    """Return the record of a table's row. Empty cells are left out. Raises FieldProblem."""
    fields: dict[str, Any] = {}
    for (field, kind), cell in zip(columns, cells, strict=True):
        if cell is None or cell == "":
            continue
        if kind == "text" or not isinstance(cell, str):
            fields[field] = cell
        elif kind == "tags":
            fields[field] = tags_of(cell)
        else:
            fields[field] = json_of(field, cell) if kind == "json" else _either(cell)
    return Record(line, _encode(fields))


def tags_of(text: str) -> Any:
    """Return the tags in a text: a JSON list, or texts with commas between them."""
    if text.lstrip().startswith("["):
        return json_of("tags", text)
    return [tag for part in text.split(",") if (tag := part.strip())]


def json_of(field: str, text: str) -> msgspec.Raw:
    """Return a text that is JSON, as it is. Raises FieldProblem if it is not."""
    try:
        return _syntax.decode(text)
    except (ValueError, RecursionError) as error:
        detail = str(error).removeprefix("JSON is malformed: ")
        raise FieldProblem(field, f"is not JSON ({detail})") from error


def _either(text: str) -> Any:
    if text[0] not in '{["':
        return text
    try:
        return _syntax.decode(text)
    except (ValueError, RecursionError):
        return text
