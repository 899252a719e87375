"""The real service in a test's own event loop, its stubs, and shorthands for what tests set up."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from tests.postgres import fresh_namespace, postgres_url
from trialbook.services import bootstrap, maintenance
from trialbook.services.engine.engine import EngineSettings
from trialbook.services.projections.unit_of_work import READ_MODELS
from trialbook.services.settings import PostgresUrl, Settings
from trialbook.services.telemetry.telemetry import Telemetry
from trialbook.v1 import (
    dataset_pb2,
    dataset_service_pb2,
    dataset_service_pb2_grpc,
    event_service_pb2_grpc,
    experiment_pb2,
    experiment_service_pb2,
    experiment_service_pb2_grpc,
    payload_pb2,
    review_service_pb2_grpc,
    run_pb2,
    run_service_pb2,
    run_service_pb2_grpc,
    score_service_pb2_grpc,
    scorer_pb2,
    scorer_service_pb2_grpc,
    trace_service_pb2_grpc,
    worker_pb2,
    worker_service_pb2,
    worker_service_pb2_grpc,
)

PROJECT = "projects/default"
TARGET = experiment_pb2.Target(kind=experiment_pb2.TARGET_KIND_AGENT, name="echo", revision="1")
BACKENDS = ("sqlite", "postgres")
PATIENCE = 20.0
"""Seconds after which a test gives up on a condition that must come true."""

QUICK = EngineSettings(lease_duration=0.8, longest_wait=5.0, sweep_interval=0.02)
"""An engine whose leases expire while a test looks on."""

_BATCH_BYTES = 4 * 1024 * 1024
_DETAILS = "grpc-status-details-bin"
_CLIENT_OPTIONS = [("grpc.max_receive_message_length", 64 * 1024 * 1024)]
_numbers = itertools.count(1)
_databases: dict[Path, dict[str, Any]] = {}
"""The databases of folders, where these are no files in the folder."""

T = TypeVar("T")


@dataclass(frozen=True)
class Service:
    """A running service: its address, an open channel, and a stub of every noun."""

    address: str
    channel: grpc.aio.Channel
    datasets: dataset_service_pb2_grpc.DatasetServiceAsyncStub
    experiments: experiment_service_pb2_grpc.ExperimentServiceAsyncStub
    runs: run_service_pb2_grpc.RunServiceAsyncStub
    reviews: review_service_pb2_grpc.ReviewServiceAsyncStub
    scores: score_service_pb2_grpc.ScoreServiceAsyncStub
    scorers: scorer_service_pb2_grpc.ScorerServiceAsyncStub
    traces: trace_service_pb2_grpc.TraceServiceAsyncStub
    workers: worker_service_pb2_grpc.WorkerServiceAsyncStub
    events: event_service_pb2_grpc.EventServiceAsyncStub


@contextmanager
def database_of(folder: Path, backend: str) -> Iterator[None]:
    """Let the service in `folder` keep its data in a database of this kind, new and empty.

    Without it, and for "sqlite", that is a file in the folder.
    """
    if backend == "sqlite":
        yield
        return
    url = postgres_url()
    with fresh_namespace(url) as namespace:
        _databases[folder] = {"database": PostgresUrl(url), "namespace": namespace}
        try:
            yield
        finally:
            del _databases[folder]


def settings_in(folder: Path, **settings: Any) -> Settings:
    """Return the settings of a server on the database of `folder`."""
    database = _databases.get(folder, {"database": folder / "trialbook.db"})
    return Settings(**{**database, "durability": "normal", **settings})


@asynccontextmanager
async def started(
    folder: Path,
    *,
    engine: EngineSettings | None = None,
    telemetry: Telemetry | None = None,
    **settings: Any,
) -> AsyncIterator[Service]:
    """Run the service on the database of `folder`, for as long as the context lasts.

    `engine` overrides how the engine times its work; `telemetry` shows the service from inside;
    `settings` are those of a server.
    """
    chosen = settings_in(folder, **{"address": f"unix:{folder / 'socket'}", **settings})
    with pytest.MonkeyPatch.context() as patch:
        if engine is not None:
            patch.setattr(bootstrap, "EngineSettings", lambda **_: engine)
        async with (
            bootstrap.running(chosen, telemetry) as address,
            connected(address) as service,
        ):
            yield service


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[Service]:
    """Open a channel of its own to a service, so that no test shares a connection."""
    options = [*_CLIENT_OPTIONS, ("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.insecure_channel(address, options=options) as channel:
        yield Service(
            address,
            channel,
            dataset_service_pb2_grpc.DatasetServiceStub(channel),
            experiment_service_pb2_grpc.ExperimentServiceStub(channel),
            run_service_pb2_grpc.RunServiceStub(channel),
            review_service_pb2_grpc.ReviewServiceStub(channel),
            score_service_pb2_grpc.ScoreServiceStub(channel),
            scorer_service_pb2_grpc.ScorerServiceStub(channel),
            trace_service_pb2_grpc.TraceServiceStub(channel),
            worker_service_pb2_grpc.WorkerServiceStub(channel),
            event_service_pb2_grpc.EventServiceStub(channel),
        )


@dataclass(frozen=True)
class Refusal:
    """What a refused call was told: the code, a sentence, and the machine-readable details."""

    code: grpc.StatusCode
    message: str
    reason: str
    metadata: dict[str, str]
    paths: list[str]
    retry_after: float | None


async def refusal(call: Awaitable[Any]) -> Refusal:
    """Return how a call is refused. Fails if it succeeds, or is refused without details."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return read_refusal(caught.value)


def read_refusal(error: Any) -> Refusal:
    """Return what stands in an RPC error, of either kind of stub."""
    details = dict(error.trailing_metadata() or ()).get(_DETAILS)
    assert isinstance(details, bytes), f"no details: {error.code()} {error.details()}"
    status = Status.FromString(details)
    info, bad, retry = ErrorInfo(), BadRequest(), RetryInfo()
    told_when = False
    for detail in status.details:
        detail.Unpack(info)
        detail.Unpack(bad)
        told_when |= detail.Unpack(retry)
    assert status.code == error.code().value[0]
    assert status.message == error.details()
    assert info.domain == "trialbook"
    assert len(status.message) > 10, "an error tells a sentence"
    assert all(violation.description for violation in bad.field_violations[:1])
    return Refusal(
        error.code(),
        status.message,
        info.reason.removeprefix("ERROR_REASON_"),
        dict(info.metadata),
        [violation.field for violation in bad.field_violations],
        retry.retry_delay.ToTimedelta().total_seconds() if told_when else None,
    )


def invalid(*paths: str, reason: str = "INVALID_FIELD") -> tuple[grpc.StatusCode, str, list[str]]:
    """What a refusal for bad fields comes to; compare with `Refusal` by `summary`."""
    return grpc.StatusCode.INVALID_ARGUMENT, reason, list(paths)


def summary(told: Refusal) -> tuple[grpc.StatusCode, str, list[str]]:
    """Return code, reason and bad fields of a refusal."""
    return told.code, told.reason, told.paths


async def eventually(look: Callable[[], Awaitable[T]]) -> T:
    """Return the first true answer of `look`, asking again and again."""
    async with asyncio.timeout(PATIENCE):
        while not (answer := await look()):  # noqa: ASYNC110 — looks through the calls only
            await asyncio.sleep(0.005)
    return answer


def json(text: str) -> payload_pb2.Payload:
    """Return a payload of this JSON text."""
    return payload_pb2.Payload(json=text)


def item(
    text: str = "1", expected: str | None = None, *, item_id: str = "", **more: Any
) -> dataset_pb2.Item:
    """Return an item of this input."""
    return dataset_pb2.Item(
        item_id=item_id,
        input=json(text),
        expected=None if expected is None else json(expected),
        **more,
    )


def items(count: int, *, first: int = 1) -> list[dataset_pb2.Item]:
    """Return items whose input and expected value are their number; ids i1, i2 …"""
    return [
        item(str(number), str(number), item_id=f"i{number}")
        for number in range(first, first + count)
    ]


def requests(
    parent: str, batches: Iterable[Sequence[dataset_pb2.Item]], **first: Any
) -> list[dataset_service_pb2.ImportItemsRequest]:
    """Return the messages of an import; `first` are fields of the first one."""
    messages = [dataset_service_pb2.ImportItemsRequest(items=batch) for batch in batches]
    if not messages:
        messages = [dataset_service_pb2.ImportItemsRequest()]
    messages[0].MergeFrom(dataset_service_pb2.ImportItemsRequest(parent=parent, **first))
    messages[-1].last = True
    return messages


async def new_dataset(
    service: Service,
    content: Iterable[dataset_pb2.Item] | int = 0,
    *,
    dataset_id: str = "",
    parent: str = PROJECT,
) -> dataset_pb2.Dataset:
    """Create a dataset with these items (or so many) as version 1, or empty at version 0."""
    created = await service.datasets.CreateDataset(
        dataset_service_pb2.CreateDatasetRequest(
            parent=parent, dataset_id=dataset_id or f"dataset-{next(_numbers)}"
        )
    )
    rows = items(content) if isinstance(content, int) else list(content)
    if not rows:
        return created.dataset
    return await add(service, created.dataset.name, rows)


async def add(
    service: Service, dataset: str, rows: Iterable[dataset_pb2.Item]
) -> dataset_pb2.Dataset:
    """Add any number of items of any size as one version."""
    batches: list[list[dataset_pb2.Item]] = [[]]
    size = 0
    for row in rows:
        size += row.ByteSize()
        if size > _BATCH_BYTES or len(batches[-1]) == 1000:
            batches.append([])
            size = row.ByteSize()
        batches[-1].append(row)
    imported = await service.datasets.ImportItems(iter(requests(dataset, batches)))
    return imported.dataset


def settings(
    *, timeout: float | None = None, backoff: float = 0.0, **more: Any
) -> experiment_pb2.RunSettings:
    """Return run settings; without a wait before retries unless a test asks for one."""
    return experiment_pb2.RunSettings(
        attempt_timeout=None if timeout is None else seconds(timeout),
        initial_backoff=seconds(backoff),
        **more,
    )


def scorer(name: str, params: str = "", alias: str = "") -> experiment_pb2.ScorerSpec:
    """Return a scorer's place in an experiment."""
    return experiment_pb2.ScorerSpec(
        scorer=name, alias=alias, params=json(params) if params else None
    )


async def new_experiment(
    service: Service,
    dataset: str,
    *scorers: experiment_pb2.ScorerSpec,
    target: experiment_pb2.Target = TARGET,
    experiment_id: str = "",
    **how: Any,
) -> experiment_pb2.Experiment:
    """Create an experiment; further keywords are its run settings."""
    created = await service.experiments.CreateExperiment(
        experiment_service_pb2.CreateExperimentRequest(
            parent=PROJECT,
            experiment_id=experiment_id or f"experiment-{next(_numbers)}",
            experiment=experiment_pb2.Experiment(
                dataset=dataset, target=target, scorers=scorers, settings=settings(**how)
            ),
        )
    )
    return created.experiment


async def start_run(service: Service, experiment: str, *, run_id: str = "") -> run_pb2.Run:
    """Start a run, whether or not a worker is there."""
    started_run = await service.runs.StartRun(
        run_service_pb2.StartRunRequest(
            parent=PROJECT, experiment=experiment, run_id=run_id, wait_for_worker=True
        )
    )
    return started_run.run


async def new_run(
    service: Service,
    content: Iterable[dataset_pb2.Item] | int,
    *scorers: experiment_pb2.ScorerSpec,
    **how: Any,
) -> run_pb2.Run:
    """Start a run of a new experiment on a new dataset with these items (or so many)."""
    dataset = await new_dataset(service, content)
    experiment = await new_experiment(service, dataset.name, *scorers, **how)
    return await start_run(service, experiment.name)


async def get_run(service: Service, name: str) -> run_pb2.Run:
    """Return a run as it is now."""
    return (await service.runs.GetRun(run_service_pb2.GetRunRequest(name=name))).run


async def watch(
    service: Service, name: str, after: int = 0
) -> list[run_service_pb2.WatchRunResponse]:
    """Return all messages of a watch, which ends with its run."""
    async with asyncio.timeout(PATIENCE):
        call = service.runs.WatchRun(
            run_service_pb2.WatchRunRequest(name=name, after_position=after)
        )
        return [message async for message in call]


async def facts(service: Service, name: str, after: int = 0) -> list[run_pb2.RunEvent]:
    """Return a run's facts after a position, up to its end."""
    return [event for message in await watch(service, name, after) for event in message.events]


async def ended(service: Service, name: str) -> run_pb2.Run:
    """Wait for a run's end and return the run."""
    await watch(service, name)
    return await get_run(service, name)


async def results(service: Service, run: str, **more: Any) -> list[run_pb2.Result]:
    """Return all results of a run, page by page."""
    found: list[run_pb2.Result] = []
    token = ""
    while True:
        page = await service.runs.ListResults(
            run_service_pb2.ListResultsRequest(parent=run, page_token=token, **more)
        )
        found += page.results
        token = page.next_page_token
        if not token:
            return found


def seconds(amount: float) -> Duration:
    """Return a duration."""
    duration = Duration()
    duration.FromMicroseconds(round(amount * 1_000_000))
    return duration


def hosts_target(target: experiment_pb2.Target = TARGET) -> worker_pb2.Capability:
    """Return the capability of a target."""
    return worker_pb2.Capability(target=target)


def hosts_scorer(scorer_id: str, **more: Any) -> worker_pb2.Capability:
    """Return the capability of a scorer."""
    return worker_pb2.Capability(
        scorer=scorer_pb2.Scorer(scorer_id=scorer_id, **{"version": 1, **more})
    )


@dataclass
class ScriptedWorker:
    """A worker that does exactly what a test says, on the bare contract."""

    service: Service
    token: str
    worker_id: str
    _request_ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def lease(
        self, limit: int = 100, *, wait: float = 5.0, request_id: str = ""
    ) -> list[worker_pb2.Task]:
        """Lease up to `limit` tasks, waiting for the first one."""
        answer = await self.service.workers.LeaseTasks(
            worker_service_pb2.LeaseTasksRequest(
                session_token=self.token,
                max_tasks=limit,
                max_wait=seconds(wait),
                request_id=request_id or f"{self.token[:20]}-{next(self._request_ids)}",
            )
        )
        return list(answer.tasks)

    async def lease_now(self, limit: int = 100) -> list[worker_pb2.Task]:
        """Lease what can be had without waiting."""
        return await self.lease(limit, wait=0.0)

    async def lease_one(self) -> worker_pb2.Task:
        """Lease one task."""
        (task,) = await self.lease(1)
        return task

    async def lease_all(self, count: int) -> list[worker_pb2.Task]:
        """Lease so many tasks, however many calls that takes."""
        tasks: list[worker_pb2.Task] = []
        async with asyncio.timeout(PATIENCE):
            while len(tasks) < count:
                tasks += await self.lease(count - len(tasks))
        return tasks

    async def report(self, *reports: worker_pb2.TaskReport) -> list[str]:
        """Report outcomes; returns the dispositions' names without their prefix."""
        answer = await self.service.workers.CompleteTasks(
            worker_service_pb2.CompleteTasksRequest(session_token=self.token, reports=reports)
        )
        return [
            worker_pb2.TaskDisposition.Name(disposition).removeprefix("TASK_DISPOSITION_")
            for disposition in answer.dispositions
        ]

    async def answer(self, *tasks: worker_pb2.Task, output: str | None = None) -> list[str]:
        """Report an output for each target task: the given one, or its input."""
        return await self.report(*(answered(task, output) for task in tasks))

    async def heartbeat(self, *task_ids: str) -> worker_service_pb2.HeartbeatResponse:
        """Say what it is at."""
        return await self.service.workers.Heartbeat(
            worker_service_pb2.HeartbeatRequest(session_token=self.token, running_task_ids=task_ids)
        )

    async def close(self) -> None:
        """End the session."""
        await self.service.workers.CloseWorker(
            worker_service_pb2.CloseWorkerRequest(session_token=self.token)
        )

    async def finish(self, run: str) -> run_pb2.Run:
        """Answer every task of a run, scorers with 1.0, until the run has ended."""
        async with asyncio.timeout(PATIENCE):
            while (status := (await get_run(self.service, run)).status) in (
                run_pb2.RUN_STATUS_PENDING,
                run_pb2.RUN_STATUS_RUNNING,
                run_pb2.RUN_STATUS_CANCELLING,
            ):
                idle = status == run_pb2.RUN_STATUS_CANCELLING
                tasks = await self.lease(wait=0.02 if idle else 0.2)
                if tasks:
                    await self.report(*map(done, tasks))
        return await get_run(self.service, run)


@asynccontextmanager
async def alive(worker: ScriptedWorker, *tasks: worker_pb2.Task) -> AsyncIterator[None]:
    """Let a worker's heart beat for these tasks, and none other, while the context lasts."""

    async def beat() -> None:
        while True:
            await worker.heartbeat(*(task.task_id for task in tasks))
            await asyncio.sleep(QUICK.heartbeat_interval / 2)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)


def answered(task: worker_pb2.Task, output: str | None = None) -> worker_pb2.TaskReport:
    """Return the report of an output: the given one, or the task's input."""
    return worker_pb2.TaskReport(
        task_id=task.task_id,
        lease_token=task.lease_token,
        output=json(task.target.input.json if output is None else output),
        duration=seconds(0.001),
    )


def judged(task: worker_pb2.Task, **score: Any) -> worker_pb2.TaskReport:
    """Return the report of a scorer's judgement."""
    return worker_pb2.TaskReport(
        task_id=task.task_id, lease_token=task.lease_token, score=cast("Any", score)
    )


def done(task: worker_pb2.Task) -> worker_pb2.TaskReport:
    """Return the report of a success, of either kind."""
    if task.WhichOneof("work") == "target":
        return answered(task)
    return judged(task, status="SCORE_STATUS_SCORED", value=1.0)


def failed(
    task: worker_pb2.Task, code: str = "EXECUTION", message: str = "it broke", **error: str
) -> worker_pb2.TaskReport:
    """Return the report of an error of this code."""
    return worker_pb2.TaskReport(
        task_id=task.task_id,
        lease_token=task.lease_token,
        error=run_pb2.TaskError(code=f"TASK_ERROR_CODE_{code}", message=message, **error),
        duration=seconds(0.001),
    )


async def new_worker(
    service: Service,
    *capabilities: worker_pb2.Capability,
    worker_id: str = "",
    parent: str = PROJECT,
) -> ScriptedWorker:
    """Register a worker; without capabilities it hosts TARGET."""
    worker_id = worker_id or f"worker-{next(_numbers)}"
    registered = await service.workers.RegisterWorker(
        worker_service_pb2.RegisterWorkerRequest(
            parent=parent,
            worker_id=worker_id,
            capabilities=capabilities or [hosts_target()],
            max_concurrent_tasks=100,
        )
    )
    return ScriptedWorker(service, registered.session_token, worker_id)


def query(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    """Return what the database of `folder` answers, while no server has it open."""
    with bootstrap.open_database(settings_in(folder)) as database:
        return database.read_now(lambda reader: reader.query(sql))


def read_models(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of all read models, while no server has the database of `folder` open."""
    with bootstrap.open_database(settings_in(folder)) as database:
        return database.read_now(
            lambda reader: {
                table: sorted(reader.query(f"SELECT * FROM {table}"), key=repr)
                for table in READ_MODELS
            }
        )


def rebuilt(folder: Path) -> tuple[dict[str, list[tuple[Any, ...]]], int]:
    """Rebuild the read models of a database and return them, and how many events that took."""
    report = maintenance.rebuild(settings_in(folder))
    assert report.tables == len(READ_MODELS)
    return read_models(folder), report.events
