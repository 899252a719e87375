"""What a batch has written but not yet sent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from trialbook.eventstore.log import LOG_TABLE
from trialbook.eventstore.transaction import LogRow, SqlValue

_UPDATES = re.compile(r"\bDO\s+UPDATE\b", re.IGNORECASE)
_TARGET = re.compile(r"\s*ON\s+CONFLICT\s*\(([\w\s,]+)\)", re.IGNORECASE)


@dataclass(slots=True)
class PendingRows:
    """Rows that one statement can insert."""

    table: str
    columns: tuple[str, ...]
    on_conflict: str
    rows: list[tuple[SqlValue, ...]] = field(default_factory=list)
    keys: set[tuple[SqlValue, ...]] | None = None
    """The keys of rows so far, where a later row may take the place of an earlier one: a single
    statement must not touch a row twice."""
    key_places: tuple[int, ...] = ()

    def takes(self, rows: Sequence[tuple[SqlValue, ...]]) -> bool:
        """Take rows and return True, unless some of them must wait for another statement."""
        if self.keys is not None:
            new = {tuple(row[place] for place in self.key_places) for row in rows}
            if len(new) < len(rows) or not self.keys.isdisjoint(new):
                return False
            self.keys |= new
        self.rows.extend(rows)
        return True


def pending_rows(table: str, columns: tuple[str, ...], on_conflict: str) -> PendingRows:
    """Return a place for rows that go into a table in the same way."""
    if not _UPDATES.search(on_conflict):
        return PendingRows(table, columns, on_conflict)
    target = _TARGET.match(on_conflict)
    if target is None:
        # Which rows are one is for the database to tell: each might be any other.
        return PendingRows(table, columns, on_conflict, keys=set())
    places = tuple(columns.index(name.strip()) for name in target.group(1).split(","))
    return PendingRows(table, columns, on_conflict, keys=set(), key_places=places)


class Pending:
    """Events and rows in the order in which they go to the server."""

    def __init__(self) -> None:
        self.events: list[LogRow] = []
        self.known: dict[str, int] = {}
        """The versions at which streams must stand in the log as it is at the server."""
        self._groups: dict[tuple[str, tuple[str, ...], str], list[PendingRows]] = {}
        self._tables: dict[str, tuple[str, tuple[str, ...], str]] = {}
        self.size = 0
        """How many rows wait."""

    def touches(self, words: frozenset[str]) -> bool:
        """Whether a statement with these words may see what waits."""
        if self.events and LOG_TABLE in words:
            return True
        return bool(self._tables) and not words.isdisjoint(self._tables)

    def takes_for(self, table: str, columns: tuple[str, ...], on_conflict: str) -> bool:
        """Whether rows for a table may wait beside what waits already."""
        key = self._tables.get(table.lower())
        return key is None or key == (table.lower(), columns, on_conflict)

    def add(
        self,
        table: str,
        columns: tuple[str, ...],
        on_conflict: str,
        rows: Sequence[tuple[SqlValue, ...]],
    ) -> None:
        """Let rows wait."""
        key = (table.lower(), columns, on_conflict)
        groups = self._groups.setdefault(key, [])
        self._tables[key[0]] = key
        self.size += len(rows)
        if groups and groups[-1].takes(rows):
            return
        groups.append(pending_rows(*key))
        if groups[-1].takes(rows):
            return
        for row in rows:
            if not groups[-1].takes([row]):
                groups.append(pending_rows(*key))
                groups[-1].takes([row])

    def rows(self) -> Iterator[PendingRows]:
        """Yield the rows that wait, by statement."""
        for groups in self._groups.values():
            yield from groups
