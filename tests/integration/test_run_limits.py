"""What stops or slows a run: deadlines, failures, rates, workers that are not there, clocks."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.service import (
    PROJECT,
    ScriptedWorker,
    Service,
    alive,
    answered,
    ended,
    eventually,
    facts,
    failed,
    get_run,
    hosts_scorer,
    hosts_target,
    new_dataset,
    new_experiment,
    new_run,
    new_worker,
    refusal,
    results,
    scorer,
    seconds,
    start_run,
    started,
)
from trialbook.services.application import clock
from trialbook.v1.dataset_service_pb2 import PurgeItemsRequest
from trialbook.v1.item_selection_pb2 import ItemSample, ItemSelection
from trialbook.v1.run_pb2 import (
    RESULT_STATUS_SKIPPED,
    RUN_END_REASON_DEADLINE_EXCEEDED,
    RUN_END_REASON_TOO_MANY_FAILURES,
    RUN_STATUS_CANCELLED,
    RUN_STATUS_COMPLETED,
    RUN_STATUS_FAILED,
    RUN_STATUS_PENDING,
    SKIP_REASON_RUN_CANCELLED,
    SKIP_REASON_RUN_DEADLINE,
    SKIP_REASON_TOO_MANY_FAILURES,
    Run,
)
from trialbook.v1.run_service_pb2 import CancelRunRequest, StartRunRequest

SECOND = 1_000_000


@pytest.fixture
def hours(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """By how many hours the service's clock is wrong: put it forward or back by "lead"."""
    wrong = {"lead": 0.0}
    monkeypatch.setattr(
        clock, "now", lambda: time.time_ns() // 1000 + int(wrong["lead"] * 3600 * SECOND)
    )
    return wrong


async def cancel(service: Service, name: str) -> None:
    await service.runs.CancelRun(CancelRunRequest(name=name))


async def skip_reasons(service: Service, run: Run) -> set[int]:
    skipped = await results(service, run.name, status=RESULT_STATUS_SKIPPED)
    return {result.skip_reason for result in skipped}


class TestDeadline:
    async def test_what_is_not_done_in_time_is_skipped_and_the_run_has_failed(
        self, service: Service
    ) -> None:
        worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
        run = await new_run(
            service, 6, scorer("tone"), concurrency=3, run_deadline=seconds(1), backoff=3600
        )
        good, bad, late = await worker.lease_all(3)
        assert await worker.report(answered(good), failed(bad)) == ["RECORDED", "RETRY_SCHEDULED"]

        over = await ended(service, run.name)

        assert (over.status, over.end_reason) == (
            RUN_STATUS_FAILED,
            RUN_END_REASON_DEADLINE_EXCEEDED,
        )
        assert (over.counts.succeeded, over.counts.skipped) == (1, 5)
        assert await skip_reasons(service, run) == {SKIP_REASON_RUN_DEADLINE}
        (judged, *_) = await results(service, run.name)
        assert [score.label for score in judged.scores] == ["run_deadline"]
        assert await worker.answer(late) == ["ALREADY_RECORDED"]
        (stop,) = [
            fact.cancel_requested
            for fact in await facts(service, run.name)
            if fact.HasField("cancel_requested")
        ]
        assert (stop.author, stop.end_reason) == ("trialbook", RUN_END_REASON_DEADLINE_EXCEEDED)

    async def test_it_holds_for_a_run_that_never_began_and_over_restarts(
        self, tmp_path: Path
    ) -> None:
        async with started(tmp_path) as service:
            run = await new_run(service, 2, run_deadline=seconds(1))
            assert run.status == RUN_STATUS_PENDING

        async with started(tmp_path) as service:
            over = await ended(service, run.name)

        assert over.end_reason == RUN_END_REASON_DEADLINE_EXCEEDED
        assert over.counts.skipped == 2


class TestFailures:
    async def test_a_run_stops_at_so_many_failures(self, service: Service) -> None:
        worker = await new_worker(service)
        run = await new_run(
            service, 20, scorer("exact_match"), concurrency=4, max_retries=0, max_failures=2
        )
        tasks = await worker.lease_all(4)
        await worker.report(failed(tasks[0]), answered(tasks[1]))
        assert (await get_run(service, run.name)).counts.failed == 1

        await worker.report(failed(tasks[2]))
        assert await worker.lease_now() == []
        over = await ended(service, run.name)

        assert (over.status, over.end_reason) == (
            RUN_STATUS_FAILED,
            RUN_END_REASON_TOO_MANY_FAILURES,
        )
        counts = over.counts
        assert (counts.succeeded, counts.failed, counts.skipped) == (1, 2, 17)
        assert await skip_reasons(service, run) == {SKIP_REASON_TOO_MANY_FAILURES}

    async def test_retries_that_help_are_no_failures(self, service: Service) -> None:
        worker = await new_worker(service)
        run = await new_run(service, 2, concurrency=1, max_retries=1, max_failures=1)
        await worker.report(failed(await worker.lease_one()))

        over = await worker.finish(run.name)

        assert (over.status, over.counts.succeeded) == (RUN_STATUS_COMPLETED, 2)

    async def test_so_many_failures_at_once_are_recorded_all(self, service: Service) -> None:
        worker = await new_worker(service)
        run = await new_run(service, 6, concurrency=6, max_retries=0, max_failures=2)
        await worker.report(*map(failed, await worker.lease_all(6)))

        over = await ended(service, run.name)

        assert (over.counts.failed, over.counts.skipped) == (6, 0)
        assert over.end_reason == RUN_END_REASON_TOO_MANY_FAILURES


class TestRate:
    async def test_one_seconds_worth_goes_out_at_once_and_idle_workers_get_the_next(
        self, service: Service
    ) -> None:
        workers = [await new_worker(service) for _ in range(2)]
        await new_run(service, 6, concurrency=100, rate_limit=4)
        first = [task for worker in workers for task in await worker.lease_now()]

        assert len(first) == 4
        assert len(await workers[0].lease_all(2)) == 2

    async def test_retries_count_and_scorers_do_not(self, service: Service) -> None:
        worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
        await new_run(service, 3, scorer("tone"), concurrency=9, rate_limit=0.01)
        (only,) = await worker.lease_now()

        assert await worker.report(failed(only)) == ["RETRY_SCHEDULED"]
        assert await worker.lease_now() == []

    async def test_a_scorers_task_goes_out_all_the_same(self, service: Service) -> None:
        worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
        await new_run(service, 3, scorer("tone"), concurrency=9, rate_limit=0.01)
        await worker.answer(await worker.lease_one())

        (task,) = await worker.lease_now()

        assert task.WhichOneof("work") == "scorer"


class TestPending:
    async def test_it_can_be_cancelled(self, service: Service) -> None:
        run = await new_run(service, 3)
        await cancel(service, run.name)

        over = await ended(service, run.name)

        assert (over.status, over.counts.skipped) == (RUN_STATUS_CANCELLED, 3)
        assert await skip_reasons(service, run) == {SKIP_REASON_RUN_CANCELLED}

    async def test_its_datasets_items_are_not_purged_under_it(self, service: Service) -> None:
        dataset = await new_dataset(service, 2)
        experiment = await new_experiment(service, dataset.name)
        await start_run(service, experiment.name)

        told = await refusal(
            service.datasets.PurgeItems(PurgeItemsRequest(parent=dataset.name, item_ids=["i1"]))
        )

        assert told.reason == "RUN_IN_PROGRESS"


class TestSelection:
    async def test_a_cancelled_run_skips_only_what_is_selected(self, service: Service) -> None:
        run = await sampled(service, 30, count=11)
        worker = await new_worker(service)
        await worker.answer(await worker.lease_one())
        await cancel(service, run.name)

        over = await ended(service, run.name)

        found = await results(service, run.name)
        assert (over.counts.succeeded, over.counts.skipped) == (1, 10)
        assert [result.number for result in found] == list(range(1, 12))

    async def test_it_goes_on_after_a_restart(self, tmp_path: Path) -> None:
        async with started(tmp_path) as service:
            run = await sampled(service, 30, count=11)
            worker = await new_worker(service)
            await worker.answer(*await worker.lease_all(4))

        async with started(tmp_path) as service:
            over = await ScriptedWorker(service, worker.token, "").finish(run.name)
            found = await results(service, run.name)

        assert (over.status, over.counts.succeeded) == (RUN_STATUS_COMPLETED, 11)
        assert len({result.item_id for result in found}) == 11


async def sampled(service: Service, items: int, *, count: int) -> Run:
    """Start a run of some items, drawn by lot."""
    dataset = await new_dataset(service, items)
    experiment = await new_experiment(service, dataset.name)
    request = StartRunRequest(
        parent=PROJECT,
        experiment=experiment.name,
        selection=ItemSelection(sample=ItemSample(count=count, seed=1)),
        wait_for_worker=True,
    )
    return (await service.runs.StartRun(request)).run


class TestClock:
    @pytest.mark.parametrize("jumps", [(3.0,), (-3.0,), (5.0, -5.0, 1.0, -9.0)])
    async def test_a_run_is_done_once_whatever_the_clock_does(
        self, quick: Service, hours: dict[str, float], jumps: tuple[float, ...]
    ) -> None:
        worker = await new_worker(quick, hosts_target(), hosts_scorer("tone"))
        run = await new_run(
            quick, 12, scorer("exact_match"), scorer("tone"), concurrency=4, rate_limit=500
        )
        for jump in jumps:
            tasks = await worker.lease_all(2)
            await worker.report(failed(tasks[0]), *map(answered, tasks[1:]))
            hours["lead"] = jump
            worker = await new_worker(quick, hosts_target(), hosts_scorer("tone"))

        async with alive(worker):
            over = await worker.finish(run.name)

        found = await results(quick, run.name)
        assert (over.status, over.counts.succeeded) == (RUN_STATUS_COMPLETED, 12)
        assert [result.number for result in found] == list(range(1, 13))
        assert {len(result.scores) for result in found} == {2}
        told = [event.position for event in await facts(quick, run.name)]
        assert told == list(range(1, len(told) + 1))

    @pytest.mark.parametrize("jump", [3.0, -3.0])
    async def test_a_worker_at_work_keeps_its_task(
        self, quick: Service, hours: dict[str, float], jump: float
    ) -> None:
        worker = await new_worker(quick)
        run = await new_run(quick, 1)
        task = await worker.lease_one()
        async with alive(worker, task):
            hours["lead"] = jump
            await looked_after(quick)
            assert await worker.answer(task) == ["RECORDED"]

        assert (await ended(quick, run.name)).counts.succeeded == 1

    async def test_what_a_lost_worker_holds_comes_back_though_the_clock_was_put_back(
        self, quick: Service, hours: dict[str, float]
    ) -> None:
        run = await new_run(quick, 1)
        await (await new_worker(quick)).lease_one()
        hours["lead"] = -3.0

        worker = await new_worker(quick)
        async with alive(worker):
            over = await worker.finish(run.name)

        assert over.counts.succeeded == 1

    async def test_runs_take_turns_though_the_clock_was_put_back(
        self, service: Service, hours: dict[str, float]
    ) -> None:
        worker = await new_worker(service)
        first, second = [await new_run(service, 20, concurrency=20) for _ in range(2)]
        turns = [(await worker.lease_one()).run]
        hours["lead"] = -3.0
        worker = await new_worker(service)

        turns += [(await worker.lease_one()).run for _ in range(3)]

        assert turns == [first.name, second.name] * 2


async def looked_after(service: Service) -> None:
    """Wait until the service has looked after leases: it ends those of a worker of nothing."""
    silent = await new_worker(service)

    async def is_gone() -> bool:
        try:
            await silent.lease_now()
        except Exception:  # noqa: BLE001 — whatever the refusal is
            return True
        return False

    await eventually(is_gone)
