"""Whatever commands come, and whatever workers do: limits hold, facts add up, replay agrees."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import grpc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.service import (
    BACKENDS,
    PATIENCE,
    PROJECT,
    ScriptedWorker,
    Service,
    add,
    answered,
    database_of,
    ended,
    facts,
    failed,
    get_run,
    hosts_scorer,
    hosts_target,
    item,
    judged,
    new_dataset,
    new_experiment,
    new_worker,
    read_models,
    rebuilt,
    requests,
    results,
    scorer,
    start_run,
    started,
)
from trialbook.v1.dataset_pb2 import Dataset
from trialbook.v1.dataset_service_pb2 import DeleteDatasetRequest, UpdateDatasetRequest
from trialbook.v1.experiment_pb2 import Experiment
from trialbook.v1.experiment_service_pb2 import DeleteExperimentRequest, UpdateExperimentRequest
from trialbook.v1.run_pb2 import RUN_STATUS_COMPLETED
from trialbook.v1.run_service_pb2 import CancelRunRequest
from trialbook.v1.worker_pb2 import Task, TaskReport

EXPECTED_REFUSALS = {
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
}
RELAXED = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


class RandomHistory:
    """Random commands on a handful of names, and workers that do anything that workers may do."""

    def __init__(self, service: Service, seed: int) -> None:
        self._service = service
        self._random = random.Random(seed)
        self._runs: list[str] = []
        self._workers: list[ScriptedWorker] = []
        self._held: list[tuple[ScriptedWorker, Task]] = []
        self._number = 0

    async def go_on(self, steps: int) -> None:
        """Take so many random steps. What a command may refuse is refused."""
        doings: list[Callable[[], Awaitable[object]]] = [
            self._create_dataset,
            self._add_items,
            self._import_items,
            self._update_dataset,
            self._create_experiment,
            self._update_experiment,
            self._start_run,
            self._open_worker,
            *[self._lease] * 4,
            *[self._report] * 6,
            self._close_worker,
            self._cancel,
            self._delete,
        ]
        first = doings[0], doings[1], doings[4], doings[6], doings[7]
        for doing in (*first * 3, *self._random.choices(doings, k=steps)):
            await self._tried(doing)

    async def finish(self) -> list[str]:
        """Let all runs end and return their names."""
        last = await new_worker(self._service, hosts_target(), hosts_scorer("tone"))
        for worker in self._workers:
            await worker.close()
        for run in self._runs:
            await last.finish(run)
        return self._runs

    async def _tried(self, doing: Callable[[], Awaitable[object]]) -> None:
        try:
            await doing()
        except grpc.aio.AioRpcError as error:
            if error.code() not in EXPECTED_REFUSALS:
                raise

    def _name(self, noun: str) -> str:
        return f"{PROJECT}/{noun}s/{noun}-{self._random.randrange(3)}"

    def _items(self) -> list[object]:
        texts = ("1", '"' + "x" * 2000 + '"', '{"a":[1,2]}', "null")
        self._number += 1
        return [
            item(
                self._random.choice(texts),
                self._random.choice((None, *texts)),
                item_id=self._random.choice(("", f"i-{self._number}-{n}", "taken")),
            )
            for n in range(self._random.randrange(6))
        ]

    async def _create_dataset(self) -> None:
        await new_dataset(self._service, dataset_id=self._name("dataset").rpartition("/")[2])

    async def _add_items(self) -> None:
        await add(self._service, self._name("dataset"), self._items())  # type: ignore[arg-type]

    async def _import_items(self) -> None:
        batches = [self._items() for _ in range(3)]
        if self._random.random() < 0.4:
            batches.append([item("{")])
        messages = requests(self._name("dataset"), batches)  # type: ignore[arg-type]
        await self._service.datasets.ImportItems(iter(messages))

    async def _update_dataset(self) -> None:
        change = Dataset(name=self._name("dataset"), description=str(self._random.random()))
        await self._service.datasets.UpdateDataset(UpdateDatasetRequest(dataset=change))

    async def _create_experiment(self) -> None:
        scorers = [scorer("exact_match"), scorer("levenshtein")]
        if self._workers and self._random.random() < 0.5:
            scorers.append(scorer("tone"))
        await new_experiment(
            self._service,
            self._name("dataset"),
            *scorers,
            experiment_id=self._name("experiment").rpartition("/")[2],
            concurrency=self._random.randint(1, 4),
            trials=self._random.randint(1, 3),
            max_retries=self._random.randrange(3),
        )

    async def _update_experiment(self) -> None:
        change = Experiment(name=self._name("experiment"), description=str(self._random.random()))
        request = UpdateExperimentRequest(experiment=change)
        await self._service.experiments.UpdateExperiment(request)

    async def _start_run(self) -> None:
        run = await start_run(self._service, self._name("experiment"))
        self._runs.append(run.name)

    async def _open_worker(self) -> None:
        capabilities = [hosts_target(), hosts_scorer("tone")]
        chosen = self._random.sample(capabilities, self._random.randint(1, 2))
        self._workers.append(await new_worker(self._service, *chosen))

    async def _lease(self) -> None:
        if not self._workers:
            return
        worker = self._random.choice(self._workers)
        tasks = await worker.lease_now(self._random.randint(1, 8))
        self._held += [(worker, task) for task in tasks]
        await self._check_concurrency()

    async def _check_concurrency(self) -> None:
        for run, out in Counter(task.run for _, task in self._held).items():
            allowed = (await get_run(self._service, run)).settings.concurrency
            assert out <= allowed, f"{out} tasks of {run} are out, {allowed} may be"

    async def _report(self) -> None:
        """Report some of the held tasks, wrongly at times, and let go of them."""
        if not self._held:
            return
        worker = self._random.choice(self._held)[0]
        own = [task for holder, task in self._held if holder is worker]
        chosen = self._random.sample(own, self._random.randint(1, len(own)))
        gone = {(task.task_id, task.lease_token) for task in chosen}
        self._held = [
            (holder, task)
            for holder, task in self._held
            if (task.task_id, task.lease_token) not in gone
        ]
        reports = [self._outcome(task) for task in chosen]
        told = await worker.report(*reports, *self._random.sample(reports, 1))
        assert "UNSPECIFIED" not in told

    def _outcome(self, task: Task) -> TaskReport:
        if self._random.random() < 0.3:
            codes = ("EXECUTION", "INVALID", "CANCELLED", "UNAVAILABLE", "TIMEOUT")
            return failed(task, self._random.choice(codes))
        if task.WhichOneof("work") == "target":
            return answered(task, self._random.choice(("1", '"' + "y" * 3000 + '"', "{", "null")))
        value = self._random.choice((0.0, 0.1, 1.0, -3.5, float("nan")))
        return judged(task, status="SCORE_STATUS_SCORED", value=value, passed=value > 0)

    async def _close_worker(self) -> None:
        if len(self._workers) < 2:
            return
        worker = self._workers.pop(self._random.randrange(len(self._workers)))
        await worker.close()
        self._held = [(holder, task) for holder, task in self._held if holder is not worker]

    async def _cancel(self) -> None:
        if not self._runs or self._random.random() < 0.7:
            return
        run = self._random.choice(self._runs)
        await self._service.runs.CancelRun(CancelRunRequest(name=run))
        await ended(self._service, run)
        self._held = [(holder, task) for holder, task in self._held if task.run != run]

    async def _delete(self) -> None:
        if self._random.random() < 0.5:
            request = DeleteDatasetRequest(name=self._name("dataset"))
            await self._service.datasets.DeleteDataset(request)
        else:
            gone = DeleteExperimentRequest(name=self._name("experiment"))
            await self._service.experiments.DeleteExperiment(gone)


async def check_run(service: Service, name: str) -> None:
    """Check that a run's facts, results, counts and summaries tell one story."""
    run = await get_run(service, name)
    told = await facts(service, name)
    listed = await results(service, name)
    assert [event.position for event in told] == list(range(1, run.last_position + 1))
    assert [result.number for result in listed] == list(range(1, run.counts.planned + 1))
    assert sum(event.HasField("result") for event in told) == run.counts.planned
    by_status = Counter(result.status for result in listed)
    counts = run.counts
    assert [by_status[status] for status in (1, 2, 3)] == [  # type: ignore[index]
        counts.succeeded,
        counts.failed,
        counts.skipped,
    ]
    for place, summary in enumerate(run.scorer_summaries):
        check_summary(summary, [r.scores[place] for r in listed if len(r.scores) > place])
    if run.status == RUN_STATUS_COMPLETED:
        assert all(len(result.scores) == len(run.scorers) for result in listed)


def check_summary(summary: object, scores: list[object]) -> None:
    values = [score.value for score in scores if score.HasField("value")]  # type: ignore[attr-defined]
    assert summary.scored == len(values)  # type: ignore[attr-defined]
    if values:
        assert summary.mean == pytest.approx(sum(values) / len(values))  # type: ignore[attr-defined]
        assert (summary.minimum, summary.maximum) == (min(values), max(values))  # type: ignore[attr-defined]


async def live(folder: Path, seed: int, steps: int) -> None:
    async with asyncio.timeout(PATIENCE), started(folder) as service:
        history = RandomHistory(service, seed)
        await history.go_on(steps)
        for run in await history.finish():
            await check_run(service, run)


@pytest.mark.parametrize("backend", BACKENDS)
@RELAXED
@given(seed=st.integers(0, 2**32), steps=st.integers(1, 60))
def test_a_random_history_adds_up_and_can_be_replayed(backend: str, seed: int, steps: int) -> None:
    with tempfile.TemporaryDirectory() as name, database_of(Path(name), backend):
        folder = Path(name)
        asyncio.run(live(folder, seed, steps))
        lived = read_models(folder)

        anew, _ = rebuilt(folder)

    for table, rows in lived.items():
        assert anew[table] == rows, table
