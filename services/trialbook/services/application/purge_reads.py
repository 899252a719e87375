"""What the application asks of storage to erase the content of items wherever it lies."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

import msgspec

from trialbook.services.domain.dataset import ItemKey


class PurgeScope(msgspec.Struct, frozen=True):
    """The items of a dataset whose content is to be erased."""

    number: int
    uid: str
    item_ids: frozenset[str]


class Traces(msgspec.Struct, frozen=True):
    """Where content of items was found: events, and (run, number) of results.

    The log was searched up to `position`.
    """

    events: tuple[int, ...]
    results: tuple[tuple[int, int], ...]
    position: int


class Erased(msgspec.Struct, frozen=True):
    """What was erased: results, by (run, number), how many events, and bodies that lay outside."""

    results: frozenset[tuple[int, int]]
    events: int
    blobs: frozenset[bytes]


class PurgeCandidate(msgspec.Struct, frozen=True):
    """An item that is to be purged: whether it is current, and whether it is purged already."""

    key: ItemKey
    live: bool
    purged: bool


class PurgeReads(Protocol):
    """Finds content."""

    def candidates(self, number: int, item_ids: Sequence[str]) -> list[PurgeCandidate]:
        """Return those of these items that the dataset ever had, in order of insertion."""
        ...

    def run_in_progress(self, number: int) -> str | None:
        """Return the name of a run of this dataset that has not ended."""
        ...

    def traces(self, scope: PurgeScope) -> Traces:
        """Return where the log and the results hold content. Reads the whole of both."""
        ...


class PurgeTable(PurgeReads, Protocol):
    """Erases content."""

    def erase(self, scope: PurgeScope, traces: Traces) -> Erased:
        """Blank the events found, those that came since, and what results and scores hold.

        The items' own rows are left to their event.
        """
        ...

    def drop_blobs(self, digests: Collection[bytes]) -> int:
        """Delete those of these bodies that nothing refers to; return how many."""
        ...
