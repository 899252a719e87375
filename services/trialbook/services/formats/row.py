"""What is read from a file: rows in the words of an item, rows that cannot be read, and why."""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

LONGEST_RECORD = 8 * 1024 * 1024
"""Bytes that a line, or a cell of a table, may have: several payloads of 1 MiB, with escapes."""

_PLACE = re.compile(r"(.*?)(?: - at `\$\.?(.*)`)?", re.DOTALL)
_TYPES = {
    "array": "a list",
    "bool": "true or false",
    "float": "a number",
    "int": "an integer",
    "object": "an object",
    "str": "a text",
}
_EXPECTED = re.compile(r"Expected `(.*)`, got `(.*)`", re.DOTALL)


class Record(NamedTuple):
    """One entry of a file, as a JSON object that is not looked into yet.

    `line` is where it begins, or its number in a format without lines; both count from 1.
    """

    line: int
    data: bytes


class MockRow(msgspec.Struct, frozen=True, gc=False):
    """What a tool is to answer. `arguments` and `output` are JSON texts."""

    tool: str
    arguments: str | None
    output: str | None


class ScorerRow(msgspec.Struct, frozen=True, gc=False):
    """A scorer of one item. `params` is a JSON text; with a `step_id` it judges that step."""

    scorer: str
    alias: str = ""
    params: str | None = None
    step_id: str = ""
    output_pointer: str = ""
    expected_pointer: str = ""


class Row(msgspec.Struct, frozen=True, gc=False):
    """One item of a file. Bodies are JSON texts, byte for byte; None where the file has none.

    An empty source type stands for the file itself.
    """

    line: int
    input: str
    expected: str | None = None
    context: str | None = None
    metadata: str | None = None
    tags: tuple[str, ...] = ()
    split: str = ""
    item_id: str = ""
    external_id: str = ""
    expected_trajectory: str | None = None
    start_options: str | None = None
    tool_mocks: tuple[MockRow, ...] = ()
    unmocked_tools: str = ""
    scorers: tuple[ScorerRow, ...] = ()
    source_type: str = ""
    source_reference: str = ""


class BadRow(NamedTuple):
    """A row that is no item: the field, empty for the row as a whole, and what is wrong."""

    line: int
    path: str
    message: str


class FieldProblem(Exception):
    """A field of a row is not what it has to be."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(path, message)
        self.path = path
        self.message = message

    def at(self, line: int) -> BadRow:
        """Return the row that has the problem."""
        return BadRow(line, self.path, self.message)


class Unreadable(Exception):
    """The file as a whole cannot be read. `line` is 0 where no line is to blame."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


class IgnoredFields:
    """Gathers the names of fields that an import leaves out, each once, the first 100."""

    LIMIT = 100

    def __init__(self) -> None:
        self._names: dict[str, None] = {}

    def add(self, name: str) -> None:
        """Note a field."""
        if len(self._names) < self.LIMIT:
            self._names[name[:200]] = None

    @property
    def names(self) -> tuple[str, ...]:
        """The fields in the order in which they were met."""
        return tuple(self._names)


def problem_of(error: Exception) -> FieldProblem:
    """Return what a decoder has against a row as a problem of one of its fields."""
    if isinstance(error, RecursionError):
        return FieldProblem("", "is nested too deeply; make it flatter")
    if isinstance(error, UnicodeError):
        return FieldProblem("", "is not UTF-8; save the file as UTF-8")
    if isinstance(error, msgspec.ValidationError):
        place = _PLACE.fullmatch(str(error))
        assert place is not None
        return _type_problem((place[2] or "").replace("[...]", ""), place[1])
    detail = str(error).removeprefix("JSON is malformed: ")
    return FieldProblem("", f"is not JSON ({detail}); every row must be one JSON object")


def _type_problem(path: str, message: str) -> FieldProblem:
    types = _EXPECTED.fullmatch(message)
    if types is None:
        return FieldProblem(path, message)
    if not path:
        return FieldProblem("", "is not a JSON object")
    return FieldProblem(path, f"must be {_in_words(types[1])}, and is {_in_words(types[2])}")


def _in_words(types: str) -> str:
    names = [_TYPES.get(name, name) for name in types.removesuffix(" | null").split(" | ")]
    return " or ".join(names)
