"""Reading the log and what lies beside it, whatever the database behind it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from trialbook.eventstore.chain import ORIGIN
from trialbook.eventstore.errors import StoreError
from trialbook.eventstore.events import RecordedEvent
from trialbook.eventstore.mapper import StructMapper
from trialbook.eventstore.transaction import Blanking, LogRow, RememberedCommand, SqlValue

_SELECT_EVENT = "SELECT position, stream, version, topic, state FROM event"
_SELECT_HEAD = "SELECT position, digest FROM event ORDER BY position DESC LIMIT 1"
_SELECT_COMMAND = "SELECT id, fingerprint, result, recorded_at FROM command"
_MOST_KEYS = 512


class LogReader(ABC):
    """A ``Reader`` over ``query``."""

    def __init__(self, mapper: StructMapper) -> None:
        self._mapper = mapper

    @abstractmethod
    def query(self, sql: str, params: Sequence[SqlValue] = ()) -> list[tuple[Any, ...]]:
        """Run a SELECT and return all its rows."""

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
        rows = list(self._by_keys(f"{_SELECT_EVENT} WHERE position IN", positions))
        found = {event.position: event for event in self._recorded(rows)}
        try:
            return [found[position] for position in positions]
        except KeyError as missing:
            raise StoreError(f"The log has no event at position {missing}.") from None

    def blobs(self, hashes: Collection[bytes]) -> dict[bytes, str]:
        """Return the texts stored under these digests."""
        return dict(self._by_keys("SELECT hash, content FROM blob WHERE hash IN", list(hashes)))

    def head(self) -> tuple[int, bytes]:
        """Return the last event's position and digest."""
        rows = self.query(_SELECT_HEAD)
        return (rows[0][0], rows[0][1]) if rows else (0, ORIGIN)

    def log_rows(self, *, after_position: int = 0, limit: int = 500) -> list[LogRow]:
        """Return a page of the log in order, without decoding it."""
        rows = self.query(
            "SELECT position, stream, version, topic, state, digest FROM event "
            "WHERE position > ? ORDER BY position LIMIT ?",
            (after_position, limit),
        )
        return [LogRow._make(row) for row in rows]

    def decoded(self, row: LogRow) -> RecordedEvent:
        """Return what a row holds."""
        metadata, event = self._mapper.decode_state(row.topic, row.state)
        return RecordedEvent(row.position, row.stream, row.version, row.topic, event, metadata)

    def blankings(self, *, after_position: int = 0, limit: int = 500) -> list[Blanking]:
        """Return a page of what was replaced in the log, by position."""
        rows = self.query(
            "SELECT position, state_hash, present_hash, command_id, recorded_at FROM blanked "
            "WHERE position > ? ORDER BY position LIMIT ?",
            (after_position, limit),
        )
        return [Blanking._make(row) for row in rows]

    def stored_blobs(self, *, after: bytes = b"", limit: int = 100) -> list[tuple[bytes, str]]:
        """Return a page of the blobs, by digest."""
        rows = self.query(
            "SELECT hash, content FROM blob WHERE hash > ? ORDER BY hash LIMIT ?", (after, limit)
        )
        return [(digest, content) for digest, content in rows]

    def remembered(self, *, after: str = "", limit: int = 500) -> list[RememberedCommand]:
        """Return a page of the remembered commands, by id."""
        rows = self.query(f"{_SELECT_COMMAND} WHERE id > ? ORDER BY id LIMIT ?", (after, limit))
        return [RememberedCommand(*row) for row in rows]

    def recall(self, command_id: str) -> RememberedCommand | None:
        """Return what was remembered under this id, or None."""
        rows = self.query(f"{_SELECT_COMMAND} WHERE id = ?", (command_id,))
        return RememberedCommand(*rows[0]) if rows else None

    def _by_keys(self, select: str, keys: Sequence[SqlValue]) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of ``select``, which ends in ``WHERE key IN``, for all the keys."""
        for some in key_slices(keys):
            yield from self.query(f"{select} ({','.join('?' * len(some))})", some)

    def _recorded(self, rows: Sequence[tuple[Any, ...]]) -> list[RecordedEvent]:
        recorded = []
        for position, stream, version, topic, state, *_ in rows:
            metadata, event = self._mapper.decode_state(topic, state)
            recorded.append(RecordedEvent(position, stream, version, topic, event, metadata))
        return recorded


def key_slices(keys: Sequence[SqlValue]) -> Iterator[list[SqlValue]]:
    """Cut keys into slices of few different lengths, for statements of few different texts."""
    for start in range(0, len(keys), _MOST_KEYS):
        some = list(keys[start : start + _MOST_KEYS])
        # The last key fills the slice up: naming a key twice finds its row once.
        yield some + some[-1:] * (_power_of_two_from(len(some)) - len(some))


def _power_of_two_from(number: int) -> int:
    return 1 << (number - 1).bit_length()
