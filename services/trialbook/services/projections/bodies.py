"""Brings large bodies into rows, and keeps what one page holds within bounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trialbook.eventstore import Reader
from trialbook.services.projections.columns import placeholders

PAGE_BYTES = 2 * 1024 * 1024
"""How much text one page may bring; its first row comes whatever its size."""

_SLICE = 500

Row = tuple[Any, ...]


def row_sizes(reader: Reader, rows: Sequence[Row], pairs: Sequence[int]) -> list[int]:
    """Return how many bytes of text each row brings, with its bodies filled in.

    A pair is a column of inline texts, followed by one of the digests of large ones.
    """
    blobs = blob_sizes(reader, _digests(rows, pairs))
    return [
        sum(_text_size(value) for value in row if type(value) is str)
        + (sum(blobs[row[at + 1]] for at in pairs if row[at + 1] is not None) if blobs else 0)
        for row in rows
    ]


def fitting(sizes: Sequence[int], budget: int = PAGE_BYTES) -> int:
    """Return how many of the first rows a page may hold: one at least, if there is any."""
    total = 0
    for count, size in enumerate(sizes):
        total += size
        if count and total > budget:
            return count
    return len(sizes)


def fill_bodies(reader: Reader, rows: Sequence[Row], pairs: Sequence[int]) -> list[Row]:
    """Put the texts of blobs into the inline columns."""
    digests = _digests(rows, pairs)
    if not digests:
        return list(rows)
    bodies = reader.blobs(digests)
    return [_filled(row, pairs, bodies) for row in rows]


def page_of(reader: Reader, rows: Sequence[Row], pairs: Sequence[int]) -> list[Row]:
    """Return as many of the first rows as a page may hold, with their bodies."""
    kept = rows[: fitting(row_sizes(reader, rows, pairs))]
    return fill_bodies(reader, kept, pairs)


def _digests(rows: Sequence[Row], pairs: Sequence[int]) -> set[bytes]:
    return {row[at + 1] for row in rows for at in pairs if row[at + 1] is not None}


def _text_size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def blob_sizes(reader: Reader, digests: set[bytes]) -> dict[bytes, int]:
    """Return how many bytes of text each blob has."""
    wanted, found = list(digests), dict[bytes, int]()
    for start in range(0, len(wanted), _SLICE):
        some = wanted[start : start + _SLICE]
        found.update(
            (digest, size)
            for digest, size in reader.query(
                "SELECT hash, LENGTH(CAST(content AS BLOB)) FROM blob "
                f"WHERE hash IN ({placeholders(len(some))})",
                some,
            )
        )
    return found


def _filled(row: Row, pairs: Sequence[int], bodies: dict[bytes, str]) -> Row:
    filled = list(row)
    for at in pairs:
        if row[at + 1] is not None:
            filled[at] = bodies[row[at + 1]]
    return tuple(filled)
