"""Brings large bodies into rows, and keeps what one page holds within bounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trialbook.eventstore import Reader
from trialbook.services.projections.columns import placeholders

PAGE_BYTES = 2 * 1024 * 1024
"""How much of large bodies one page may bring; its first row comes whatever its size."""

_SLICE = 500


def fill_bodies(
    reader: Reader, rows: Sequence[tuple[Any, ...]], pairs: Sequence[int]
) -> list[tuple[Any, ...]]:
    """Put the texts of blobs into the columns `pairs`, each followed by a column of digests.

    Returns as many of the first rows as a page may hold.
    """
    if not any(row[at + 1] is not None for row in rows for at in pairs):
        return list(rows)
    kept = _within_budget(reader, rows, pairs)
    bodies = reader.blobs({row[at + 1] for row in kept for at in pairs if row[at + 1] is not None})
    return [_filled(row, pairs, bodies) for row in kept]


def _within_budget(
    reader: Reader, rows: Sequence[tuple[Any, ...]], pairs: Sequence[int]
) -> list[tuple[Any, ...]]:
    sizes = _sizes(reader, rows, pairs)
    kept: list[tuple[Any, ...]] = []
    total = 0
    for row in rows:
        total += sum(sizes[row[at + 1]] for at in pairs if row[at + 1] is not None)
        if kept and total > PAGE_BYTES:
            break
        kept.append(row)
    return kept


def _sizes(
    reader: Reader, rows: Sequence[tuple[Any, ...]], pairs: Sequence[int]
) -> dict[bytes, int]:
    digests = list({row[at + 1] for row in rows for at in pairs if row[at + 1] is not None})
    found: dict[bytes, int] = {}
    for start in range(0, len(digests), _SLICE):
        some = digests[start : start + _SLICE]
        found.update(
            (digest, size)
            for digest, size in reader.query(
                f"SELECT hash, LENGTH(content) FROM blob WHERE hash IN ({placeholders(len(some))})",
                some,
            )
        )
    return found


def _filled(
    row: tuple[Any, ...], pairs: Sequence[int], bodies: dict[bytes, str]
) -> tuple[Any, ...]:
    filled = list(row)
    for at in pairs:
        if row[at + 1] is not None:
            filled[at] = bodies[row[at + 1]]
    return tuple(filled)
