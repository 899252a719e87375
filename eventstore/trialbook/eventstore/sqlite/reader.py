"""Reading inside a transaction of SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from typing import Any

from trialbook.eventstore.errors import StoreError
from trialbook.eventstore.events import RecordedEvent
from trialbook.eventstore.mapper import StructMapper
from trialbook.eventstore.sqlite.failures import driver_errors_translated
from trialbook.eventstore.sqlite.statements import select_by_keys
from trialbook.eventstore.transaction import SqlValue

_SELECT_EVENT = "SELECT position, stream, version, topic, state FROM event"


class SQLiteReader:
    """A ``Reader`` over a cursor whose transaction someone else begins and ends."""

    def __init__(self, cursor: sqlite3.Cursor, mapper: StructMapper) -> None:
        self._cursor = cursor
        self._mapper = mapper

    def query(self, sql: str, params: Sequence[SqlValue] = ()) -> list[tuple[Any, ...]]:
        """Run a SELECT and return all its rows."""
        with driver_errors_translated:
            return self._cursor.execute(sql, params).fetchall()

    def load(self, stream: str, *, after_version: int = 0) -> list[RecordedEvent]:
        """Return the events of a stream in order."""
        return self._recorded(
            self.query(
                f"{_SELECT_EVENT} WHERE stream = ? AND version > ? ORDER BY version",
                (stream, after_version),
            )
        )

    def events(
        self, *, after_position: int = 0, limit: int = 500, topics: Sequence[str] = ()
    ) -> list[RecordedEvent]:
        """Return a page of the log in order."""
        named = f" AND topic IN ({','.join('?' * len(topics))})" if topics else ""
        return self._recorded(
            self.query(
                f"{_SELECT_EVENT} WHERE position > ?{named} ORDER BY position LIMIT ?",
                (after_position, *topics, limit),
            )
        )

    def events_at(self, positions: Sequence[int]) -> list[RecordedEvent]:
        """Return the events at these positions, in the order asked."""
        with driver_errors_translated:
            rows = list(
                select_by_keys(self._cursor, f"{_SELECT_EVENT} WHERE position IN", positions)
            )
        found = {event.position: event for event in self._recorded(rows)}
        try:
            return [found[position] for position in positions]
        except KeyError as missing:
            raise StoreError(f"The log has no event at position {missing}.") from None

    def blobs(self, hashes: Collection[bytes]) -> dict[bytes, str]:
        """Return the texts stored under these digests."""
        with driver_errors_translated:
            return dict(
                select_by_keys(
                    self._cursor, "SELECT hash, content FROM blob WHERE hash IN", list(hashes)
                )
            )

    def _recorded(self, rows: list[tuple[Any, ...]]) -> list[RecordedEvent]:
        recorded = []
        for position, stream, version, topic, state in rows:
            metadata, event = self._mapper.decode_state(topic, state)
            recorded.append(RecordedEvent(position, stream, version, topic, event, metadata))
        return recorded
