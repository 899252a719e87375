"""Files with columns of any name, and a mapping that says which of them fill which fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from trialbook.services.formats import native
from trialbook.services.formats.cells import json_of, native_column, tags_of
from trialbook.services.formats.row import FieldProblem, IgnoredFields, Record, Row, problem_of

MOST_MAPPINGS = 1_000
MOST_LEVELS = 16

_Object = dict[str, msgspec.Raw]
_decoder = msgspec.json.Decoder(_Object)
_encode = msgspec.json.Encoder().encode
_NO_PATH = native.TEXT_FIELDS | {"tags", "tool_mocks", "scorers"}
_ANY_JSON = frozenset({"input", "expected"})


class Mapping(NamedTuple):
    """Where the value of a column goes.

    `target` is a field, or a path inside one. `json` says that the column's text is JSON.
    """

    column: str
    target: str
    json: bool = False


def check_mappings(mappings: Sequence[Mapping]) -> None:
    """Refuse mappings that cannot be. Raises FieldProblem with paths like `columns[2].target`."""
    if len(mappings) > MOST_MAPPINGS:
        raise FieldProblem("columns", f"has more than {MOST_MAPPINGS:,} columns")
    taken: dict[str, int] = {}
    for place, mapping in enumerate(mappings):
        path = f"columns[{place}]"
        if not mapping.column:
            raise FieldProblem(f"{path}.column", "is required")
        problem = _target_problem(mapping.target, taken)
        if problem:
            raise FieldProblem(f"{path}.target", problem)
        taken[mapping.target] = place


def _target_problem(target: str, taken: dict[str, int]) -> str:
    field, *inner = target.split(".")
    if field not in native.FIELDS:
        return f"{target[:80]!r} is no field of an item; an item has {', '.join(native.FIELDS)}"
    if inner and field in _NO_PATH:
        return f"{field} has no fields of its own; map to {field}"
    if not all(inner) or len(inner) > MOST_LEVELS:
        return f"{target[:80]!r} is no path; write {field}.name, at most {MOST_LEVELS} levels deep"
    for other in taken:
        if other == target or f"{other}.".startswith(f"{target}."):
            return f"{target} is filled by another column as well"
        if f"{target}.".startswith(f"{other}."):
            return f"{other} is filled by another column as well"
    return ""


class ColumnLayout:
    """Reads rows as a mapping says.

    Columns that have the name of a field, and are not mapped, fill it, unless another column does.
    All others are left out.
    """

    def __init__(self, mappings: Sequence[Mapping]) -> None:
        """`mappings` have been checked."""
        self._mappings = mappings
        self._mapped = frozenset(mapping.column for mapping in mappings)
        self._filled = frozenset(mapping.target.split(".")[0] for mapping in mappings)

    def read(self, record: Record, ignored: IgnoredFields) -> Row:
        """Return the item of a row. Raises FieldProblem."""
        try:
            fields = _decoder.decode(record.data)
        except (ValueError, RecursionError) as error:
            raise problem_of(error) from error
        item = self._mapped_fields(fields)
        for name, raw in fields.items():
            if name not in self._mapped:
                self._take(name, raw, item, ignored)
        if "input" not in item:
            raise FieldProblem("input", self._no_input(fields))
        return native.read(Record(record.line, _encode(item)), ignored)

    def _mapped_fields(self, fields: _Object) -> dict[str, Any]:
        item: dict[str, Any] = {}
        for mapping in self._mappings:
            raw = _found(fields, mapping.column)
            if raw is not None:
                _put(item, mapping.target, _value(raw, mapping))
        return item

    def _take(
        self, name: str, raw: msgspec.Raw, item: dict[str, Any], ignored: IgnoredFields
    ) -> None:
        column = native_column(name)
        if column.field in native.FIELDS and column.field not in self._filled:
            item[column.field] = _value(raw, Mapping(name, column.field, column.kind == "json"))
        elif not any(source.startswith(f"{name}.") for source in self._mapped):
            ignored.add(name)

    def _no_input(self, fields: _Object) -> str:
        sources = [m.column for m in self._mappings if m.target.split(".")[0] == "input"]
        wanted = f"the column {' or '.join(sources)}" if sources else "a column that is mapped"
        return f"is missing: the row has not {wanted}; it has: {', '.join(fields) or 'nothing'}"


def _found(fields: _Object, column: str) -> msgspec.Raw | None:
    """Return the value of a column, or at a path such as `item.question` in a JSON row."""
    if column in fields:
        return fields[column]
    name, dot, inner = column.partition(".")
    if not dot or bytes(fields.get(name, b""))[:1] != b"{":
        return None
    return _found(_decoder.decode(fields[name]), inner)


def _value(raw: msgspec.Raw, mapping: Mapping) -> Any:
    """Return what a field is to hold; a text that should be JSON is taken apart."""
    if bytes(raw)[:1] != b'"':
        return raw
    field, _, inner = mapping.target.partition(".")
    if field == "tags":
        return tags_of(_decoded(raw, mapping))
    whole_object = not inner and field not in native.TEXT_FIELDS and field not in _ANY_JSON
    if mapping.json or whole_object:
        return json_of(mapping.target, _decoded(raw, mapping))
    return raw


def _decoded(raw: msgspec.Raw, mapping: Mapping) -> str:
    try:
        return msgspec.json.decode(raw, type=str)
    except ValueError as error:
        raise FieldProblem(mapping.target, str(error)) from error


def _put(item: dict[str, Any], target: str, value: Any) -> None:
    *outer, last = target.split(".")
    place = item
    for name in outer:
        place = place.setdefault(name, {})
    place[last] = value
