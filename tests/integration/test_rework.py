"""Runs that are retried, rescored or driven by callers, over restarts and moves of the log."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import pytest

from tests.service import (
    PROJECT,
    ScriptedWorker,
    Service,
    answered,
    database_of,
    done,
    ended,
    eventually,
    facts,
    failed,
    get_run,
    hosts_scorer,
    hosts_target,
    json,
    new_dataset,
    new_experiment,
    new_run,
    new_worker,
    read_models,
    rebuilt,
    results,
    scorer,
    settings_in,
    started,
)
from trialbook.services import maintenance
from trialbook.services.application import work
from trialbook.services.engine import rescore, retry, submission
from trialbook.v1.experiment_pb2 import ScorerSpec
from trialbook.v1.run_pb2 import RUN_STATUS_COMPLETED, RUN_STATUS_RUNNING, Run, RunCounts
from trialbook.v1.run_service_pb2 import (
    CancelRunRequest,
    FinishRunRequest,
    RescoreRunRequest,
    RetryRunRequest,
    StartRunRequest,
    SubmitResultsRequest,
    SubmittedResult,
)

ITEMS = 30
MANY = 100


@pytest.fixture(autouse=True)
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs that come to a rest in the middle of a small run."""
    for module in (rescore, retry, submission):
        monkeypatch.setattr(module, "_SLICE", 5)
    monkeypatch.setattr(work, "TASKS_AHEAD", 10)


async def failed_run(service: Service, worker: ScriptedWorker, *scorers: ScorerSpec) -> Run:
    """A run all of whose results failed but the first."""
    run = await new_run(service, ITEMS, *scorers, max_retries=0, concurrency=MANY)
    first, *others = await worker.lease_all(ITEMS)
    await worker.report(answered(first), *map(failed, others))
    return await finished(service, worker, run.name)


async def finished(service: Service, worker: ScriptedWorker, run: str) -> Run:
    await worker.finish(run)
    return await ended(service, run)


async def answer_some(worker: ScriptedWorker, count: int) -> None:
    """Let so many tasks be done, and more be made meanwhile."""
    await worker.report(*map(done, await worker.lease_all(count)))


async def assert_told_once(service: Service, run: str, scorers: int) -> None:
    """Every score of the newest round is there once, and the history has no gap."""
    told = await facts(service, run)
    assert [event.position for event in told] == list(range(1, len(told) + 1))
    for result in await results(service, run):
        assert len(result.scores) == scorers
    last_round = max((event.result.round for event in told if event.HasField("result")), default=0)
    numbers = Counter(
        event.result.number
        for event in told
        if event.HasField("result") and event.result.round == last_round
    )
    assert set(numbers.values()) == {1}


def assert_rebuilt_alike(folder: Path) -> None:
    live = read_models(folder)
    assert rebuilt(folder)[0] == live


async def test_a_retry_goes_on_after_a_restart(tmp_path: Path) -> None:
    async with started(tmp_path) as service:
        worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
        run = await failed_run(service, worker, scorer("exact_match"), scorer("tone"))
        await service.runs.RetryRun(RetryRunRequest(name=run.name))
        await answer_some(worker, 8)

    async with started(tmp_path) as service:
        again = ScriptedWorker(service, worker.token, "later")
        after = await finished(service, again, run.name)

        assert after.counts == RunCounts(planned=ITEMS, succeeded=ITEMS)
        assert [told.scored for told in after.scorer_summaries] == [ITEMS, ITEMS]
        assert [told.skipped for told in after.scorer_summaries] == [0, 0]
        await assert_told_once(service, run.name, 2)
    assert_rebuilt_alike(tmp_path)


async def test_a_rescore_goes_on_after_a_restart(tmp_path: Path) -> None:
    async with started(tmp_path) as service:
        worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
        run = await new_run(service, ITEMS, scorer("exact_match"), concurrency=MANY)
        await finished(service, worker, run.name)
        await service.runs.RescoreRun(
            RescoreRunRequest(
                name=run.name, scorers=[scorer("exact_match"), scorer("tone")], force=True
            )
        )
        await answer_some(worker, 4)
        before = await get_run(service, run.name)

    async with started(tmp_path) as service:
        again = ScriptedWorker(service, worker.token, "later")
        after = await finished(service, again, run.name)

        assert before.status == RUN_STATUS_RUNNING
        assert before.scorer_summaries[1].scored < ITEMS
        assert after.counts == RunCounts(planned=ITEMS, succeeded=ITEMS)
        assert [told.scored for told in after.scorer_summaries] == [ITEMS] * 3
        await assert_told_once(service, run.name, 2)
    assert_rebuilt_alike(tmp_path)


async def test_what_was_skipped_in_the_middle_of_a_rescore_is_judged_by_the_next(
    tmp_path: Path,
) -> None:
    async with started(tmp_path) as service:
        worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
        run = await new_run(service, ITEMS, concurrency=MANY)
        await finished(service, worker, run.name)
        await service.runs.RescoreRun(RescoreRunRequest(name=run.name, scorers=[scorer("tone")]))
        await answer_some(worker, 4)
        await service.runs.CancelRun(CancelRunRequest(name=run.name))
        stopped = await ended(service, run.name)
        await service.runs.RescoreRun(RescoreRunRequest(name=run.name, force=True))
        after = await finished(service, worker, run.name)

        told = stopped.scorer_summaries[0]
        assert (told.scored, told.skipped) == (4, ITEMS - 4)
        assert after.status == RUN_STATUS_COMPLETED
        assert [told.scored for told in after.scorer_summaries] == [4, ITEMS]
    assert_rebuilt_alike(tmp_path)


async def test_a_finish_goes_on_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(tmp_path) as service:
        run = await submitted_run(service, [3, 17])
        with monkeypatch.context() as patch:
            patch.setattr(submission, "expand", _broken)
            await service.runs.FinishRun(FinishRunRequest(name=run.name))
            assert (await get_run(service, run.name)).status == RUN_STATUS_RUNNING

    async with started(tmp_path) as service:
        after = await ended(service, run.name)

        assert after.counts == RunCounts(planned=ITEMS, succeeded=2, skipped=ITEMS - 2)
    assert_rebuilt_alike(tmp_path)


def _broken(*_: object) -> None:
    raise RuntimeError("the disk is away")


async def submitted_run(service: Service, numbers: list[int]) -> Run:
    """A run of which its caller has submitted some results."""
    dataset = await new_dataset(service, ITEMS)
    experiment = await new_experiment(service, dataset.name)
    request = StartRunRequest(parent=PROJECT, experiment=experiment.name, caller_driven=True)
    run = (await service.runs.StartRun(request)).run
    submitted = [SubmittedResult(item_id=f"i{n}", output=json("1")) for n in numbers]
    await service.runs.SubmitResults(SubmitResultsRequest(parent=run.name, results=submitted))
    return run


def moved(folder: Path, other: Path) -> None:
    """Bring the log alone into another database."""
    stream = io.BytesIO()
    maintenance.export_archive(settings_in(folder), stream)
    stream.seek(0)
    maintenance.import_archive(settings_in(other), stream)


async def test_retry_rescore_and_submission_go_on_where_the_log_was_moved_to(
    tmp_path: Path, backend: str
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    capabilities = hosts_target(), hosts_scorer("tone")
    async with started(tmp_path) as service:
        worker = await new_worker(service, *capabilities)
        retried = await failed_run(service, worker, scorer("tone"))
        rescored = await new_run(service, ITEMS, concurrency=MANY)
        await finished(service, worker, rescored.name)
        await service.runs.RescoreRun(
            RescoreRunRequest(name=rescored.name, scorers=[scorer("tone"), scorer("exact_match")])
        )
        await answer_some(worker, 4)
        await service.runs.RetryRun(RetryRunRequest(name=retried.name))
        await eventually(lambda: answer_one_of(worker, retried.name))
        driven = await submitted_run(service, [3, 17])

    with database_of(other, backend):
        moved(tmp_path, other)
        async with started(other) as service:
            worker = await new_worker(service, *capabilities)
            for name in (retried.name, rescored.name):
                after = await finished(service, worker, name)
                assert after.counts == RunCounts(planned=ITEMS, succeeded=ITEMS)
                assert {told.scored for told in after.scorer_summaries} == {ITEMS}
            await service.runs.FinishRun(FinishRunRequest(name=driven.name))
            after = await ended(service, driven.name)
            assert after.counts == RunCounts(planned=ITEMS, succeeded=2, skipped=ITEMS - 2)
        assert_rebuilt_alike(other)


async def answer_one_of(worker: ScriptedWorker, run: str) -> bool:
    """Do what can be had; return whether something of this run was among it."""
    tasks = await worker.lease_now(5)
    if tasks:
        await worker.report(*map(done, tasks))
    return any(task.run == run for task in tasks)
