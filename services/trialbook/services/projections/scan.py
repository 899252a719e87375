"""Finds events in the log for those who want few of many, in bounded steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from trialbook.eventstore import Reader, RecordedEvent
from trialbook.services.application.event import Scope, Selection
from trialbook.services.projections.columns import placeholders
from trialbook.services.projections.owner import owners_of, uid_of

# What one scan may cost: it then stops, and another one goes on where it stood.
_WINDOW = 50_000
_WINDOWS = 4
_ROWS = 500
_MOST_ROWS = 2_000
_MOST_BYTES = 8 * 1024 * 1024
# What is decoded at a time.
_SLICE_ROWS = 64
_SLICE_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Found:
    """An event, and whose it is."""

    recorded: RecordedEvent
    owner: Scope


class LogScan:
    """Yields the events from `first` to `last` that may be wanted, up or down the log.

    What is told from a row alone is checked: name, uid and project; the rest is the caller's.
    `reached` is the last position that was passed, `exhausted` whether there is nothing beyond.
    """

    def __init__(
        self,
        reader: Reader,
        selection: Selection,
        uids: Sequence[str] | None,
        first: int,
        last: int,
        *,
        downwards: bool,
    ) -> None:
        self._reader = reader
        self._selection = selection
        self._uids = None if uids is None else frozenset(uids)
        self._first = first
        self._last = last
        self._downwards = downwards
        self._rows_left = _MOST_ROWS
        self._bytes_left = _MOST_BYTES
        self.reached = last + 1 if downwards else first - 1

    @property
    def exhausted(self) -> bool:
        """Whether the scan has passed all that it was made for."""
        return self.reached <= self._first if self._downwards else self.reached >= self._last

    def __iter__(self) -> Iterator[Found]:
        for _ in range(_WINDOWS):
            if self.exhausted:
                return
            low, high = self._window()
            rows = self._rows(low, high)
            yield from self._wanted(rows)
            if self._spent:
                return
            if len(rows) < _ROWS:
                self.reached = low if self._downwards else high
            else:
                self.reached = rows[-1][0]

    @property
    def _spent(self) -> bool:
        return self._rows_left <= 0 or self._bytes_left <= 0

    def _window(self) -> tuple[int, int]:
        if self._downwards:
            high = self.reached - 1
            return max(self._first, high - _WINDOW + 1), high
        low = self.reached + 1
        return low, min(self._last, low + _WINDOW - 1)

    def _rows(self, low: int, high: int) -> list[tuple[Any, ...]]:
        topics = sorted(self._selection.topics)
        named = f"AND topic IN ({placeholders(len(topics))})" if topics else ""
        order = "DESC" if self._downwards else "ASC"
        return self._reader.query(
            f"SELECT position, stream, LENGTH(state) FROM event "
            f"WHERE position >= ? AND position <= ? {named} ORDER BY position {order} LIMIT ?",
            (low, high, *topics, _ROWS),
        )

    def _wanted(self, rows: list[tuple[Any, ...]]) -> Iterator[Found]:
        if self._uids is not None:
            rows = [row for row in rows if uid_of(row[1])[1] in self._uids]
        owners = owners_of(self._reader, {row[1] for row in rows})
        project = self._selection.project
        rows = [row for row in rows if not project or owners[row[1]].project == project]
        for some in _slices(rows):
            self._rows_left -= len(some)
            self._bytes_left -= sum(size for _, _, size in some)
            for recorded in self._reader.events_at([position for position, _, _ in some]):
                yield Found(recorded, owners[recorded.stream])
            self.reached = some[-1][0]
            if self._spent:
                return


def _slices(rows: list[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    """Cut rows into pieces that may be decoded at a time."""
    some: list[tuple[Any, ...]] = []
    size = 0
    for row in rows:
        if some and (len(some) == _SLICE_ROWS or size + row[2] > _SLICE_BYTES):
            yield some
            some, size = [], 0
        some.append(row)
        size += row[2]
    if some:
        yield some


def first_at(reader: Reader, moment: int, head: int) -> int:
    """Return the first position of an event that was recorded at a time or later.

    `head` + 1 if there is none. Where the clock ran back it is one of several such places.
    """
    low, high = 1, head + 1
    while low < high:
        middle = (low + high) // 2
        found = reader.events(after_position=middle - 1, limit=1)
        if not found or found[0].metadata.recorded_at >= moment:
            high = middle
        else:
            low = found[0].position + 1
    return low
