"""Writing inside a transaction of SQLite."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec
from eventsourcing.persistence import StoredEvent

from trialbook.eventstore.errors import StoreError, StoreUnavailable, VersionConflict
from trialbook.eventstore.events import Metadata, RecordedEvent
from trialbook.eventstore.mapper import StructMapper
from trialbook.eventstore.sqlite.connection import Durability
from trialbook.eventstore.sqlite.datastore import LogDatastore
from trialbook.eventstore.sqlite.failures import (
    DRIVER_ERRORS,
    driver_errors_translated,
    store_error,
)
from trialbook.eventstore.sqlite.reader import SQLiteReader
from trialbook.eventstore.sqlite.recorder import LogRecorder
from trialbook.eventstore.sqlite.statements import insert_rows
from trialbook.eventstore.transaction import Projection, RememberedCommand, SqlValue

_REPLAY_PAGE = 64


class SQLiteSession(SQLiteReader):
    """A ``WriteSession`` on the datastore's writer connection, used again for every batch.

    It stands guard over two things. SQLite ends a transaction by itself after some errors, and
    statements after that would be committed one by one: the session refuses them. And what half
    of an append or an insert has written must not be kept because the work swallowed the error.
    """

    def __init__(
        self,
        datastore: LogDatastore,
        recorder: LogRecorder,
        mapper: StructMapper,
        projection: Projection,
    ) -> None:
        super().__init__(datastore.writer.cursor(), mapper)
        self._connection = datastore.writer
        self._writing = datastore.writing
        self._commits = datastore.commits
        self._durability: Durability = datastore.durability
        self._relaxed = False
        self._recorder = recorder
        self._projection = projection
        self._single = _Guard(self, whole=False)
        self._whole = _Guard(self, whole=True)
        self._callbacks: list[Callable[[], None]] = []
        self._callbacks_kept = 0
        self._open = False
        self._projecting = False
        self._replaying = False
        self._unsound: StoreError | None = None
        self._ended_by: StoreError | None = None

    # What the work uses.

    def query(self, sql: str, params: Sequence[SqlValue] = ()) -> list[tuple[Any, ...]]:
        """Run a SELECT, or a statement with RETURNING, and return all its rows."""
        with self._single:
            return self._cursor.execute(sql, params).fetchall()

    def execute(self, sql: str, params: Sequence[SqlValue] = ()) -> int:
        """Run one statement and return how many rows it changed."""
        with self._single:
            return max(0, self._cursor.execute(sql, params).rowcount)

    def insert(
        self,
        table: str,
        columns: tuple[str, ...],
        rows: Sequence[tuple[SqlValue, ...]],
        *,
        on_conflict: str = "",
    ) -> None:
        """Insert many rows with few statements."""
        with self._whole if len(rows) > 1 else self._single:
            insert_rows(self._cursor, table, columns, rows, on_conflict)

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
        actual = self._version_of(stream)
        if expected_version is not None and expected_version != actual:
            raise VersionConflict(stream, expected_version, actual)
        stored = [
            StoredEvent(
                stream,
                version,
                self._mapper.topic_of(event),
                self._mapper.encode_state(event, metadata),
            )
            for version, event in enumerate(events, start=actual + 1)
        ]
        with self._whole:
            positions = self._recorder.insert_in(self._cursor, stored)
            recorded = [
                RecordedEvent(position, stream, row.originator_version, row.topic, event, metadata)
                for position, row, event in zip(positions, stored, events, strict=True)
            ]
            self._project(recorded)
        return recorded

    def recall(self, command_id: str) -> RememberedCommand | None:
        """Return what ``remember`` stored under this id, or None."""
        rows = self.query(
            "SELECT id, fingerprint, result, recorded_at FROM command WHERE id = ?", (command_id,)
        )
        return RememberedCommand(*rows[0]) if rows else None

    def remember(
        self, command_id: str, fingerprint: bytes, result: bytes, recorded_at: int
    ) -> None:
        """Store a command's result under its id."""
        self._refuse_from_projection()
        self.execute(
            "INSERT INTO command (id, fingerprint, result, recorded_at) VALUES (?, ?, ?, ?)",
            (command_id, fingerprint, result, recorded_at),
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

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call back once the commit is durable."""
        if not self._replaying:
            self._callbacks.append(callback)

    def replay(self) -> int:
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
        finally:
            self._replaying = False
        return count

    # What the writer uses.

    def begin(self, *, relaxed: bool = False) -> None:
        """Start a transaction and lock out other writers; a relaxed one is not synchronised."""
        self._writing.acquire()
        try:
            with driver_errors_translated:
                if relaxed:
                    self._relax()
                self._cursor.execute("BEGIN IMMEDIATE")
        except BaseException:
            self._let_others_in()
            raise
        self._open = True
        self._callbacks = []
        self._unsound = None
        self._ended_by = None

    def begin_request(self) -> None:
        """Mark the place to which ``undo_request`` returns."""
        self._callbacks_kept = len(self._callbacks)
        self._steer("SAVEPOINT request")

    def keep_request(self) -> None:
        """Keep what was done since ``begin_request``."""
        self._steer("RELEASE request")

    def undo_request(self) -> None:
        """Undo what was done since ``begin_request``."""
        del self._callbacks[self._callbacks_kept :]
        self._steer("ROLLBACK TO request")
        self._steer("RELEASE request")
        self._unsound = None

    def require_sound(self) -> None:
        """Raise what makes it impossible to keep what the work has done."""
        if self._unsound is not None:
            raise self._unsound
        self._require_transaction()

    def commit(self) -> Sequence[Callable[[], None]]:
        """Make everything durable and return the callbacks to make now."""
        self._steer("COMMIT")
        self._let_others_in()
        self._commits.announce()
        return self._callbacks

    def rollback(self) -> None:
        """Undo everything and let other writers in."""
        if not self._open:
            return
        with suppress(*DRIVER_ERRORS):
            if self._connection.in_transaction:
                self._cursor.execute("ROLLBACK")
        self._let_others_in()

    def _relax(self) -> None:
        # In the write-ahead log a commit that is not synchronised is still in order: the next one
        # that is takes it along, and no power failure can leave it in without what came before.
        if self._durability == "full":
            self._cursor.execute("PRAGMA synchronous = NORMAL")
            self._relaxed = True

    def _let_others_in(self) -> None:
        if self._relaxed:
            self._relaxed = False
            self._cursor.execute("PRAGMA synchronous = FULL")
        self._open = False
        self._writing.release()

    def _steer(self, statement: str) -> None:
        self._require_transaction()
        with driver_errors_translated:
            self._cursor.execute(statement)

    def _require_transaction(self) -> None:
        if not self._connection.in_transaction:
            reason = self._ended_by or "The work ended the transaction by itself."
            raise StoreUnavailable(f"{reason} Nothing was written.")

    def _version_of(self, stream: str) -> int:
        rows = self.query("SELECT MAX(version) FROM event WHERE stream = ?", (stream,))
        return int(rows[0][0] or 0)

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

    def note_error(self, error: StoreError, *, spoils: bool) -> None:
        """Remember an error after which the request, or the batch, cannot be kept."""
        if spoils and self._unsound is None:
            self._unsound = error
        if self._ended_by is None and not self._connection.in_transaction:
            self._ended_by = error


class _Guard:
    """A block of statements of the work.

    Errors rise in the store's words. Where the statements are one whole, an error among them
    spoils the request. A class, not a generator: it stands around every statement.
    """

    __slots__ = ("_session", "_whole")

    def __init__(self, session: SQLiteSession, *, whole: bool) -> None:
        self._session = session
        self._whole = whole

    def __enter__(self) -> None:
        self._session.require_sound()

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is None:
            return
        if isinstance(error, DRIVER_ERRORS):
            translated = store_error(error)
            self._session.note_error(translated, spoils=self._whole)
            raise translated from error
        half_way = StoreError(f"The request failed half-way: {error}")
        self._session.note_error(half_way, spoils=self._whole)
