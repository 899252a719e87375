"""Items, or changes of items, in a file of JSON lines, as many as one call takes."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from trialbook.client import TrialbookError
from trialbook.services.cli.failures import CommandFailure
from trialbook.services.cli.item_fields import FIELDS, client_value

MOST_ITEMS = 1_000
MOST_SHOWN = 10
CLEAR = "clear"
ROW_PATH = re.compile(r"(?:items|updates)\[(\d+)\]\.?(?:item(?:\.|$))?(.*)")


@dataclass(frozen=True, slots=True)
class ItemFile:
    """The rows of a file: the line at which each stands, and its fields for the client.

    Without lines it is the one item that the command line itself gives.
    """

    name: str
    lines: tuple[int, ...]
    rows: tuple[dict[str, Any], ...]

    @contextmanager
    def naming_lines(self) -> Iterator[None]:
        """Tell errors about rows of a request by the lines of the file."""
        try:
            yield
        except TrialbookError as error:
            details = self._details(error)
            if not details:
                raise
            more = len(details) - MOST_SHOWN
            shown = details[:MOST_SHOWN] + ([f"and {more} more"] if more > 0 else [])
            raise CommandFailure(
                f"{self.name} was refused; nothing was changed", details=shown
            ) from error

    def _details(self, error: TrialbookError) -> list[str]:
        details = []
        for violation in error.violations:
            place = ROW_PATH.fullmatch(violation.field)
            if place is None:
                return []
            line = f"line {self.lines[int(place[1])]}" if self.lines else ""
            path = place[2].removesuffix(".json").replace("item_id", "id")
            details.append(": ".join(filter(None, (line, path, violation.description))))
        return details


def read_item_file(path: str, *, updates: bool = False) -> ItemFile:
    """Read a file of JSON lines; `-` is standard input. Raises CommandFailure with the line.

    Each line has fields of an item; with `updates` it may have `clear`, a list of fields, as well.
    """
    name = "standard input" if path == "-" else path
    known: set[str] = {*FIELDS, CLEAR} if updates else set(FIELDS)
    data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    lines, rows = [], []
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if line.strip():
            lines.append(number)
            rows.append(_row(line, f"{name}, line {number}", known))
    if not rows:
        raise CommandFailure(f"{name} has no items", hint="write one JSON object a line")
    if len(rows) > MOST_ITEMS:
        raise CommandFailure(
            f"{name} has {len(rows):,} items; this command takes {MOST_ITEMS:,}",
            hint="trialbook dataset import takes any number",
        )
    return ItemFile(name, tuple(lines), tuple(rows))


def _row(line: bytes, where: str, known: set[str]) -> dict[str, Any]:
    try:
        line.decode()  # payloads are not looked into, so bad UTF-8 would go unseen
        fields = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
        row = {name: client_value(name, bytes(raw)) for name, raw in fields.items()}
    except msgspec.ValidationError as error:
        raise CommandFailure(f"{where} is not a JSON object") from error
    except (ValueError, RecursionError) as error:
        raise CommandFailure(f"{where} is not JSON: {error}") from error
    unknown = sorted(fields.keys() - known)
    if unknown:
        raise CommandFailure(
            f"{where} has fields that an item has not: {', '.join(unknown)}",
            hint=f"known are {', '.join(sorted(known))}; put the rest into metadata",
        )
    return row
