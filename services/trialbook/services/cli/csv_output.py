"""Records as CSV on stdout, for spreadsheets."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def print_csv(records: Iterable[Mapping[str, Any]]) -> None:
    """Print a heading line and a line for each record, as they come (RFC 4180).

    Texts stand as they are, but for an apostrophe before those that a spreadsheet would take for a
    formula; times as in RFC 3339, what is not set as nothing, everything else as JSON. All records
    have the fields of the first one.
    """
    writer: csv.DictWriter[str] | None = None
    for record in records:
        if writer is None:
            writer = csv.DictWriter(sys.stdout, list(record))
            writer.writeheader()
        writer.writerow({name: _cell(value) for name, value in record.items()})


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULAS) else value
    if isinstance(value, datetime):
        return value.isoformat()
    return msgspec.json.encode(value).decode()
