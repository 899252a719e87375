"""One JSON document: a list of rows, or an object that has such a list where others put it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import BinaryIO

import msgspec

from trialbook.services.formats import mastra
from trialbook.services.formats.lines import BYTE_ORDER_MARK
from trialbook.services.formats.row import (
    FieldProblem,
    IgnoredFields,
    Record,
    Unreadable,
    problem_of,
)

LARGEST_DOCUMENT = 64 * 1024 * 1024
"""Bytes; a document is held in memory as a whole."""
LISTS = ("items", "examples", "data", "events", "results")
"""Where lists of rows stand in documents: those of Langfuse, Phoenix and Braintrust among them."""

_Object = dict[str, msgspec.Raw]


def records(stream: BinaryIO, ignored: IgnoredFields) -> Iterator[Record]:
    """Read the rows of a document, numbered from 1. Raises Unreadable."""
    stream.seek(0)
    data = stream.read(LARGEST_DOCUMENT + 1).removeprefix(BYTE_ORDER_MARK)
    if len(data) > LARGEST_DOCUMENT:
        raise Unreadable(
            f"is a JSON document of more than {LARGEST_DOCUMENT:,} bytes; "
            "write JSON lines instead: one object a line"
        )
    for number, row in enumerate(_rows(data, ignored), 1):
        yield Record(number, bytes(row))


def _rows(data: bytes, ignored: IgnoredFields) -> list[msgspec.Raw]:
    try:
        if data.lstrip()[:1] == b"[":
            return msgspec.json.decode(data, type=list[msgspec.Raw])
        document = msgspec.json.decode(data, type=_Object)
    except (ValueError, RecursionError) as error:
        problem: FieldProblem = problem_of(error)
        raise Unreadable(f"the document {problem.message}") from error
    if mastra.is_snapshot(document):
        return mastra.snapshot_rows(data, document, ignored)
    rows = _listed(document)
    # An object without a list of rows is one itself.
    return [msgspec.Raw(data)] if rows is None else rows


def has_list(document: Mapping[str, msgspec.Raw]) -> bool:
    """Say whether a document is a list of rows, and no row."""
    return mastra.is_snapshot(document) or _listed(document) is not None


def _listed(document: Mapping[str, msgspec.Raw]) -> list[msgspec.Raw] | None:
    """Return the list of rows in a document, which may stand one level down, as in Phoenix's."""
    for name in LISTS:
        found = bytes(document.get(name, b""))
        if found[:1] == b"[":
            return msgspec.json.decode(found, type=list[msgspec.Raw])
        if found[:1] == b"{" and (inner := _listed(msgspec.json.decode(found, type=_Object))):
            return inner
    return None
