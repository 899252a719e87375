"""Implements the application's ports on the event store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import msgspec

from trialbook.eventstore import (
    Database,
    Metadata,
    Reader,
    RecordedEvent,
    StoreUnavailable,
    Transaction,
    UnstorableValue,
)
from trialbook.services.application import clock
from trialbook.services.application.ports import CommandContext, Queries, UnitOfWork
from trialbook.services.domain.errors import Invalid, RequestIdReused, Unavailable
from trialbook.services.domain.history import EVENT_TYPES
from trialbook.services.domain.identity import new_uid
from trialbook.services.projections import (
    consumer,
    dataset,
    experiment,
    item,
    result,
    result_trace,
    review,
    review_queue,
    run,
    server,
    telemetry,
    trace_viewer,
    work,
    worker,
)
from trialbook.services.projections.consumer import SqlConsumers, SqlConsumersInTransaction
from trialbook.services.projections.dataset import SqlDatasets, SqlDatasetsInTransaction
from trialbook.services.projections.evaluation import SqlRecordedScores
from trialbook.services.projections.event import SqlEvents
from trialbook.services.projections.experiment import SqlExperiments
from trialbook.services.projections.fact import SqlFacts
from trialbook.services.projections.purge import SqlPurge, SqlPurgeInTransaction
from trialbook.services.projections.result_filter import SqlFilteredResults
from trialbook.services.projections.result_trace import (
    SqlResultTraces,
    SqlResultTracesInTransaction,
)
from trialbook.services.projections.review_queue import SqlReviews, SqlReviewsInTransaction
from trialbook.services.projections.rework import SqlRework
from trialbook.services.projections.run import SqlRunHeads
from trialbook.services.projections.run_columns import SqlRunColumns
from trialbook.services.projections.score import SqlScores
from trialbook.services.projections.server import SqlServers, SqlServersInTransaction
from trialbook.services.projections.telemetry import SqlTracesInTransaction
from trialbook.services.projections.trace_reads import SqlTraces
from trialbook.services.projections.trace_viewer import SqlTraceViewers
from trialbook.services.projections.work import SqlWork
from trialbook.services.projections.work_change import SqlWorkInTransaction
from trialbook.services.projections.worker import SqlWorkers, SqlWorkersInTransaction

R = TypeVar("R")
H = TypeVar("H", bound=msgspec.Struct)
E = TypeVar("E", bound=msgspec.Struct)

_READ_MODELS = (dataset, item, experiment, run, result, review, trace_viewer)
READ_MODELS = tuple(table for model in _READ_MODELS for table in model.TABLES)
READ_MODEL_SCHEMA = tuple(statement for model in _READ_MODELS for statement in model.SCHEMA)
_HEAD_SNAPSHOT = """
    CREATE TABLE IF NOT EXISTS head_snapshot (
        stream TEXT NOT NULL PRIMARY KEY,
        version INTEGER NOT NULL,
        shape TEXT NOT NULL,
        state BLOB NOT NULL
    ) WITHOUT ROWID
"""
SCHEMA = (
    *READ_MODEL_SCHEMA,
    *worker.SCHEMA,
    *work.SCHEMA,
    *consumer.SCHEMA,
    *server.SCHEMA,
    *review_queue.SCHEMA,
    *telemetry.SCHEMA,
    *result_trace.SCHEMA,
    _HEAD_SNAPSHOT,
)

_EVENTS_PER_SNAPSHOT = 100
_PROJECTORS: dict[type, Callable[[RecordedEvent, Any, Transaction], None]] = {
    event: projector
    for model in _READ_MODELS
    for event, projector in cast("Any", model).PROJECTORS.items()
}
if missing := set(EVENT_TYPES.values()) - _PROJECTORS.keys():
    raise TypeError(f"events without a projection: {missing}")


def project(recorded: RecordedEvent, tx: Transaction) -> None:
    """Bring the read models up to date with one event, live or in a rebuild."""
    _PROJECTORS[type(recorded.event)](recorded, recorded.event, tx)


class SqlRuns(SqlRunHeads, SqlFilteredResults, SqlRunColumns, SqlFacts):
    """Implements RunReads."""


class SqlQueries:
    """Implements Queries on a snapshot."""

    def __init__(self, reader: Reader) -> None:
        self.now = clock.now()
        self.datasets = SqlDatasets(reader)
        self.experiments = SqlExperiments(reader)
        self.runs = SqlRuns(reader)
        self.rework = SqlRework(reader)
        self.scores = SqlScores(reader)
        self.reviews = SqlReviews(reader)
        self.trace_viewers = SqlTraceViewers(reader)
        self.events = SqlEvents(reader)
        self.recorded_scores = SqlRecordedScores(reader)
        self.purge = SqlPurge(reader)
        self.consumers = SqlConsumers(reader)
        self.workers = SqlWorkers(reader)
        self.servers = SqlServers(reader)
        self.work = SqlWork(reader)
        self.traces = SqlTraces(reader)
        self.result_traces = SqlResultTraces(reader)

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call back at once: a snapshot shows what is committed."""
        callback()


class SqlUnitOfWork:
    """Implements UnitOfWork on a transaction."""

    def __init__(self, tx: Transaction, context: CommandContext) -> None:
        self._tx = tx
        self._context = context
        self.now = clock.now()
        self.actor = context.actor
        self.datasets = SqlDatasetsInTransaction(tx)
        self.experiments = SqlExperiments(tx)
        self.runs = SqlRuns(tx)
        self.rework = SqlRework(tx)
        self.scores = SqlScores(tx)
        self.reviews = SqlReviewsInTransaction(tx)
        self.trace_viewers = SqlTraceViewers(tx)
        self.events = SqlEvents(tx)
        self.recorded_scores = SqlRecordedScores(tx)
        self.purge = SqlPurgeInTransaction(tx, self._metadata)
        self.consumers = SqlConsumersInTransaction(tx)
        self.workers = SqlWorkersInTransaction(tx)
        self.servers = SqlServersInTransaction(tx)
        self.work = SqlWorkInTransaction(tx)
        self.traces = SqlTracesInTransaction(tx)
        self.result_traces = SqlResultTracesInTransaction(tx)
        self._command_id = context.command_id or new_uid()

    def head(
        self, stream: str, shape: type[H], evolve: Callable[[H | None, E], H]
    ) -> tuple[H, int]:
        """Return the state of an aggregate and the version of its stream."""
        state, version = self._snapshot(stream, shape)
        events = self._tx.load(stream, after_version=version)
        for recorded in events:
            state = evolve(state, cast("E", recorded.event))
        if state is None:
            raise LookupError(f"stream {stream} has no events")
        if len(events) >= _EVENTS_PER_SNAPSHOT:
            self._save_snapshot(stream, version + len(events), state)
        return state, version + len(events)

    def append(
        self, stream: str, events: Sequence[msgspec.Struct], *, expected_version: int | None
    ) -> None:
        """Add events to a stream that must be at this version; None for any."""
        if events:
            self._tx.append(
                stream, events, expected_version=expected_version, metadata=self._metadata()
            )

    def store_blobs(self, blobs: Mapping[bytes, str]) -> None:
        """Keep large bodies by digest."""
        if blobs:
            self._tx.put_blobs(blobs)

    def forget_commands(self, before: int) -> int:
        """Forget which commands were recorded before a time; return how many those were."""
        return self._tx.forget_commands(before)

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call back, on another thread, when all of it is durable."""
        self._tx.after_commit(callback)

    def _metadata(self) -> Metadata:
        context = self._context
        return Metadata(
            self.now, self.actor, self._command_id, context.cause, context.command, context.reason
        )

    def _snapshot(self, stream: str, shape: type[H]) -> tuple[H | None, int]:
        rows = self._tx.query(
            "SELECT version, state FROM head_snapshot WHERE stream = ? AND shape = ?",
            (stream, _shape(shape)),
        )
        if not rows:
            return None, 0
        version, state = rows[0]
        return msgspec.msgpack.decode(state, type=shape), int(version)

    def _save_snapshot(self, stream: str, version: int, state: msgspec.Struct) -> None:
        self._tx.insert(
            "head_snapshot",
            ("stream", "version", "shape", "state"),
            [(stream, version, _shape(type(state)), msgspec.msgpack.encode(state))],
            on_conflict="ON CONFLICT (stream) DO UPDATE SET version = excluded.version, "
            "shape = excluded.shape, state = excluded.state",
        )


def _shape(kind: type[msgspec.Struct]) -> str:
    """Name a head's fields: a snapshot of other fields is of an older release and not read."""
    return ",".join(kind.__struct_fields__)


class SqlStore:
    """Implements Store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def shared(self) -> bool:
        """Whether other servers may work on the database at the same time."""
        return self._database.dialect != "sqlite"

    async def execute(
        self, context: CommandContext, command: Callable[[UnitOfWork], R], result: type[R]
    ) -> R:
        """Run a command once: a repeated command id returns what the first one returned."""

        def work(tx: Transaction) -> R:
            if not context.command_id:
                return command(SqlUnitOfWork(tx, context))
            before = _recalled(tx, context, result)
            if before is not None:
                return before
            uow = SqlUnitOfWork(tx, context)
            outcome = command(uow)
            packed = msgspec.msgpack.encode(outcome)
            tx.remember(context.command_id, context.fingerprint, packed, uow.now)
            return outcome

        with _port_errors():
            return await self._database.transact(work)

    async def recall(self, context: CommandContext, result: type[R]) -> R | None:
        """Return what a command of this id returned; None if there was none."""
        if not context.command_id:
            return None
        with _port_errors():
            return await self._database.transact(lambda tx: _recalled(tx, context, result))

    async def transact(
        self, context: CommandContext, work: Callable[[UnitOfWork], R], *, relaxed: bool = False
    ) -> R:
        """Run a change that needs no command id, since repeating it does no harm."""
        with _port_errors():
            return await self._database.transact(
                lambda tx: work(SqlUnitOfWork(tx, context)), relaxed=relaxed
            )

    async def read(self, query: Callable[[Queries], R]) -> R:
        """Run a query on one snapshot."""
        with _port_errors():
            return await self._database.read(
                lambda reader: query(cast("Queries", SqlQueries(reader)))
            )

    def on_commit(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back, on another thread, whenever the log may have grown."""
        return self._database.commits.subscribe(callback)


def _recalled(tx: Transaction, context: CommandContext, result: type[R]) -> R | None:
    remembered = tx.recall(context.command_id)
    if remembered is None:
        return None
    if remembered.fingerprint != context.fingerprint:
        raise RequestIdReused(context.command_id.partition(":")[2])
    return msgspec.msgpack.decode(remembered.result, type=result)


@contextmanager
def _port_errors() -> Iterator[None]:
    try:
        yield
    except StoreUnavailable as error:
        raise Unavailable(str(error)) from error
    except UnstorableValue as error:
        raise Invalid.field("request", str(error)) from error
