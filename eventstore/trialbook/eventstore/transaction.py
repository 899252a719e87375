"""What a piece of work may do inside a read or a write, whatever the database behind it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import msgspec

from trialbook.eventstore.events import Metadata, RecordedEvent

SqlValue = str | int | float | bytes | None
"""What a placeholder ``?`` takes."""


@dataclass(frozen=True, slots=True)
class RememberedCommand:
    """What the first execution of a command stored, for those who repeat it."""

    command_id: str
    fingerprint: bytes
    """Tells a repetition from another command under the same id."""
    result: bytes
    recorded_at: int
    """Microseconds since 1970-01-01T00:00:00Z."""


class LogRow(NamedTuple):
    """An event as its row holds it, bytes and all."""

    position: int
    stream: str
    version: int
    topic: str
    state: bytes
    digest: bytes
    """Covers this event and all before it; see ``trialbook.eventstore.chain``."""


class Blanking(NamedTuple):
    """Tells that the state of an event was replaced, which the log allows for erasure only."""

    position: int
    state_hash: bytes
    """The SHA-256 digest of the state that the event was recorded with: the chain needs it."""
    present_hash: bytes
    """The SHA-256 digest of the state that stands there now."""
    command_id: str
    """The command that asked for it; empty if none is known."""
    recorded_at: int
    """Microseconds since 1970-01-01T00:00:00Z."""


class Reader(Protocol):
    """Reads one snapshot of the database."""

    def query(self, sql: str, params: Sequence[SqlValue] = ()) -> list[tuple[Any, ...]]:
        """Run a SELECT and return all its rows."""
        ...

    def load(self, stream: str, *, after_version: int = 0) -> list[RecordedEvent]:
        """Return the events of a stream in order; none if there is no such stream."""
        ...

    def events(
        self, *, after_position: int = 0, limit: int = 500, topics: Sequence[str] = ()
    ) -> list[RecordedEvent]:
        """Return a page of the log in order; ``topics`` restricts it to those names."""
        ...

    def events_at(self, positions: Sequence[int]) -> list[RecordedEvent]:
        """Return the events at these positions, in the order asked.

        Raises StoreError if a position holds no event.
        """
        ...

    def blobs(self, hashes: Collection[bytes]) -> dict[bytes, str]:
        """Return the texts stored under these SHA-256 digests; unknown digests are left out."""
        ...

    def head(self) -> tuple[int, bytes]:
        """Return the last event's position and digest; 0 and 32 zero bytes for an empty log."""
        ...

    def log_rows(self, *, after_position: int = 0, limit: int = 500) -> list[LogRow]:
        """Return a page of the log in order, without decoding it."""
        ...

    def decoded(self, row: LogRow) -> RecordedEvent:
        """Return what a row holds; UnknownEvent or UndecodableEvent if that is impossible."""
        ...

    def blankings(self, *, after_position: int = 0, limit: int = 500) -> list[Blanking]:
        """Return a page of what was replaced in the log, by position."""
        ...

    def stored_blobs(self, *, after: bytes = b"", limit: int = 100) -> list[tuple[bytes, str]]:
        """Return a page of the blobs, digest and text, by digest."""
        ...

    def remembered(self, *, after: str = "", limit: int = 500) -> list[RememberedCommand]:
        """Return a page of the remembered commands, by id."""
        ...


class Transaction(Reader, Protocol):
    """Reads and writes; all of it is kept, or nothing is.

    An error that leaves the work rolls back all that the work wrote. After an error in the
    midst of ``append`` or ``insert`` that is so even if the work swallows it.
    """

    def execute(self, sql: str, params: Sequence[SqlValue] = ()) -> int:
        """Run one statement and return how many rows it changed.

        Raises UniqueViolation, UnstorableValue, StoreUnavailable, or StoreError for wrong SQL.
        """
        ...

    def insert(
        self,
        table: str,
        columns: tuple[str, ...],
        rows: Sequence[tuple[SqlValue, ...]],
        *,
        on_conflict: str = "",
    ) -> None:
        """Insert many rows with few statements.

        ``on_conflict`` is a whole clause, such as ``ON CONFLICT (id) DO NOTHING``. Table and
        column names go into the statement as they are: never take them from user input.
        """
        ...

    def append(
        self,
        stream: str,
        events: Sequence[msgspec.Struct],
        *,
        expected_version: int | None,
        metadata: Metadata,
    ) -> list[RecordedEvent]:
        """Add events at the end of a stream, then show each to the projection.

        ``expected_version`` is the version that the stream must be at, 0 for a new stream, None
        for any. Raises VersionConflict, before anything is written, if it is at another.
        """
        ...

    def recall(self, command_id: str) -> RememberedCommand | None:
        """Return what ``remember`` stored under this id, or None."""
        ...

    def remember(
        self, command_id: str, fingerprint: bytes, result: bytes, recorded_at: int
    ) -> None:
        """Store a command's result; UniqueViolation if the id is remembered already."""
        ...

    def forget_commands(self, before: int) -> int:
        """Forget the commands recorded before a time, in microseconds; return how many."""
        ...

    def put_blobs(self, contents: Mapping[bytes, str]) -> None:
        """Store texts under their SHA-256 digests; those that are there already stay."""
        ...

    def delete_blobs(self, hashes: Collection[bytes]) -> int:
        """Delete the texts stored under these digests; return how many there were."""
        ...

    def blank(self, position: int, event: msgspec.Struct, metadata: Metadata | None = None) -> None:
        """Replace the content of an event that is in the log already, to erase what it held.

        Its position, stream, version, topic and metadata stay. ``metadata`` is that of the
        command that asks for it. The log remembers the digest of what stood there first, so that
        the chain stays verifiable. Nothing is shown to the projection: bring the read models up
        to date in the same work. Raises StoreError for a position without an event, and for an
        event of another kind.
        """
        ...

    def restore(self, rows: Sequence[LogRow], blankings: Sequence[Blanking]) -> list[RecordedEvent]:
        """Append rows of another log that continue this one exactly, and show them as ``append``.

        ``blankings`` are those of these rows. Raises StoreError if a position or a stream's
        version does not follow, or a digest does not fit.
        """
        ...

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call back on the writer's thread once the commit is durable, before anyone is told.

        Callbacks run in the order of registration, and not at all if the work is rolled back.
        They must be quick: every other writer waits for them.
        """
        ...


Projection = Callable[[RecordedEvent, Transaction], None]
"""Brings the read models up to date with one event, in the transaction that stores it."""
