"""The contents of a version of a dataset, to tell whether it has a given one.

Held in memory, sorted, 16 bytes an item. A table's index would have to be kept up with every
item that is written, at random places, which costs more than all the rest of an import.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from trialbook.services.application.ports import Store
from trialbook.services.application.views import DatasetView
from trialbook.services.domain.canonical import DIGEST_SIZE

_PARTS = 256
_PAGE = 20_000


class ContentIndex:
    """Digests in parts by their first byte, each part sorted."""

    def __init__(self) -> None:
        self._parts = [b""] * _PARTS
        self._unsorted = [bytearray() for _ in range(_PARTS)]

    def add(self, digests: Iterable[bytes]) -> None:
        """Take digests in any order; `sort` must follow."""
        for digest in digests:
            self._unsorted[digest[0]] += digest

    def sort(self) -> None:
        """Make what was added known."""
        for place, part in enumerate(self._unsorted):
            found = self._parts[place] + part
            self._parts[place] = b"".join(
                sorted(
                    found[start : start + DIGEST_SIZE]
                    for start in range(0, len(found), DIGEST_SIZE)
                )
            )
            part.clear()

    def __contains__(self, digest: bytes) -> bool:
        part = self._parts[digest[0]]
        low, high = 0, len(part) // DIGEST_SIZE
        while low < high:
            middle = (low + high) // 2
            start = middle * DIGEST_SIZE
            found = part[start : start + DIGEST_SIZE]
            if found == digest:
                return True
            low, high = (middle + 1, high) if found < digest else (low, middle)
        return False


async def read_contents(store: Store, view: DatasetView) -> ContentIndex:
    """Return the contents of a dataset's version, page by page and on threads."""
    index, after = ContentIndex(), 0
    while True:
        rows = await store.read(
            lambda q: q.datasets.digests_at(view.number, view.version, after, _PAGE)  # noqa: B023 — awaited at once
        )
        await asyncio.to_thread(index.add, [digest for _, digest in rows if digest])
        if len(rows) < _PAGE:
            await asyncio.to_thread(index.sort)
            return index
        after = rows[-1][0]
