"""Several servers on one PostgreSQL database: any of them answers any call."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from tests.service import (
    PATIENCE,
    PROJECT,
    QUICK,
    ScriptedWorker,
    Service,
    alive,
    database_of,
    done,
    ended,
    eventually,
    facts,
    failed,
    get_run,
    hosts_scorer,
    hosts_target,
    item,
    items,
    new_dataset,
    new_experiment,
    new_run,
    new_worker,
    refusal,
    results,
    scorer,
    start_run,
    started,
)
from trialbook.services.engine.engine import EngineSettings
from trialbook.v1.dataset_service_pb2 import (
    AddItemsRequest,
    GetDatasetRequest,
    ImportItemsRequest,
)
from trialbook.v1.experiment_pb2 import (
    SCORER_SCOPE_RUN,
    TARGET_KIND_SCORER,
    ScorerSpec,
    Target,
)
from trialbook.v1.gate_pb2 import (
    GATE_METRIC_PASS_RATE,
    VERDICT_PASSED,
    Gate,
    GateCondition,
)
from trialbook.v1.run_pb2 import RUN_STATUS_CANCELLED, RunEvent
from trialbook.v1.run_service_pb2 import (
    CancelRunRequest,
    RescoreRunRequest,
    RetryRunRequest,
    StartRunRequest,
    WatchRunRequest,
    WatchRunResponse,
)
from trialbook.v1.worker_pb2 import Task

DEAF = EngineSettings(lease_duration=3600.0, sweep_interval=3600.0)
"""An engine that learns of others by their commits, and never by looking at intervals."""
SOON = 10.0
"""Sooner than a watch would look by itself."""


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[str]:
    with database_of(tmp_path, "postgres"):
        yield "postgres"


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[tuple[Service, Service]]:
    """Two servers that never look at the database unless something is committed."""
    async with replica(tmp_path, "a", DEAF) as first, replica(tmp_path, "b", DEAF) as second:
        yield first, second


@pytest.fixture
async def quick_two(tmp_path: Path) -> AsyncIterator[tuple[Service, Service]]:
    """Two servers whose leases expire quickly."""
    async with replica(tmp_path, "a", QUICK) as first, replica(tmp_path, "b", QUICK) as second:
        yield first, second


def replica(
    folder: Path, name: str, engine: EngineSettings
) -> AbstractAsyncContextManager[Service]:
    return started(folder, engine=engine, address=f"unix:{folder / name}")


def at(service: Service, worker: ScriptedWorker) -> ScriptedWorker:
    """The same worker, calling another server, with other request ids."""
    return ScriptedWorker(service, worker.token, worker.worker_id, itertools.count(1_000_000))


async def waiting_lease(worker: ScriptedWorker) -> asyncio.Task[list[Task]]:
    """Let a worker wait for a task, after it was told that there is none."""
    assert await worker.lease_now() == []
    waiting = asyncio.create_task(worker.lease(wait=20))
    # Its call is on the way before any other call that the test makes afterwards.
    assert await worker.lease_now() == []
    return waiting


async def test_a_worker_that_waits_at_one_server_gets_a_run_that_another_started(
    two: tuple[Service, Service],
) -> None:
    first, second = two
    worker = await new_worker(second)
    waiting = await waiting_lease(worker)
    dataset = await new_dataset(first, 3)
    experiment = await new_experiment(first, dataset.name)

    await start_run(first, experiment.name)

    async with asyncio.timeout(SOON):
        assert len(await waiting) == 3


async def test_a_worker_that_waits_at_one_server_gets_what_a_report_at_another_makes(
    two: tuple[Service, Service],
) -> None:
    """A scorer's task comes of a result."""
    first, second = two
    judge = await new_worker(second, hosts_scorer("tone"))
    worker = await new_worker(first)
    await new_run(first, 1, scorer("tone"))
    waiting = await waiting_lease(judge)

    await worker.answer(*await worker.lease())

    async with asyncio.timeout(SOON):
        assert [task.WhichOneof("work") for task in await waiting] == ["scorer"]


async def test_a_slot_that_is_freed_at_one_server_is_filled_at_another(
    two: tuple[Service, Service],
) -> None:
    first, second = two
    worker = await new_worker(first)
    await new_run(first, 2, concurrency=1)
    held = await worker.lease()
    waiting = await waiting_lease(at(second, worker))

    await worker.answer(*held)

    async with asyncio.timeout(SOON):
        assert len(await waiting) == 1


async def test_a_watcher_at_one_server_sees_what_is_recorded_at_another(
    two: tuple[Service, Service],
) -> None:
    first, second = two
    worker = await new_worker(first)
    run = await new_run(first, 5, scorer("exact_match"), concurrency=1)
    call = second.runs.WatchRun(WatchRunRequest(name=run.name))
    told: list[RunEvent] = []

    async with asyncio.timeout(SOON):
        for position in range(5):
            (task,) = await worker.lease()
            await worker.answer(task)
            while len(told) < 1 + 2 * (position + 1):
                message = await call.read()
                assert isinstance(message, WatchRunResponse)
                told += message.events

    assert [event.position for event in told][:11] == list(range(1, 12))
    assert await facts(second, run.name) == await facts(first, run.name)


async def test_a_watcher_at_one_server_is_told_the_end_of_a_run_cancelled_at_another(
    two: tuple[Service, Service],
) -> None:
    first, second = two
    run = await new_run(first, 700)
    watching = asyncio.create_task(ended(second, run.name))

    await first.runs.CancelRun(CancelRunRequest(name=run.name))

    async with asyncio.timeout(SOON):
        assert (await watching).status == RUN_STATUS_CANCELLED


async def test_the_concurrency_of_a_run_holds_over_all_servers(
    two: tuple[Service, Service],
) -> None:
    workers = [await new_worker(service) for service in two]
    run = await new_run(two[0], 100, concurrency=7)
    out: set[str] = set()
    most = 0
    async with asyncio.timeout(PATIENCE):
        while (await get_run(two[0], run.name)).counts.succeeded < 100:
            leased = await asyncio.gather(*(worker.lease_now(5) for worker in workers))
            for tasks in leased:
                out |= {task.task_id for task in tasks}
            most = max(most, len(out))
            for worker, tasks in zip(workers, leased, strict=True):
                if tasks:
                    await worker.answer(*tasks)
                out -= {task.task_id for task in tasks}

    assert most == 7
    assert [result.attempts for result in await results(two[1], run.name)] == [1] * 100


async def test_what_was_leased_at_one_server_is_reported_at_another(
    two: tuple[Service, Service],
) -> None:
    first, second = two
    worker = await new_worker(first)
    run = await new_run(first, 10, scorer("exact_match"), concurrency=10)
    held = await worker.lease()

    assert await at(second, worker).answer(*held[:6]) == ["RECORDED"] * 6
    assert await worker.answer(*held) == ["ALREADY_RECORDED"] * 6 + ["RECORDED"] * 4
    assert (await get_run(second, run.name)).counts.succeeded == 10


async def test_the_same_report_at_two_servers_at_once_is_recorded_once(
    two: tuple[Service, Service],
) -> None:
    first, second = two
    worker = await new_worker(first)
    run = await new_run(first, 50, scorer("exact_match"), concurrency=50)
    held = await worker.lease_all(50)

    told = await asyncio.gather(worker.answer(*held), at(second, worker).answer(*held))

    assert sorted(told[0] + told[1]) == ["ALREADY_RECORDED"] * 50 + ["RECORDED"] * 50
    over = await get_run(first, run.name)
    assert (over.counts.succeeded, over.last_position) == (50, 102)


async def test_a_session_lives_on_at_every_server_while_its_heart_beats_at_one(
    quick_two: tuple[Service, Service],
) -> None:
    first, second = quick_two
    worker = await new_worker(first)
    await worker.lease_now()
    elsewhere = at(second, worker)
    begun = asyncio.get_running_loop().time()
    async with alive(elsewhere):
        while asyncio.get_running_loop().time() - begun < 2 * QUICK.lease_duration:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

        assert await worker.lease_now() == []


async def test_a_session_that_was_closed_at_one_server_is_over_at_another(
    two: tuple[Service, Service],
) -> None:
    first, second = two
    worker = await new_worker(first)
    await worker.lease_now()
    await new_run(first, 3)

    await at(second, worker).close()

    assert (await refusal(worker.lease_now())).reason == "SESSION_EXPIRED"


async def test_an_import_goes_on_while_another_server_starts(tmp_path: Path) -> None:
    async with replica(tmp_path, "a", QUICK) as first:
        dataset = await new_dataset(first)
        call = first.datasets.ImportItems()
        await call.write(ImportItemsRequest(parent=dataset.name, items=items(100)))
        await begun(first, dataset.name, dataset.etag)

        async with replica(tmp_path, "b", QUICK) as second:
            await beaten(QUICK.server_lifetime * 4)
            await call.write(ImportItemsRequest(items=items(100, first=101), last=True))
            await call.done_writing()
            imported = await call

            found = await second.datasets.GetDataset(GetDatasetRequest(name=dataset.name))

    assert imported.dataset.item_count == found.dataset.item_count == 200


async def begun(service: Service, dataset: str, etag: str) -> None:
    async def is_begun() -> bool:
        found = await service.datasets.GetDataset(GetDatasetRequest(name=dataset))
        return found.dataset.etag != etag

    await eventually(is_begun)


async def beaten(seconds: float) -> None:
    """Let so much time pass that a server which says nothing would count as dead."""
    end = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < end:  # noqa: ASYNC110 — time itself is waited for
        await asyncio.sleep(0.02)


async def test_servers_that_come_and_go_do_not_prolong_what_a_lost_worker_holds(
    tmp_path: Path,
) -> None:
    lease = EngineSettings(lease_duration=3.0, sweep_interval=0.02)
    async with replica(tmp_path, "a", lease) as first:
        lost = await new_worker(first)
        run = await new_run(first, 2, concurrency=2)
        held = await lost.lease_all(2)
        other = await new_worker(first)

        async with alive(other):
            waiting = asyncio.create_task(other.lease_all(2))
            while not waiting.done():
                async with replica(tmp_path, "b", lease) as second:
                    await get_run(second, run.name)
            tasks = await waiting
            await other.answer(*tasks)

        assert {task.task_id for task in tasks} == {task.task_id for task in held}
        assert (await ended(first, run.name)).counts.succeeded == 2


async def test_what_two_servers_write_to_one_dataset_is_in_one_order(
    two: tuple[Service, Service],
) -> None:
    dataset = await new_dataset(two[0])
    request = AddItemsRequest(parent=dataset.name, items=[item()])

    answers = await asyncio.gather(
        *(service.datasets.AddItems(request) for _ in range(20) for service in two)
    )

    assert sorted(answer.dataset.version for answer in answers) == list(range(1, 41))
    assert len({answer.item_ids[0] for answer in answers}) == 40


async def test_a_request_id_is_known_at_every_server(two: tuple[Service, Service]) -> None:
    dataset = await new_dataset(two[0])
    request = AddItemsRequest(parent=dataset.name, items=items(3), request_id="r-1")

    first, again = [await service.datasets.AddItems(request) for service in two]

    assert first == again
    assert first.dataset.version == 1


async def test_of_two_servers_one_gives_the_verdict(quick_two: tuple[Service, Service]) -> None:
    one, other = quick_two
    worker = await new_worker(one)
    experiment = await new_experiment(one, (await new_dataset(one, 1)).name)
    asked = Gate(conditions=[GateCondition(metric=GATE_METRIC_PASS_RATE, at_least=1.0)])
    for _ in range(5):
        begun = await one.runs.StartRun(
            StartRunRequest(parent=PROJECT, experiment=experiment.name, gate=asked)
        )
        await worker.answer(await worker.lease_one())
        told = await facts(other, begun.run.name)
        assert [fact.WhichOneof("fact") for fact in told].count("gate_verdict") == 1
        assert told[-1].gate_verdict.verdict == VERDICT_PASSED


async def test_what_is_retried_and_rescored_at_one_server_is_done_at_another(
    two: tuple[Service, Service],
) -> None:
    """The other one has seen the run before, and must not take it for what it was."""
    first, second = two
    worker = await new_worker(first, hosts_target(), hosts_scorer("tone"))
    elsewhere = at(second, worker)
    run = await new_run(first, 2, max_retries=0)
    (here,), (there,) = await worker.lease(1), await elsewhere.lease(1)
    await elsewhere.report(failed(there))
    await worker.report(failed(here))
    await ended(first, run.name)

    await first.runs.RetryRun(RetryRunRequest(name=run.name))
    await elsewhere.answer(*await two_tasks(elsewhere))
    retried = await ended(second, run.name)
    await first.runs.RescoreRun(RescoreRunRequest(name=run.name, scorers=[scorer("tone")]))
    await elsewhere.report(*map(done, await two_tasks(elsewhere)))
    rescored = await ended(second, run.name)

    assert (retried.counts.succeeded, retried.counts.failed) == (2, 0)
    assert [result.round for result in await results(second, run.name)] == [1, 1]
    assert [told.scored for told in rescored.scorer_summaries] == [2]


async def test_what_servers_do_of_a_run_themselves_is_done_once(
    quick_two: tuple[Service, Service],
) -> None:
    """A built-in scorer as the target, and one that judges the run as a whole."""
    one, other = quick_two
    content = [item(f'{{"output": {n}, "expected": 7}}', "true") for n in range(1_500)]
    whole = ScorerSpec(scorer="agreement", scope=SCORER_SCOPE_RUN, output_pointer="/passed")
    experiment = await new_experiment(
        one,
        (await new_dataset(one, content)).name,
        whole,
        target=Target(kind=TARGET_KIND_SCORER, name="exact_match"),
    )
    runs = [await start_run(service, experiment.name) for service in (one, other, one)]

    for run in runs:
        told = await facts(other, run.name)
        kinds = Counter(fact.WhichOneof("fact") for fact in told)
        assert kinds == {"started": 1, "result": 1_500, "scored": 1, "ended": 1}
        assert [fact.position for fact in told] == list(range(1, 1_504))
        assert told[-2].scored.score.value == pytest.approx(1 / 1_500)


async def two_tasks(worker: ScriptedWorker) -> list[Task]:
    """Ask again and again: tasks alone make no commit that wakes another server."""
    tasks: list[Task] = []

    async def look() -> bool:
        tasks.extend(await worker.lease_now(2))
        return len(tasks) == 2

    await eventually(look)
    return tasks
