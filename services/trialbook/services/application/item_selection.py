"""Some of a version's items, chosen by ids, splits, tags, a filter, and by lot."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterator

import msgspec

from trialbook.services.application.item_filter import ItemFilter
from trialbook.services.application.item_reads import ItemMark
from trialbook.services.application.ports import Queries
from trialbook.services.application.views import ItemView

MOST_SCANNED = 50_000
"""How many items one call looks at before it ends early."""
_MOST_BODIES = 5_000
"""Likewise for items whose bodies must be read."""
_MOST_BYTES = 2 * 1024 * 1024
_FEWEST_MARKS = 250
_MARKS = 2_000
_BODIES = 250
_HASHES = 2**64


class Sample(msgspec.Struct, frozen=True):
    """A choice by lot: so many items, or each with this chance.

    `threshold` is the highest lot that is chosen, once that is known.
    """

    seed: int
    count: int | None = None
    fraction: float | None = None
    threshold: int | None = None


class ItemSelection(msgspec.Struct, frozen=True):
    """Every part that is set must hold; None and empty restrict nothing."""

    item_ids: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    filter: ItemFilter | None = None
    sample: Sample | None = None

    @property
    def everything(self) -> bool:
        """Whether it restricts nothing."""
        return self == _EVERYTHING


_EVERYTHING = ItemSelection()


class Selected(msgspec.Struct, frozen=True):
    """Some selected items; `after` is where to go on, None if there are no more."""

    rows: list[ItemView]
    after: int | None


def lot(seed: int, item_id: str) -> int:
    """Return the lot of an item, which depends on nothing else: 64 bits."""
    digest = hashlib.blake2b(f"{seed}:{item_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def resolved(
    queries: Queries, number: int, version: int, selection: ItemSelection
) -> ItemSelection:
    """Return a selection whose sample knows its threshold.

    For a sample by count that means to look at all that the other parts select.
    """
    sample = selection.sample
    if sample is None or sample.threshold is not None:
        return selection
    if sample.count is None:
        threshold = min(_HASHES - 1, round((sample.fraction or 0.0) * _HASHES) - 1)
    else:
        others = msgspec.structs.replace(selection, sample=None)
        lots = _lots(queries, number, version, others, sample.seed)
        smallest = heapq.nsmallest(sample.count, lots)
        threshold = smallest[-1] if len(smallest) == sample.count else _HASHES - 1
    found = msgspec.structs.replace(sample, threshold=threshold)
    return msgspec.structs.replace(selection, sample=found)


def select(
    queries: Queries, number: int, version: int, selection: ItemSelection, *, after: int, limit: int
) -> Selected:
    """Return up to `limit` selected items with ordinals above `after`, in order.

    Fewer, or none, if their bodies are large or few of many fit: go on from where it ended.
    Resolve the selection first, or every call does so anew.
    """
    if selection.everything:
        page = queries.datasets.items(number, version, after, limit)
        return Selected(page.rows, page.rows[-1].ordinal if page.more else None)
    selection = resolved(queries, number, version, selection)
    scan = _Scan(queries, number, version, selection, after)
    rows: list[ItemView] = []
    size = 0
    while not scan.exhausted and not scan.spent:
        for item in scan.next_items():
            if len(rows) == limit or (rows and size + _size(item) > _MOST_BYTES):
                return Selected(rows, rows[-1].ordinal)
            rows.append(item)
            size += _size(item)
    return Selected(rows, None if scan.exhausted else scan.after)


class _Scan:
    """Goes through a version, and passes over what is not selected, as cheaply as may be."""

    def __init__(
        self, queries: Queries, number: int, version: int, selection: ItemSelection, after: int
    ) -> None:
        self._queries = queries
        self._number = number
        self._version = version
        self._selection = selection
        self._scanned = 0
        self._read = 0
        self._marks_wanted = _FEWEST_MARKS
        self._waiting: list[int] = []
        self._end = False
        self._passed = after
        self.after = after

    @property
    def exhausted(self) -> bool:
        """Whether there is nothing left."""
        return self._end and not self._waiting

    @property
    def spent(self) -> bool:
        """Whether enough was looked at for one call."""
        return self._scanned >= MOST_SCANNED or self._read >= _MOST_BODIES

    def next_items(self) -> Iterator[ItemView]:
        """Yield the selected ones of the next few items, with their bodies."""
        if not self._waiting:
            marks = self._marks()
            self._waiting = [mark.ordinal for mark in marks if _fits(self._selection, mark)]
            if not self._waiting:
                self.after = self._passed
                return
        some = self._waiting[:_BODIES]
        found = self._queries.datasets.items_at(self._number, self._version, some)
        del self._waiting[: len(found)]
        self._read += len(found)
        condition = self._selection.filter
        for item in found.values():
            if condition is None or condition.holds(item):
                yield item
        self.after = self._passed if not self._waiting else some[len(found) - 1]

    def _marks(self) -> list[ItemMark]:
        marks, self._end = _marks(
            self._queries,
            self._number,
            self._version,
            self._selection,
            after=self._passed,
            limit=self._marks_wanted,
        )
        self._marks_wanted = min(2 * self._marks_wanted, _MARKS)
        self._scanned += len(marks)
        self._passed = marks[-1].ordinal if marks else self._passed
        return marks


def _marks(
    queries: Queries, number: int, version: int, selection: ItemSelection, *, after: int, limit: int
) -> tuple[list[ItemMark], bool]:
    """Return the next items that ids and splits select, and whether they are the last."""
    if not selection.item_ids:
        marks = queries.datasets.item_marks(number, version, after, limit, selection.splits)
        return marks, len(marks) < limit
    named = queries.datasets.marks_of(number, version, selection.item_ids)
    splits = selection.splits
    return [
        mark for mark in named if mark.ordinal > after and (not splits or mark.split in splits)
    ], True


def _fits(selection: ItemSelection, mark: ItemMark) -> bool:
    sample = selection.sample
    return (not selection.tags or set(selection.tags) <= set(mark.tags)) and (
        sample is None
        or (sample.threshold is not None and lot(sample.seed, mark.item_id) <= sample.threshold)
    )


def _lots(
    queries: Queries, number: int, version: int, selection: ItemSelection, seed: int
) -> Iterator[int]:
    """Yield the lots of all that is selected."""
    if selection.filter is None:
        passed, end = 0, False
        while not end:
            marks, end = _marks(queries, number, version, selection, after=passed, limit=_MARKS)
            yield from (lot(seed, mark.item_id) for mark in marks if _fits(selection, mark))
            passed = marks[-1].ordinal if marks else passed
        return
    after: int | None = 0
    while after is not None:
        found = select(queries, number, version, selection, after=after, limit=_MARKS)
        yield from (lot(seed, item.item_id) for item in found.rows)
        after = found.after


def _size(item: ItemView) -> int:
    return sum(
        len(text) for text in (item.input, item.expected, item.context, item.metadata) if text
    )
