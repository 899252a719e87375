"""What the application asks of storage about items beyond plain listings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from trialbook.services.application.views import ItemView, Page, VersionView


class ItemMark(msgspec.Struct, frozen=True):
    """What a selection is decided on without an item's bodies."""

    ordinal: int
    item_id: str
    tags: tuple[str, ...]
    split: str
    purged: bool = False


class ItemSpell(msgspec.Struct, frozen=True):
    """An item's content, and the version from which it holds no more."""

    item: ItemView
    until: int


class ItemPair(msgspec.Struct, frozen=True):
    """An item at two versions; None where a version does not have it."""

    before: ItemView | None
    after: ItemView | None


class DifferenceCounts(msgspec.Struct, frozen=True):
    """How many items differ between two versions."""

    added: int
    changed: int
    removed: int


class SameItems(msgspec.Struct, frozen=True):
    """Items that are the same, by ordinal: the first one, and those after it."""

    first: int
    others: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class VersionSpan:
    """Two versions of a dataset, in any order."""

    number: int
    base: int
    head: int


class ItemReads(Protocol):
    """Histories, differences and selections of one snapshot."""

    def item_marks(
        self, number: int, version: int, after: int, limit: int, splits: Sequence[str]
    ) -> list[ItemMark]:
        """Return marks of items with ordinals above `after`; of any split if none is named."""
        ...

    def marks_of(self, number: int, version: int, item_ids: Sequence[str]) -> list[ItemMark]:
        """Return marks of those of these items that the version has, in order."""
        ...

    def extras_with_scorers(
        self, number: int, version: int, after: int, limit: int
    ) -> Page[tuple[int, str]]:
        """Return the extras of items with scorers of their own, by ordinal, above `after`."""
        ...

    def metadata_at(
        self, number: int, version: int, after: int, limit: int
    ) -> list[tuple[int, str | None]]:
        """Return (ordinal, metadata) of a version's items with ordinals above `after`, in order."""
        ...

    def ids_of(self, number: int, ordinals: Sequence[int]) -> dict[int, str]:
        """Return the ids of items by ordinal."""
        ...

    def purged_count(self, number: int, version: int) -> int:
        """Return how many of a version's items are purged."""
        ...

    def spells(self, number: int, item_id: str, before: int, limit: int) -> Page[ItemSpell]:
        """Return an item's contents that began below version `before`, newest first."""
        ...

    def versions_at(self, number: int, versions: Sequence[int]) -> dict[int, VersionView]:
        """Return these versions by number."""
        ...

    def changed_ordinals(self, span: VersionSpan, after: int, limit: int) -> list[int]:
        """Return which items were touched between two versions, in order, above `after`."""
        ...

    def differing(self, span: VersionSpan, ordinals: Sequence[int]) -> list[int]:
        """Return which of these items differ between two versions, in order."""
        ...

    def item_pairs(self, span: VersionSpan, ordinals: Sequence[int]) -> list[ItemPair]:
        """Return items at two versions, as many of the first as a page may hold."""
        ...

    def difference_counts(self, span: VersionSpan) -> DifferenceCounts:
        """Return how many items differ between two versions."""
        ...
