"""What happened to items between versions, read from the spans in which their rows hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trialbook.eventstore import Reader
from trialbook.services.application.item_reads import (
    DifferenceCounts,
    ItemPair,
    ItemSpell,
    VersionSpan,
)
from trialbook.services.application.views import Page
from trialbook.services.projections.bodies import fill_bodies, fitting, page_of, row_sizes
from trialbook.services.projections.columns import FOREVER, placeholders
from trialbook.services.projections.item import BODIES, VIEW, to_item

# Up to so many touched rows, finding them by version is the quicker way; from there on, by place.
_FEW = 10_000
_SLICE = 500
_SELECT_SPELL = VIEW.replace("purged_at\n", "purged_at, valid_to\n")

# What is touched between two versions is what begins or ends there.
_BEGUN = "dataset = ? AND valid_from > ? AND valid_from <= ?"
_ENDED = f"dataset = ? AND valid_to > ? AND valid_to <= ? AND valid_to < {FOREVER}"
# The signs keep planners from going by place, for the sake of the order, through all items.
_TOUCHED = f"""
    SELECT +ordinal AS ordinal FROM item WHERE {_BEGUN} AND +ordinal > ?
    UNION SELECT +ordinal FROM item WHERE {_ENDED} AND +ordinal > ?
"""
_TOUCHED_BY_PLACE = f"""
    SELECT DISTINCT ordinal FROM item WHERE dataset = ? AND ordinal > ?
        AND ((valid_from > ? AND valid_from <= ?)
            OR (valid_to > ? AND valid_to <= ? AND valid_to < {FOREVER}))
"""
# Here they keep them from going through all versions.
_SIDE = "{0}.dataset = ? AND {0}.ordinal = t.ordinal AND +{0}.valid_from <= ? AND +{0}.valid_to > ?"


def _sides(touched: str, select: str) -> str:
    return (
        f"SELECT {select} FROM ({touched}) AS t "
        f"LEFT JOIN item AS b ON {_SIDE.format('b')} LEFT JOIN item AS h ON {_SIDE.format('h')} "
    )


class SqlItemDifferences:
    """The part of ItemReads that tells of changes."""

    _reader: Reader

    def spells(self, number: int, item_id: str, before: int, limit: int) -> Page[ItemSpell]:
        """Return an item's contents that began below version `before`, newest first."""
        rows = self._reader.query(
            f"{_SELECT_SPELL} WHERE dataset = ? AND item_id = ? AND valid_from < ? "
            "ORDER BY valid_from DESC LIMIT ?",
            (number, item_id, before, limit + 1),
        )
        found = [
            ItemSpell(to_item(row[:-1]), row[-1])
            for row in page_of(self._reader, rows[:limit], BODIES)
        ]
        return Page(found, more=len(rows) > len(found))

    def changed_ordinals(self, span: VersionSpan, after: int, limit: int) -> list[int]:
        """Return which items were touched between two versions, in order, above `after`."""
        sql, params = self._touched(span, after)
        rows = self._reader.query(f"{sql} ORDER BY 1 LIMIT ?", (*params, limit))
        return [row[0] for row in rows]

    def differing(self, span: VersionSpan, ordinals: Sequence[int]) -> list[int]:
        """Return which of these items differ between two versions, in order."""
        before = self._digests(span.number, span.base, ordinals)
        after = self._digests(span.number, span.head, ordinals)
        return [ordinal for ordinal in ordinals if before.get(ordinal) != after.get(ordinal)]

    def item_pairs(self, span: VersionSpan, ordinals: Sequence[int]) -> list[ItemPair]:
        """Return items at two versions, as many of the first as a page may hold."""
        before = self._rows(span.number, span.base, ordinals)
        after = self._rows(span.number, span.head, ordinals)
        pairs = [(before.get(ordinal), after.get(ordinal)) for ordinal in ordinals]
        flat = [row for pair in pairs for row in pair if row is not None]
        sizes = iter(row_sizes(self._reader, flat, BODIES))
        kept = pairs[: fitting([sum(next(sizes) for row in pair if row) for pair in pairs])]
        wanted = [row for pair in kept for row in pair if row is not None]
        items = map(to_item, fill_bodies(self._reader, wanted, BODIES))
        return [ItemPair(*(next(items) if row else None for row in pair)) for pair in kept]

    def difference_counts(self, span: VersionSpan) -> DifferenceCounts:
        """Return how many items differ between two versions."""
        sql, params = self._touched(span, 0)
        rows = self._reader.query(
            _sides(
                sql,
                "COUNT(CASE WHEN b.ordinal IS NULL AND h.ordinal IS NOT NULL THEN 1 END), "
                "COUNT(CASE WHEN b.digest <> h.digest THEN 1 END), "
                "COUNT(CASE WHEN b.ordinal IS NOT NULL AND h.ordinal IS NULL THEN 1 END)",
            ),
            (*params, *_both(span)),
        )
        return DifferenceCounts(*rows[0])

    def _touched(self, span: VersionSpan, after: int) -> tuple[str, tuple[int, ...]]:
        low, high = min(span.base, span.head), max(span.base, span.head)
        bounds = (span.number, low, high)
        few = self._reader.query(
            f"SELECT COUNT(*) FROM (SELECT 1 FROM item WHERE {_BEGUN} LIMIT {_FEW}) AS begun "
            f"UNION ALL SELECT COUNT(*) FROM (SELECT 1 FROM item WHERE {_ENDED} LIMIT {_FEW}) "
            "AS ended",
            (*bounds, *bounds),
        )
        if sum(row[0] for row in few) < _FEW:
            return _TOUCHED, (*bounds, after, *bounds, after)
        return _TOUCHED_BY_PLACE, (span.number, after, low, high, low, high)

    def _digests(self, number: int, version: int, ordinals: Sequence[int]) -> dict[int, bytes]:
        return {
            ordinal: digest
            for start in range(0, len(ordinals), _SLICE)
            for ordinal, digest in self._reader.query(
                "SELECT ordinal, digest FROM item WHERE dataset = ? AND ordinal IN "
                f"({placeholders(len(ordinals[start : start + _SLICE]))}) "
                "AND +valid_from <= ? AND +valid_to > ?",
                (number, *ordinals[start : start + _SLICE], version, version),
            )
        }

    def _rows(
        self, number: int, version: int, ordinals: Sequence[int]
    ) -> dict[int, tuple[Any, ...]]:
        rows = self._reader.query(
            f"{VIEW} WHERE dataset = ? AND ordinal IN ({placeholders(len(ordinals))}) "
            "AND valid_from <= ? AND valid_to > ?",
            (number, *ordinals, version, version),
        )
        return {row[1]: row for row in rows}


def _both(span: VersionSpan) -> tuple[int, ...]:
    return (span.number, span.base, span.base, span.number, span.head, span.head)
