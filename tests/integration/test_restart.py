"""The service stops in the middle of everything, opens the same file again, and goes on."""

from __future__ import annotations

from pathlib import Path

from tests.service import (
    PROJECT,
    ScriptedWorker,
    Service,
    add,
    done,
    ended,
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
    results,
    scorer,
    start_run,
    started,
)
from trialbook.v1.dataset_service_pb2 import AddItemsRequest, GetDatasetRequest
from trialbook.v1.run_pb2 import RUN_STATUS_CANCELLED, RUN_STATUS_COMPLETED, RunEvent
from trialbook.v1.run_service_pb2 import (
    CancelRunRequest,
    StartRunRequest,
    WatchRunRequest,
)


async def facts_so_far(service: Service, name: str) -> list[RunEvent]:
    """The facts that are recorded now, of a run that goes on."""
    last = (await get_run(service, name)).last_position
    told: list[RunEvent] = []
    call = service.runs.WatchRun(WatchRunRequest(name=name))
    async for message in call:
        told += message.events
        if message.through_position >= last:
            break
    call.cancel()
    return told


async def test_a_run_goes_on_and_old_leases_are_honoured(tmp_path: Path) -> None:
    async with started(tmp_path) as service:
        worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
        run = await new_run(
            service, 30, scorer("exact_match"), scorer("tone"), concurrency=6, max_retries=1
        )
        await worker.answer(*await worker.lease_all(6))
        before = await facts_so_far(service, run.name)
        held = await worker.lease_all(6)

    async with started(tmp_path) as service:
        worker = ScriptedWorker(service, worker.token, worker.worker_id)
        assert await worker.report(*map(done, held)) == ["RECORDED"] * 6
        over = await worker.finish(run.name)

        told = await facts(service, run.name)
        assert (over.status, over.counts.succeeded) == (RUN_STATUS_COMPLETED, 30)
        assert [summary.scored for summary in over.scorer_summaries] == [30, 30]
        assert told[: len(before)] == before
        assert [event.position for event in told] == list(range(1, 1 + 30 + 60 + 1 + 1))
        assert [result.attempts for result in await results(service, run.name)] == [1] * 30


async def test_what_no_worker_brings_back_is_given_out_again(tmp_path: Path) -> None:
    async with started(tmp_path) as service:
        lost = await new_worker(service)
        run = await new_run(service, 5, concurrency=5, max_retries=0)
        held = await lost.lease_all(5)

    async with started(tmp_path) as service:
        await ScriptedWorker(service, lost.token, "").close()
        other = await new_worker(service)
        tasks = await other.lease_all(5)
        assert {task.task_id for task in tasks} == {task.task_id for task in held}
        await other.answer(*tasks)
        assert (await ended(service, run.name)).counts.succeeded == 5


async def test_a_repeated_lease_is_known_after_a_restart(tmp_path: Path) -> None:
    async with started(tmp_path) as service:
        worker = await new_worker(service)
        await new_run(service, 3, concurrency=3)
        first = await worker.lease(request_id="r-1")

    async with started(tmp_path) as service:
        again = await ScriptedWorker(service, worker.token, "").lease(request_id="r-1")

    assert [task.task_id for task in again] == [task.task_id for task in first]


async def test_a_report_that_was_recorded_is_known_after_a_restart(tmp_path: Path) -> None:
    async with started(tmp_path) as service:
        worker = await new_worker(service)
        await new_run(service, 2, concurrency=2)
        tasks = await worker.lease_all(2)
        await worker.answer(tasks[0])

    async with started(tmp_path) as service:
        worker = ScriptedWorker(service, worker.token, "")
        assert await worker.answer(*tasks) == ["ALREADY_RECORDED", "RECORDED"]


async def test_a_retry_that_waits_comes_after_a_restart(tmp_path: Path) -> None:
    async with started(tmp_path) as service:
        worker = await new_worker(service)
        run = await new_run(service, 1, max_retries=2, backoff=0.2)
        await worker.report(failed(await worker.lease_one()))

    async with started(tmp_path) as service:
        worker = ScriptedWorker(service, worker.token, "")
        (task,) = await worker.lease(wait=20)
        await worker.answer(task)
        assert task.attempt == 2
        assert (await ended(service, run.name)).counts.succeeded == 1


async def test_a_cancellation_goes_on_by_itself(tmp_path: Path) -> None:
    async with started(tmp_path) as service:
        worker = await new_worker(service)
        run = await new_run(service, 3000, concurrency=5)
        await worker.answer(*await worker.lease_all(5))
        await service.runs.CancelRun(CancelRunRequest(name=run.name))

    async with started(tmp_path) as service:
        over = await ended(service, run.name)

    assert over.status == RUN_STATUS_CANCELLED
    assert (over.counts.succeeded, over.counts.skipped) == (5, 2995)


async def test_a_command_is_known_after_a_restart(tmp_path: Path) -> None:
    async with started(tmp_path) as service:
        dataset = await new_dataset(service)
        request = AddItemsRequest(parent=dataset.name, items=items(3), request_id="r-1")
        first = await service.datasets.AddItems(request)

    async with started(tmp_path) as service:
        again = await service.datasets.AddItems(request)

    assert again == first


async def test_everything_reads_as_before(tmp_path: Path) -> None:
    async with started(tmp_path) as service:
        worker = await new_worker(service)
        run = await worker.finish((await new_run(service, 10, scorer("levenshtein"))).name)
        told = await facts(service, run.name)
        listed = await results(service, run.name, include_items=True)

    async with started(tmp_path) as service:
        assert await get_run(service, run.name) == run
        assert await facts(service, run.name) == told
        assert await results(service, run.name, include_items=True) == listed


async def test_a_run_can_be_started_after_a_restart_by_the_workers_of_before(
    tmp_path: Path,
) -> None:
    async with started(tmp_path) as service:
        worker = await new_worker(service)
        dataset = await new_dataset(service, 2)
        experiment = await new_experiment(service, dataset.name)

    async with started(tmp_path) as service:
        request = StartRunRequest(parent=PROJECT, experiment=experiment.name)
        run = (await service.runs.StartRun(request)).run
        over = await ScriptedWorker(service, worker.token, "").finish(run.name)

    assert over.counts.succeeded == 2


async def test_any_number_of_restarts_loses_nothing(tmp_path: Path) -> None:
    restarts = 10
    async with started(tmp_path) as service:
        dataset = await new_dataset(service, 10)
        experiment = await new_experiment(service, dataset.name, scorer("exact_match"))
        run = await start_run(service, experiment.name)
        token = (await new_worker(service)).token
    for number in range(restarts):
        async with started(tmp_path) as service:
            worker = ScriptedWorker(service, token, "")
            await worker.answer(*await worker.lease(1))
            await add(service, dataset.name, [item(str(100 + number))])

    async with started(tmp_path) as service:
        over = await ended(service, run.name)
        found = await service.datasets.GetDataset(GetDatasetRequest(name=dataset.name))

    assert (over.counts.succeeded, over.last_position) == (10, 23)
    assert (found.dataset.version, found.dataset.item_count) == (1 + restarts, 10 + restarts)
