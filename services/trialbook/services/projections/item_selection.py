"""Finds items without bringing their bodies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trialbook.eventstore import Reader
from trialbook.services.application.item_reads import ItemMark
from trialbook.services.application.views import Page
from trialbook.services.projections.bodies import fill_bodies, page_of
from trialbook.services.projections.columns import decode, placeholders, slices
from trialbook.services.projections.item import MAY_JUDGE, validity

_MARK = "SELECT ordinal, item_id, tags, split, purged_at FROM item"


class SqlItemMarks:
    """The part of ItemReads that selections rest on."""

    _reader: Reader

    def item_marks(
        self, number: int, version: int, after: int, limit: int, splits: Sequence[str]
    ) -> list[ItemMark]:
        """Return marks of items with ordinals above `after`; of any split if none is named."""
        valid, params = validity(self._reader, number, version)
        chosen = f"AND split IN ({placeholders(len(splits))})" if splits else ""
        rows = self._reader.query(
            f"{_MARK} WHERE dataset = ? AND ordinal > ? AND {valid} {chosen} "
            "ORDER BY ordinal LIMIT ?",
            (number, after, *params, *splits, limit),
        )
        return [_mark(row) for row in rows]

    def marks_of(self, number: int, version: int, item_ids: Sequence[str]) -> list[ItemMark]:
        """Return marks of those of these items that the version has, in order."""
        rows = {
            row
            for some in slices(item_ids)
            for row in self._reader.query(
                f"{_MARK} WHERE dataset = ? AND item_id IN ({placeholders(len(some))}) "
                "AND valid_from <= ? AND valid_to > ?",
                (number, *some, version, version),
            )
        }
        return [_mark(row) for row in sorted(rows, key=_ordinal)]

    def extras_with_scorers(
        self, number: int, version: int, after: int, limit: int
    ) -> Page[tuple[int, str]]:
        """Return the extras of items with scorers of their own, by ordinal, above `after`."""
        valid, params = validity(self._reader, number, version)
        # Large extras lie elsewhere, and are looked into when they are here.
        rows = self._reader.query(
            "SELECT ordinal, extras, extras_blob FROM item "
            f"WHERE dataset = ? AND ordinal > ? AND {valid} AND {MAY_JUDGE} "
            "ORDER BY ordinal LIMIT ?",
            (number, after, *params, limit),
        )
        found = page_of(self._reader, rows, (1,))
        more = len(rows) == limit or len(found) < len(rows)
        return Page([(ordinal, text) for ordinal, text, _ in found], more)

    def metadata_at(
        self, number: int, version: int, after: int, limit: int
    ) -> list[tuple[int, str | None]]:
        """Return (ordinal, metadata) of a version's items with ordinals above `after`, in order."""
        valid, params = validity(self._reader, number, version)
        rows = self._reader.query(
            "SELECT ordinal, metadata, metadata_blob FROM item "
            f"WHERE dataset = ? AND ordinal > ? AND {valid} ORDER BY ordinal LIMIT ?",
            (number, after, *params, limit),
        )
        return [
            (ordinal, metadata) for ordinal, metadata, _ in fill_bodies(self._reader, rows, (1,))
        ]

    def ids_of(self, number: int, ordinals: Sequence[int]) -> dict[int, str]:
        """Return the ids of items by ordinal."""
        return {
            ordinal: item_id
            for some in slices(ordinals)
            for ordinal, item_id in self._reader.query(
                f"SELECT DISTINCT ordinal, item_id FROM item WHERE dataset = ? "
                f"AND ordinal IN ({placeholders(len(some))})",
                (number, *some),
            )
        }


def _ordinal(row: tuple[Any, ...]) -> int:
    return int(row[0])


def _mark(row: tuple[Any, ...]) -> ItemMark:
    ordinal, item_id, tags, split, purged_at = row
    known = () if tags == "[]" else decode(tags, tuple[str, ...])
    return ItemMark(ordinal, item_id, known, split, purged_at is not None)
