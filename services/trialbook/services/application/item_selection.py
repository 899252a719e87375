"""Some of a version's items, chosen by ids, splits, tags, a filter, and by lot."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterator

import msgspec

from trialbook.services.application.item_filter import ItemFilter, parse_filter
from trialbook.services.application.item_reads import ItemMark
from trialbook.services.application.ports import Queries
from trialbook.services.application.views import ItemView
from trialbook.services.domain.selection import SampleTerms, SelectionTerms

MOST_SCANNED = 50_000
"""How many items one call looks at before it ends early."""
_SCANNED_PER_BODY = 10
"""So many items are looked at for what it costs to read the bodies of one."""
_MOST_BYTES = 2 * 1024 * 1024
_FEWEST_MARKS = 250
_MARKS = 2_000
_BODIES = 250
_HASHES = 2**64


class ItemSelection(msgspec.Struct, frozen=True):
    """Every part that is set must hold; None and empty restrict nothing."""

    item_ids: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    filter: ItemFilter | None = None
    sample: SampleTerms | None = None

    @property
    def everything(self) -> bool:
        """Whether it restricts nothing."""
        return self == EVERYTHING


EVERYTHING = ItemSelection()


def selection_of(terms: SelectionTerms | None) -> ItemSelection:
    """Return what terms select; None stands for everything. Raises Invalid for a bad filter."""
    if terms is None:
        return EVERYTHING
    condition = parse_filter("selection.filter", terms.filter) if terms.filter else None
    return ItemSelection(terms.item_ids, terms.splits, terms.tags, condition, terms.sample)


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


def count(queries: Queries, number: int, version: int, selection: ItemSelection) -> int:
    """Return how many items are selected, without the purged ones. Looks at all of the version."""
    if selection.everything:
        items = queries.datasets.version_item_count(number, version) or 0
        return items - queries.datasets.purged_count(number, version)
    chosen = resolved(queries, number, version, selection)
    if chosen.filter is None:
        return sum(1 for mark in _all_marks(queries, number, version, chosen) if not mark.purged)
    total, after = 0, 0
    while True:
        found = select(queries, number, version, chosen, after=after, limit=_MARKS, purged=False)
        total += len(found.rows)
        if found.after is None:
            return total
        after = found.after


def select(
    queries: Queries,
    number: int,
    version: int,
    selection: ItemSelection,
    *,
    after: int,
    limit: int,
    purged: bool = True,
    most_scanned: int = MOST_SCANNED,
) -> Selected:
    """Return up to `limit` selected items with ordinals above `after`, in order.

    Fewer, or none, if their bodies are large or few of many fit: go on from where it ended.
    `purged` says whether those whose content was erased are among them; `most_scanned` how many
    are looked at before it ends early. Resolve the selection first, or every call does so anew.
    """
    if selection.everything:
        page = queries.datasets.items(number, version, after, limit, purged=purged)
        return Selected(page.rows, page.rows[-1].ordinal if page.more else None)
    selection = resolved(queries, number, version, selection)
    scan = _Scan(queries, number, version, selection, after, most=most_scanned)
    rows: list[ItemView] = []
    size = 0
    while not scan.exhausted and not scan.spent:
        for item in scan.next_items():
            if item.purged_at is not None and not purged:
                continue
            if len(rows) == limit or (rows and size + _size(item) > _MOST_BYTES):
                return Selected(rows, rows[-1].ordinal)
            rows.append(item)
            size += _size(item)
    return Selected(rows, None if scan.exhausted else scan.after)


class _Scan:
    """Goes through a version, and passes over what is not selected, as cheaply as may be."""

    def __init__(
        self,
        queries: Queries,
        number: int,
        version: int,
        selection: ItemSelection,
        after: int,
        *,
        most: int,
    ) -> None:
        self._queries = queries
        self._number = number
        self._version = version
        self._selection = selection
        self._left = most
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
        return self._left <= 0

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
        self._left -= len(found) * _SCANNED_PER_BODY
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
        self._left -= len(marks)
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
        marks = _all_marks(queries, number, version, selection)
        yield from (lot(seed, mark.item_id) for mark in marks)
        return
    after: int | None = 0
    while after is not None:
        found = select(queries, number, version, selection, after=after, limit=_MARKS)
        yield from (lot(seed, item.item_id) for item in found.rows)
        after = found.after


def _all_marks(
    queries: Queries, number: int, version: int, selection: ItemSelection
) -> Iterator[ItemMark]:
    """Yield the marks of all that everything but the filter selects."""
    passed, end = 0, False
    while not end:
        marks, end = _marks(queries, number, version, selection, after=passed, limit=_MARKS)
        yield from (mark for mark in marks if _fits(selection, mark))
        passed = marks[-1].ordinal if marks else passed


def _size(item: ItemView) -> int:
    return sum(
        len(text) for text in (item.input, item.expected, item.context, item.metadata) if text
    )
