"""Writing inside a transaction, as far as it is the same for every database."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager

import msgspec

from trialbook.eventstore.errors import StoreError, VersionConflict
from trialbook.eventstore.events import Metadata, RecordedEvent
from trialbook.eventstore.log import (
    BLANKED_COLUMNS,
    BLANKED_TABLE,
    Entry,
    blanking,
    chained,
    require_continuation,
)
from trialbook.eventstore.mapper import StructMapper
from trialbook.eventstore.reader import LogReader, key_slices
from trialbook.eventstore.transaction import Blanking, LogRow, Projection, SqlValue

_REPLAY_PAGE = 64
_MOST_VERSIONS = 20_000
_REPLACE_BLANKING = (
    "ON CONFLICT (position) DO UPDATE SET present_hash = excluded.present_hash, "
    "command_id = excluded.command_id, recorded_at = excluded.recorded_at"
)


class LogSession(LogReader):
    """A ``Transaction`` over a few statements that each database has its own way with."""

    def __init__(self, mapper: StructMapper, projection: Projection) -> None:
        super().__init__(mapper)
        self._projection = projection
        self._callbacks: list[Callable[[], None]] = []
        self._projecting = False
        self._replaying = False
        # Where the log and its streams stand in this transaction; None and nothing if not known.
        self._at: tuple[int, bytes] | None = None
        self._last_known: tuple[int, bytes] | None = None
        self._versions: dict[str, int] = {}
        # Whether this transaction may have made the log longer; undoing a part leaves it true.
        self._grew = False

    @property
    @abstractmethod
    def _whole(self) -> AbstractContextManager[None]:
        """A block that is kept as a whole: an error in it spoils the request."""

    @abstractmethod
    def execute(self, sql: str, params: Sequence[SqlValue] = ()) -> int:
        """Run one statement and return how many rows it changed."""

    @abstractmethod
    def insert(
        self,
        table: str,
        columns: tuple[str, ...],
        rows: Sequence[tuple[SqlValue, ...]],
        *,
        on_conflict: str = "",
    ) -> None:
        """Insert many rows with few statements."""

    @abstractmethod
    def _write_log(self, rows: Sequence[LogRow]) -> None:
        """Put rows at the end of the log."""

    def head(self) -> tuple[int, bytes]:
        """Return the last event's position and digest."""
        return self._at or self._stand_at(super().head())

    def append(
        self,
        stream: str,
        events: Sequence[msgspec.Struct],
        *,
        expected_version: int | None,
        metadata: Metadata,
    ) -> list[RecordedEvent]:
        """Add events at the end of a stream, then show each to the projection."""
        self._refuse_from_projection()
        states = [
            (self._mapper.topic_of(event), self._mapper.encode_state(event, metadata))
            for event in events
        ]
        actual = self._version_of(stream, expected_version if events else None)
        if expected_version is not None and expected_version != actual:
            raise VersionConflict(stream, expected_version, actual)
        entries: list[Entry] = [
            (stream, version, topic, state)
            for version, (topic, state) in enumerate(states, start=actual + 1)
        ]
        if not entries:
            return []
        with self._whole:
            rows = chained(self.head(), entries)
            self._add_rows(rows)
            recorded = [
                RecordedEvent(row.position, stream, row.version, row.topic, event, metadata)
                for row, event in zip(rows, events, strict=True)
            ]
            self._project(recorded)
        return recorded

    def restore(self, rows: Sequence[LogRow], blankings: Sequence[Blanking]) -> list[RecordedEvent]:
        """Append rows of another log that continue this one exactly."""
        self._refuse_from_projection()
        require_continuation(self.head(), rows, blankings)
        self._require_versions(rows)
        with self._whole:
            self._add_rows(rows)
            self.insert(BLANKED_TABLE, BLANKED_COLUMNS, blankings)
            recorded = self._recorded(rows)
            self._project(recorded)
        return recorded

    def blank(self, position: int, event: msgspec.Struct, metadata: Metadata | None = None) -> None:
        """Replace the content of an event that is in the log already."""
        self._refuse_from_projection()
        rows = self.query("SELECT topic, state FROM event WHERE position = ?", (position,))
        if not rows:
            raise StoreError(f"The log has no event at position {position}.")
        topic, state = rows[0]
        if not self._mapper.registry.is_of(topic, event):
            raise StoreError(
                f"The event at position {position} is a {topic!r}; "
                f"{type(event).__qualname__} cannot take its place."
            )
        kept, _ = self._mapper.decode_state(topic, state)
        replacement = self._mapper.encode_in_place_of(topic, event, kept)
        if replacement != state:
            self._replace_state(blanking(position, state, replacement, metadata), replacement)

    def remember(
        self, command_id: str, fingerprint: bytes, result: bytes, recorded_at: int
    ) -> None:
        """Store a command's result under its id."""
        self._refuse_from_projection()
        self.insert(
            "command",
            ("id", "fingerprint", "result", "recorded_at"),
            [(command_id, fingerprint, result, recorded_at)],
        )

    def forget_commands(self, before: int) -> int:
        """Forget the commands recorded before a time, in microseconds; return how many."""
        self._refuse_from_projection()
        return self.execute("DELETE FROM command WHERE recorded_at < ?", (before,))

    def put_blobs(self, contents: Mapping[bytes, str]) -> None:
        """Store texts under their SHA-256 digests; those that are there already stay."""
        self.insert(
            "blob",
            ("hash", "content"),
            list(contents.items()),
            on_conflict="ON CONFLICT (hash) DO NOTHING",
        )

    def delete_blobs(self, hashes: Collection[bytes]) -> int:
        """Delete the texts stored under these digests; return how many there were."""
        self._refuse_from_projection()
        return sum(
            self.execute(f"DELETE FROM blob WHERE hash IN ({','.join('?' * len(some))})", some)
            for some in key_slices(list(hashes))
        )

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call back once the commit is durable."""
        if not self._replaying:
            self._callbacks.append(callback)

    def replay(self, progress: Callable[[int], None] | None = None) -> int:
        """Show the whole log to the projection again and return how many events that were.

        What it registers to be called after the commit is forgotten: the events are not new.
        """
        self._replaying = True
        try:
            count = 0
            position = 0
            while page := self.events(after_position=position, limit=_REPLAY_PAGE):
                with self._whole:
                    self._project(page)
                position = page[-1].position
                count += len(page)
                if progress is not None:
                    progress(count)
        finally:
            self._replaying = False
        return count

    def _stand_at(self, head: tuple[int, bytes]) -> tuple[int, bytes]:
        """Take note of the log's head at the beginning of a transaction."""
        if head != self._last_known:
            # Somebody else has written since this session knew the streams' versions.
            self._versions.clear()
        self._at = self._last_known = head
        return head

    def _stand_nowhere(self) -> None:
        """Forget where the log stands: what was written is undone."""
        self._at = self._last_known = None
        self._versions.clear()

    def _add_rows(self, rows: Sequence[LogRow]) -> None:
        self._write_log(rows)
        for row in rows:
            self._versions[row.stream] = row.version
        if rows:
            self._grew = True
            self._at = self._last_known = (rows[-1].position, rows[-1].digest)

    def _version_of(self, stream: str, expected: int | None = None) -> int:
        self.head()
        version = self._versions.get(stream)
        if version is None:
            version = self._read_version(stream, expected)
            if len(self._versions) >= _MOST_VERSIONS:
                self._versions.clear()
            self._versions[stream] = version
        return version

    def _read_version(self, stream: str, expected: int | None) -> int:  # noqa: ARG002
        """Return a stream's version; a session may trust what the caller expects, and check."""
        rows = self.query("SELECT MAX(version) FROM event WHERE stream = ?", (stream,))
        return int(rows[0][0] or 0)

    def _require_versions(self, rows: Sequence[LogRow]) -> None:
        versions: dict[str, int] = {}
        for row in rows:
            before = versions.get(row.stream)
            if before is None:
                before = self._version_of(row.stream)
            if row.version != before + 1:
                raise StoreError(
                    f"At position {row.position} stream {row.stream!r} goes from version "
                    f"{before} to {row.version}."
                )
            versions[row.stream] = row.version

    def _replace_state(self, blanked: Blanking, replacement: bytes) -> None:
        with self._whole:
            self.execute(
                "UPDATE event SET state = ? WHERE position = ?", (replacement, blanked.position)
            )
            self.insert(BLANKED_TABLE, BLANKED_COLUMNS, [blanked], on_conflict=_REPLACE_BLANKING)

    def _project(self, recorded: Sequence[RecordedEvent]) -> None:
        self._projecting = True
        try:
            for event in recorded:
                self._projection(event, self)
        finally:
            self._projecting = False

    def _refuse_from_projection(self) -> None:
        # A replay would do it again: what a projection writes must follow from the event alone.
        if self._projecting:
            raise StoreError("A projection writes read models only, neither events nor commands.")
