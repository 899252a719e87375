"""Reads the test cases of a dataset from a file of JSON lines, keeping payloads byte for byte."""

from __future__ import annotations

import bisect
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from trialbook.services.cli.failures import CommandFailure

FIELDS = ("id", "input", "expected", "context", "metadata", "tags", "split")
LONGEST_LINE = 8 * 1024 * 1024  # three payloads of 1 MiB, with room for escapes
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Row:
    """One test case of the file. Payloads are JSON text; None where the line has no such field."""

    line: int
    input: str
    expected: str | None
    item_id: str
    context: str | None
    metadata: str | None
    tags: tuple[str, ...]
    split: str


@dataclass(slots=True)
class DatasetFile:
    """An opened file of JSON lines.

    `input_field` and `expected_field` name the fields of files that were not made for Trialbook;
    if either is given, other unknown fields are left out instead of refused.
    """

    name: str
    stream: BinaryIO
    input_field: str = ""
    expected_field: str = ""
    left_out: set[str] = field(default_factory=set)
    _lines: list[int] = field(default_factory=list)
    _first_rows: list[int] = field(default_factory=list)

    def check(self) -> int:
        """Read the whole file and return how many test cases it has. Raises as `rows` does."""
        count = sum(1 for _ in self.rows())
        if not count:
            raise CommandFailure(f"{self.name} has no items", hint="write one JSON object a line")
        return count

    def rows(self) -> Iterator[Row]:
        """Read the test cases from the beginning. Raises CommandFailure with the line's number."""
        self.stream.seek(0)
        count = number = 0
        while line := self.stream.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise self._failure(number, f"is longer than {LONGEST_LINE:,} bytes")
            line = line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line
            if line.strip():
                self._note_line(count, number)
                count += 1
                yield self._row(number, line)

    def line_of(self, row: int) -> int:
        """The line at which the row of that index, counted from 0, stands."""
        block = bisect.bisect_right(self._first_rows, row) - 1
        return self._lines[block] + row - self._first_rows[block]

    def _note_line(self, row: int, line: int) -> None:
        # Only where empty lines make a gap: a file of a million lines costs one entry.
        if not self._lines or (row > self._first_rows[-1] and self.line_of(row) != line):
            self._first_rows.append(row)
            self._lines.append(line)

    def _row(self, number: int, line: bytes) -> Row:
        fields = self._fields(number, line)
        source = self.input_field or "input"
        if source not in fields:
            raise self._missing_input(number, source, list(fields))
        expected = self.expected_field or "expected"
        self._check_unknown(number, set(fields) - {source, expected, *FIELDS})
        return Row(
            line=number,
            input=_text(fields[source]),
            expected=_text(fields[expected]) if expected in fields else None,
            item_id=self._item_id(number, fields.get("id")),
            context=_object_text(fields.get("context")),
            metadata=_object_text(fields.get("metadata")),
            tags=tuple(self._decode(number, "tags", fields.get("tags"), list[str], [])),
            split=self._decode(number, "split", fields.get("split"), str, ""),
        )

    def _fields(self, number: int, line: bytes) -> dict[str, msgspec.Raw]:
        try:
            line.decode()  # payloads are not looked into, so bad UTF-8 would go unseen
            return msgspec.json.decode(line, type=dict[str, msgspec.Raw])
        except msgspec.ValidationError as error:
            raise self._failure(number, "is not a JSON object") from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise self._failure(
                number, f"is not JSON: {error}", "every line must be one JSON object"
            ) from error

    def _missing_input(self, number: int, source: str, names: list[str]) -> CommandFailure:
        hint = (
            f"say which field is the input, for example --input-field {names[0]}" if names else ""
        )
        return self._failure(
            number, f"has no field {source!r}; it has: {', '.join(names) or 'none'}", hint
        )

    def _check_unknown(self, number: int, unknown: set[str]) -> None:
        if not unknown:
            return
        if self.input_field or self.expected_field:
            self.left_out |= unknown
            return
        raise self._failure(
            number,
            f"has fields that an item has not: {', '.join(sorted(unknown))}",
            f"an item has {', '.join(FIELDS)}; put the rest into metadata",
        )

    def _item_id(self, number: int, raw: msgspec.Raw | None) -> str:
        return str(self._decode(number, "id", raw, str | int, ""))

    def _decode(
        self, number: int, name: str, raw: msgspec.Raw | None, kind: Any, default: Any
    ) -> Any:
        if raw is None or bytes(raw) == b"null":
            return default
        try:
            return msgspec.json.decode(raw, type=kind)
        except msgspec.MsgspecError as error:
            raise self._failure(number, f"has a bad {name!r}: {error}") from error

    def _failure(self, number: int, problem: str, hint: str = "") -> CommandFailure:
        return CommandFailure(f"{self.name}, line {number}: {problem}", hint=hint)


@contextmanager
def open_dataset_file(
    path: str, input_field: str = "", expected_field: str = ""
) -> Iterator[DatasetFile]:
    """Open a file of JSON lines; `-` is standard input, which is kept until it is read twice."""
    if path != "-":
        with Path(path).open("rb") as stream:
            yield DatasetFile(path, stream, input_field, expected_field)
        return
    with tempfile.TemporaryFile() as stream:
        shutil.copyfileobj(sys.stdin.buffer, stream)
        yield DatasetFile("standard input", stream, input_field, expected_field)


def _text(raw: msgspec.Raw) -> str:
    return bytes(raw).decode()


def _object_text(raw: msgspec.Raw | None) -> str | None:
    return None if raw is None or bytes(raw) == b"null" else _text(raw)
