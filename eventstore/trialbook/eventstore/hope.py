"""Doing a batch of requests in hope of success, and once more with care if that was vain."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from trialbook.eventstore.errors import StoreError, StoreUnavailable
from trialbook.eventstore.mapper import StructMapper
from trialbook.eventstore.pending import Pending
from trialbook.eventstore.session import LogSession
from trialbook.eventstore.sql import PlainInsert, Statement, plain_insert
from trialbook.eventstore.transaction import LogRow, Projection, SqlValue
from trialbook.eventstore.writer import BatchSpoiled

_MOST_PENDING = 5_000


class HopefulSession(LogSession):
    """A ``WriteSession`` that does a batch in hope at first.

    In hope, what a batch writes gathers, and goes to the database with the next statement that
    may see it, or with the commit; nothing marks where one request ends. If anything that was put
    off fails, or a request that has written something, the batch is spoiled. It is then done once
    more with care: every request behind a savepoint, and nothing put off, so that an error rises
    where it belongs and harms its own request only.

    What half of an append or an insert has written must not be kept because the work swallowed
    the error; and once the transaction has ended, statements would be committed one by one. The
    session stands guard over both.
    """

    def __init__(self, mapper: StructMapper, projection: Projection) -> None:
        super().__init__(mapper, projection)
        self._careful = False
        self._careful_next = False
        self._spoiled = False
        self._wrote = False
        self._pending = Pending()
        self._unsound: StoreError | None = None
        self._ended_by: StoreError | None = None
        self._together = _Whole(self)
        self._callbacks_kept = 0
        self._columns: dict[str, Mapping[str, int]] = {}

    # What each database has its own way with.

    @abstractmethod
    def _statement(self, sql: str) -> Statement:
        """Return a statement as the database takes it."""

    @abstractmethod
    def _query_now(self, statement: Statement, params: Sequence[SqlValue]) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows."""

    @abstractmethod
    def _execute_now(self, statement: Statement, params: Sequence[SqlValue]) -> int:
        """Run a statement and return how many rows it changed."""

    @abstractmethod
    def _insert_now(
        self,
        table: str,
        columns: tuple[str, ...],
        on_conflict: str,
        rows: Sequence[tuple[SqlValue, ...]],
    ) -> None:
        """Insert rows."""

    @abstractmethod
    def _append_now(self, rows: Sequence[LogRow], known: Mapping[str, int]) -> None:
        """Insert rows of the log; ``known`` are versions at which streams must stand there."""

    @abstractmethod
    def _read_columns(self, table: str) -> Mapping[str, int]:
        """Return the columns of a table, in order, each with the number of its type."""

    @abstractmethod
    def _steer(self, sql: str) -> None:
        """Run a statement that concerns the transaction."""

    @abstractmethod
    def _in_transaction(self) -> bool:
        """Whether the transaction still goes on."""

    # What the work uses.

    @property
    def _whole(self) -> _Whole:
        return self._together

    def query(self, sql: str, params: Sequence[SqlValue] = ()) -> list[tuple[Any, ...]]:
        """Run a SELECT, or a statement with RETURNING, and return all its rows."""
        statement = self._statement(sql)
        self._prepare_for(statement)
        return self._query_now(statement, params)

    def execute(self, sql: str, params: Sequence[SqlValue] = ()) -> int:
        """Run one statement and return how many rows it changed."""
        if not self._careful and self._put_off(plain_insert(sql), params):
            return 1
        statement = self._statement(sql)
        self._prepare_for(statement)
        return self._execute_now(statement, params)

    def insert(
        self,
        table: str,
        columns: tuple[str, ...],
        rows: Sequence[tuple[SqlValue, ...]],
        *,
        on_conflict: str = "",
    ) -> None:
        """Insert many rows with few statements."""
        self.require_sound()
        if not rows:
            return
        self._wrote = True
        if self._careful:
            self._insert_carefully(table, columns, on_conflict, rows)
            return
        if not self._pending.takes_for(table, columns, on_conflict):
            self._flush()
        self._pending.add(table, columns, on_conflict, rows)
        if self._pending.size > _MOST_PENDING:
            self._flush()

    # What the writer uses.

    def begin_request(self) -> None:
        """Mark the place to which ``undo_request`` returns."""
        self._callbacks_kept = len(self._callbacks)
        self._wrote = False
        if self._careful:
            self._steer("SAVEPOINT request")

    def keep_request(self) -> None:
        """Keep what was done since ``begin_request``."""
        if self._careful:
            self._steer("RELEASE request")

    def undo_request(self) -> None:
        """Undo what was done since ``begin_request``."""
        # In hope, only a request that has written nothing comes here.
        if self._careful:
            self._steer("ROLLBACK TO request")
            self._steer("RELEASE request")
            self._columns.clear()
            self._stand_nowhere()
        del self._callbacks[self._callbacks_kept :]
        self._unsound = None

    def require_certain(self) -> None:
        """Raise BatchSpoiled if a request that has written something fails in hope.

        What it wrote cannot be told from what others wrote, and an error that it waited for may
        have been put off.
        """
        if self._spoiled or (self._wrote and not self._careful and self._in_transaction()):
            self._spoil()

    def require_sound(self) -> None:
        """Raise what makes it impossible to keep what the work has done."""
        if self._spoiled:
            raise BatchSpoiled
        if self._unsound is not None:
            raise self._unsound
        if not self._in_transaction():
            reason = self._ended_by or "The work ended the transaction by itself."
            raise StoreUnavailable(f"{reason} Nothing was written.")

    def note_error(self, error: BaseException) -> None:
        """Remember an error after which the request cannot be kept."""
        if self._unsound is None:
            self._unsound = (
                error
                if isinstance(error, StoreError)
                else StoreError(f"The request failed half-way: {error}")
            )

    # How it is done.

    def _begun(self) -> None:
        """Forget the last transaction: a new one has begun."""
        self._careful, self._careful_next = self._careful_next, False
        self._spoiled = self._wrote = self._grew = False
        self._pending = Pending()
        self._unsound = self._ended_by = None
        self._callbacks = []
        self._callbacks_kept = 0
        self._at = None

    def _undone(self) -> None:
        """Forget what the transaction had made believe: it is rolled back."""
        self._pending = Pending()
        self._spoiled = False
        self._columns.clear()
        self._stand_nowhere()

    def _spoil(self, error: BaseException | None = None) -> NoReturn:
        self._spoiled = self._careful_next = True
        raise BatchSpoiled from error

    def _prepare_for(self, statement: Statement) -> None:
        """Send what a statement may see of what waits."""
        self.require_sound()
        if not statement.reads_only:
            self._wrote = True
        if statement.changes_schema:
            self._flush()
            self._columns.clear()
        elif self._pending.touches(statement.words):
            self._flush()

    def _flush(self) -> None:
        """Send what waits."""
        pending, self._pending = self._pending, Pending()
        try:
            if pending.events:
                self._append_now(pending.events, pending.known)
            for group in pending.rows():
                self._insert_now(group.table, group.columns, group.on_conflict, group.rows)
        except StoreError as error:
            # Whose it is nobody knows. If the transaction is gone, care would not help.
            if self._in_transaction():
                self._spoil(error)
            raise

    def _insert_carefully(
        self,
        table: str,
        columns: tuple[str, ...],
        on_conflict: str,
        rows: Sequence[tuple[SqlValue, ...]],
    ) -> None:
        if len(rows) == 1:
            self._insert_now(table, columns, on_conflict, rows)
            return
        pending = Pending()
        pending.add(table, columns, on_conflict, rows)
        with self._whole:
            for group in pending.rows():
                self._insert_now(table, columns, on_conflict, group.rows)

    def _put_off(self, plain: PlainInsert | None, params: Sequence[SqlValue]) -> bool:
        """Let a statement that only inserts a row wait with other rows, if it is one."""
        if plain is None:
            return False
        columns = plain.columns or tuple(self._columns_of(plain.table))
        if len(columns) != len(params):
            return False
        self.insert(plain.table, columns, [tuple(params)])
        return True

    def _columns_of(self, table: str) -> Mapping[str, int]:
        columns = self._columns.get(table)
        if columns is None:
            columns = self._columns[table] = self._read_columns(table)
        return columns

    def _write_log(self, rows: Sequence[LogRow]) -> None:
        self._wrote = True
        if not self._careful:
            self._pending.events.extend(rows)
        elif rows:
            self._append_now(rows, {})


class _Whole:
    """A block of statements that belong together: an error in it spoils the request."""

    __slots__ = ("_session",)

    def __init__(self, session: HopefulSession) -> None:
        self._session = session

    def __enter__(self) -> None:
        self._session.require_sound()

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is not None and not isinstance(error, BatchSpoiled):
            self._session.note_error(error)
