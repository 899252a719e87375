"""A namespace of a PostgreSQL database that any number of processes write to and read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self, TypeVar

from trialbook.eventstore.commits import CommitSignal
from trialbook.eventstore.database import Dialect
from trialbook.eventstore.errors import StoreUnavailable
from trialbook.eventstore.log import require_read_model_names
from trialbook.eventstore.mapper import StructMapper
from trialbook.eventstore.migration import (
    APPLICATION,
    Migration,
    Progress,
    TablePlan,
    bring_forward,
)
from trialbook.eventstore.postgres.connection import Connector
from trialbook.eventstore.postgres.datastore import LogDatastore
from trialbook.eventstore.postgres.growth import TableGrowth
from trialbook.eventstore.postgres.listener import CommitListener
from trialbook.eventstore.postgres.pool import CLOSED, ConnectionPool
from trialbook.eventstore.postgres.reader import BEGIN_READING, PostgresReader
from trialbook.eventstore.postgres.recorder import ProcessLogRecorder
from trialbook.eventstore.postgres.schema import bring_store_forward
from trialbook.eventstore.postgres.session import PostgresSession
from trialbook.eventstore.registry import EventRegistry
from trialbook.eventstore.transaction import Projection, Reader, Transaction
from trialbook.eventstore.writer import GroupCommitWriter

T = TypeVar("T")


class PostgresDatabase:
    """The log, its read models and what goes with them, in one schema of a PostgreSQL database.

    Writes run one after another on one thread and are durable when they return; reads run on
    other threads, each on a snapshot. Other processes may have the same namespace open: a lock
    that each transaction holds puts them in one order, and each hears of the others' commits. A
    connection that is lost is opened again by the next who needs it.
    """

    def __init__(
        self,
        url: str,
        *,
        registry: EventRegistry,
        projection: Projection,
        schema: Sequence[str],
        read_models: Sequence[str] = (),
        migrations: Sequence[Migration] = (),
        namespace: str = "trialbook",
        migrate: bool = False,
        readers: int = 4,
        queue_limit: int = 10_000,
        lock_timeout: float = 60.0,
    ) -> None:
        """Open the namespace at ``url``; an empty one is set up.

        ``schema`` holds the CREATE … IF NOT EXISTS statements of read models and operational
        tables, ``read_models`` the names of those that a rebuild makes anew, and ``migrations``
        how the tables of older releases become these; ``migrate`` allows to take those steps.
        ``readers`` connections serve reads; at most ``queue_limit`` writes wait, and a write
        waits at most ``lock_timeout`` seconds for other processes.

        Raises DatabaseOlder, DatabaseNewer, UnreadableDatabase, StoreUnavailable; StoreError for
        an address that cannot be understood; ValueError for a namespace that is no plain name.
        """
        require_read_model_names(read_models)
        plan = TablePlan(schema, read_models, migrations)
        self._connector = Connector(url, namespace, lock_timeout=lock_timeout)
        self._commits = CommitSignal()
        self._mapper = StructMapper(registry)
        self._growth = TableGrowth(self._connector)
        self._session = PostgresSession(
            self._connector, self._mapper, projection, self._commits, self._growth
        )
        self._datastore = LogDatastore(self._connector, size=readers, commits=self._commits)
        self._recorder = ProcessLogRecorder(self._datastore)
        try:
            self._migrated = self._bring_forward(plan, migrate=migrate)
        except BaseException:
            self._growth.close()
            self._session.close()
            raise
        self._readers = ConnectionPool(self._connector, "reader", readers, BEGIN_READING)
        self._reader_threads = ThreadPoolExecutor(readers, thread_name_prefix="trialbook-reader")
        self._writer = GroupCommitWriter(self._session, queue_limit=queue_limit)
        self._listener = CommitListener(
            self._connector, self._commits, lambda: self._session.backend_pid
        )
        self._closed = False

    @property
    def description(self) -> str:
        """Where the database is, without the password."""
        return self._connector.description

    @property
    def dialect(self) -> Dialect:
        """Which database lies behind the statements."""
        return "postgresql"

    @property
    def shared(self) -> bool:
        """Whether other processes may have the database open at the same time."""
        return True

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
        """Announces what this process or another adds to the log, for those who follow it."""
        return self._commits

    async def transact(self, work: Callable[[Transaction], T], *, relaxed: bool = False) -> T:
        """Run ``work`` on the writer's thread and return its result once it is durable.

        An error that it raises undoes all that it wrote. The work may be run twice, the first
        time without effect: what it does besides writing must bear that. What a ``relaxed`` work
        writes survives the end of the process at once, but the end of the server only with the
        next commit that is not relaxed. Raises StoreUnavailable if the queue is full, the server
        cannot be reached or fails, or the database is closed.
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
            raise StoreUnavailable(CLOSED) from error
        return await reading

    def read_now(self, work: Callable[[Reader], T]) -> T:
        """Run ``work`` on this thread, on a snapshot of what is committed by now."""
        with self._readers.lent() as connection:
            return work(PostgresReader(connection, self._mapper))

    def rebuild(
        self,
        *,
        tables: Sequence[str],
        schema: Sequence[str],
        progress: Callable[[int], None] | None = None,
    ) -> int:
        """Make the read models anew and replay the log into them.

        All in one transaction: readers see the old tables until the new ones are complete, and
        writers wait. ``progress`` is told how many events are done, on the writer's thread.
        Returns how many were replayed. Raises ValueError if ``tables``
        names one of the store's own, and what the projection raises.
        """
        require_read_model_names(tables)
        return self.submit(
            lambda _: self._session.replace_tables(tables, schema, progress)
        ).result()

    def close(self) -> None:
        """Finish what waits and close the connections."""
        if self._closed:
            return
        self._closed = True
        self._writer.close()
        self._growth.close()
        self._reader_threads.shutdown()
        self._listener.stop()
        self._readers.close()
        self._datastore.close()
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _bring_forward(self, plan: TablePlan, *, migrate: bool) -> list[Migration]:
        # All in one transaction, behind the log's lock: of several processes that open at once,
        # the first does it, and the others find it done.
        self._session.begin_making()
        try:
            progress = Progress(self._session, self.description)
            bring_store_forward(self._session, progress, self._connector)
            found = progress.version(APPLICATION)
            if found == plan.version:
                return []
            if found is not None and not migrate:
                progress.require_not_older(APPLICATION, found, plan.version)
            migrated = bring_forward(self._session, progress, plan, self._remake)
            self._session.commit()
        finally:
            self._session.rollback()
        return migrated

    def _remake(self, tables: Sequence[str], schema: Sequence[str]) -> int:
        for table in tables:
            self._session.execute(f"DROP TABLE IF EXISTS {table}")
        for statement in schema:
            self._session.execute(statement)
        return self._session.replay()
