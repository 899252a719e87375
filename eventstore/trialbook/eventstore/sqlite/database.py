"""A database file that one process writes to and many threads read."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Self, TypeVar

from eventsourcing.persistence import ConnectionPoolClosedError, PersistenceError

from trialbook.eventstore.commits import CommitSignal
from trialbook.eventstore.database import Dialect
from trialbook.eventstore.errors import StoreError, StoreUnavailable
from trialbook.eventstore.lock import DatabaseLock
from trialbook.eventstore.log import require_read_model_names
from trialbook.eventstore.mapper import StructMapper
from trialbook.eventstore.migration import Migration, Progress, TablePlan, bring_forward
from trialbook.eventstore.registry import EventRegistry
from trialbook.eventstore.sqlite import schema as own
from trialbook.eventstore.sqlite.connection import Durability
from trialbook.eventstore.sqlite.datastore import LogDatastore
from trialbook.eventstore.sqlite.failures import driver_errors_translated
from trialbook.eventstore.sqlite.reader import SQLiteReader
from trialbook.eventstore.sqlite.recorder import ProcessLogRecorder
from trialbook.eventstore.sqlite.session import SQLiteSession
from trialbook.eventstore.transaction import Projection, Reader, Transaction
from trialbook.eventstore.writer import GroupCommitWriter

T = TypeVar("T")


class SQLiteDatabase:
    """The log, its read models and what goes with them, in one SQLite file.

    Writes run one after another on one thread and are durable when they return; reads run on
    other threads, each on a snapshot. The process holds the file alone until ``close``.
    """

    def __init__(
        self,
        path: Path,
        *,
        registry: EventRegistry,
        projection: Projection,
        schema: Sequence[str],
        read_models: Sequence[str] = (),
        migrations: Sequence[Migration] = (),
        durability: Durability = "full",
        readers: int = 4,
        queue_limit: int = 10_000,
        lock: DatabaseLock | None = None,
    ) -> None:
        """Open the database at ``path``; its folder and the file are made if they are missing.

        ``schema`` holds the CREATE … IF NOT EXISTS statements of read models and operational
        tables, ``read_models`` the names of those that a rebuild makes anew, and ``migrations``
        how the tables of older releases become these. A file of an older release is brought
        forward here. ``readers`` threads serve ``read``; at most ``queue_limit`` writes wait. A
        ``lock`` that the caller has taken already is used, and released at the end.

        Raises DatabaseLocked, DatabaseNewer, UnreadableDatabase, StoreUnavailable; ValueError
        for a database in memory.
        """
        require_read_model_names(read_models)
        plan = TablePlan(schema, read_models, migrations)
        if ":memory:" in str(path):
            raise ValueError("a database in memory is not supported; name a file")
        self.path = path
        with _file_errors_translated(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.lock = lock or DatabaseLock(path)
        try:
            self._datastore = _open_datastore(path, durability, readers)
        except BaseException:
            self.lock.release()
            raise
        self._recorder = ProcessLogRecorder(self._datastore)
        self._mapper = StructMapper(registry)
        self._session = SQLiteSession(self._datastore, self._mapper, projection)
        try:
            self._migrated = self._bring_forward(plan)
        except BaseException:
            self._release()
            raise
        self._writer = GroupCommitWriter(self._session, queue_limit=queue_limit)
        self._reader_threads = ThreadPoolExecutor(readers, thread_name_prefix="trialbook-reader")
        self._closed = False

    @property
    def dialect(self) -> Dialect:
        """Which database lies behind the statements."""
        return "sqlite"

    @property
    def shared(self) -> bool:
        """Whether other processes may have the database open at the same time."""
        return False

    @property
    def migrated(self) -> Sequence[Migration]:
        """The migrations that were taken when the database was opened."""
        return self._migrated

    @property
    def recorder(self) -> ProcessLogRecorder:
        """The log behind the library's recorder contracts; for subscriptions, for example."""
        return self._recorder

    @property
    def commits(self) -> CommitSignal:
        """Announces each commit that made the log longer, for those who follow it."""
        return self._datastore.commits

    async def transact(self, work: Callable[[Transaction], T], *, relaxed: bool = False) -> T:
        """Run ``work`` on the writer's thread and return its result once it is durable.

        An error that it raises undoes all that it wrote. What a ``relaxed`` work writes survives
        the end of the process at once, but a power failure only with the next commit that is not
        relaxed. Raises StoreUnavailable if the queue is full, the disk is full or fails, or the
        database is closed.
        """
        return await self._writer.transact(work, relaxed=relaxed)

    def submit(self, work: Callable[[Transaction], T]) -> Future[T]:
        """Do as ``transact`` does, for threads without an event loop."""
        return self._writer.submit(work)

    async def read(self, work: Callable[[Reader], T]) -> T:
        """Run ``work`` on a reader's thread, on a snapshot of what is committed by now."""
        loop = asyncio.get_running_loop()
        try:
            reading = loop.run_in_executor(self._reader_threads, self.read_now, work)
        except RuntimeError as error:
            raise StoreUnavailable(_CLOSED) from error
        return await reading

    def read_now(self, work: Callable[[Reader], T]) -> T:
        """Run ``work`` on this thread, on a snapshot of what is committed by now."""
        with _library_errors_translated(), self._datastore.reading() as cursor:
            return work(SQLiteReader(cursor, self._mapper))

    def rebuild(
        self,
        *,
        tables: Sequence[str],
        schema: Sequence[str],
        progress: Callable[[int], None] | None = None,
    ) -> int:
        """Drop the read models, make them anew and replay the log into them.

        All in one transaction: readers see the old tables until the new ones are complete, and
        writers wait. ``progress`` is told how many events are done, on the writer's thread.
        Returns how many were replayed. Raises ValueError if ``tables``
        names one of the store's own, and what the projection raises.
        """
        require_read_model_names(tables)
        return self.submit(lambda _: self._replay_into(tables, schema, progress)).result()

    def close(self) -> None:
        """Finish what waits, empty the write-ahead log into the file, and release the file."""
        if self._closed:
            return
        self._closed = True
        self._writer.close()
        self._reader_threads.shutdown()
        self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _bring_forward(self, plan: TablePlan) -> list[Migration]:
        # All in one transaction: a process that dies here leaves the file as it was.
        self._session.begin()
        try:
            progress = Progress(self._session, self.path)
            own.bring_store_forward(
                self._session, progress, self._recorder.construct_create_table_statements()
            )
            migrated = bring_forward(self._session, progress, plan, self._replay_into)
            self._session.commit()
        finally:
            self._session.rollback()
        with _library_errors_translated():
            self._recorder.create_table()
        return migrated

    def _replay_into(
        self,
        tables: Sequence[str],
        schema: Sequence[str],
        progress: Callable[[int], None] | None = None,
    ) -> int:
        for table in tables:
            self._session.execute(f"DROP TABLE IF EXISTS {table}")
        for statement in schema:
            self._session.execute(statement)
        return self._session.replay(progress)

    def _release(self) -> None:
        self._datastore.close()
        self.lock.release()


_CLOSED = "The database is closed. Open it again to use it."


def _open_datastore(path: Path, durability: Durability, readers: int) -> LogDatastore:
    with driver_errors_translated, _file_errors_translated(path):
        own.require_own_database(path)
        # SQLite gives the files beside this one the same permissions.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        return LogDatastore(path, durability=durability, readers=readers)


@contextmanager
def _file_errors_translated(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{path} cannot be opened: {error.strerror}. Name another path, or change its rights."
        ) from error


@contextmanager
def _library_errors_translated() -> Iterator[None]:
    try:
        yield
    except ConnectionPoolClosedError as error:
        raise StoreUnavailable(_CLOSED) from error
    except (PersistenceError, sqlite3.Error) as error:
        raise StoreUnavailable(f"The database cannot be used: {error}. Try again.") from error
