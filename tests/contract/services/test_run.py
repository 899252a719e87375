"""RunService: starting, reading, listing and cancelling runs, and their results."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from tests.service import (
    PROJECT,
    TARGET,
    ScriptedWorker,
    Service,
    add,
    answered,
    ended,
    failed,
    get_run,
    hosts_scorer,
    hosts_target,
    invalid,
    item,
    items,
    judged,
    new_dataset,
    new_experiment,
    new_run,
    new_worker,
    refusal,
    results,
    scorer,
    seconds,
    start_run,
    summary,
)
from trialbook.v1.dataset_service_pb2 import DeleteDatasetRequest
from trialbook.v1.experiment_pb2 import Experiment, Target
from trialbook.v1.experiment_service_pb2 import UpdateExperimentRequest
from trialbook.v1.run_pb2 import (
    RESULT_STATUS_FAILED,
    RESULT_STATUS_SKIPPED,
    RESULT_STATUS_SUCCEEDED,
    RUN_STATUS_CANCELLED,
    RUN_STATUS_COMPLETED,
    RUN_STATUS_RUNNING,
    TASK_ERROR_CODE_EXECUTION,
    LatencySummary,
    Result,
    Run,
    RunCounts,
)
from trialbook.v1.run_service_pb2 import (
    RESULT_ORDER_SLOWEST,
    CancelRunRequest,
    GetResultRequest,
    GetRunRequest,
    ListResultsRequest,
    ListResultsResponse,
    ListRunsRequest,
    StartRunRequest,
)
from trialbook.v1.score_pb2 import SCORE_STATUS_SCORED, SCORE_STATUS_SKIPPED
from trialbook.v1.worker_pb2 import TaskReport

MIB = 1024 * 1024


async def start(service: Service, experiment: str, **more: Any) -> Run:
    request = StartRunRequest(parent=PROJECT, experiment=experiment, **more)
    return (await service.runs.StartRun(request)).run


async def cancel(service: Service, name: str, **more: Any) -> Run:
    return (await service.runs.CancelRun(CancelRunRequest(name=name, **more))).run


async def get_result(service: Service, run: str, number: int) -> Result:
    request = GetResultRequest(name=f"{run}/results/{number}")
    return (await service.runs.GetResult(request)).result


async def experiment_on(service: Service, count: int = 2, *scorers: Any, **how: Any) -> Experiment:
    dataset = await new_dataset(service, count)
    return await new_experiment(service, dataset.name, *scorers, **how)


async def mixed_run(service: Service, worker: ScriptedWorker, count: int = 9) -> Run:
    """A completed run: every third item failed, the others take ever longer."""
    run = await new_run(service, count, scorer("exact_match"), concurrency=count, max_retries=0)
    reports = []
    for number, task in enumerate(await worker.lease_all(count), 1):
        report = failed(task) if number % 3 == 0 else answered(task)
        report.duration.CopyFrom(seconds(number / 1000))
        reports.append(report)
    await worker.report(*reports)
    return await ended(service, run.name)


async def test_a_run_is_pinned_to_exact_versions(service: Service) -> None:
    await new_worker(service, hosts_target(Target(name="echo", revision="1")))
    await new_worker(service, hosts_target(Target(name="echo", revision="2")))
    experiment = await experiment_on(
        service, 2, scorer("exact_match"), target=Target(name="echo"), trials=3
    )

    run = await start(service, experiment.name, run_id="nightly")

    assert run.name == f"{PROJECT}/runs/nightly"
    assert run.experiment == f"{experiment.name}/versions/1"
    assert run.dataset == f"{experiment.dataset}/versions/1"
    assert run.target == Target(kind=TARGET.kind, name="echo", revision="2")
    assert list(run.scorers) == list(experiment.scorers)
    assert run.settings == experiment.settings
    assert run.status == RUN_STATUS_RUNNING
    assert run.counts == RunCounts(planned=6)
    assert [summary.scorer for summary in run.scorer_summaries] == ["exact_match"]
    assert not run.scorer_summaries[0].HasField("mean")
    assert run.latency == LatencySummary()
    assert run.last_position == 1
    assert run.waiting_for == ""
    assert run.author == "anonymous"
    assert run.uid
    assert not run.HasField("end_time")
    assert await get_run(service, run.name) == run


async def test_a_run_without_an_id_gets_one(service: Service) -> None:
    await new_worker(service)
    experiment = await experiment_on(service)

    names = {(await start(service, experiment.name)).name for _ in range(5)}

    assert len(names) == 5


async def test_a_run_takes_the_experiment_version_that_is_named(service: Service) -> None:
    await new_worker(service)
    experiment = await experiment_on(service)
    changed = Experiment(name=experiment.name, description="new")
    await service.experiments.UpdateExperiment(UpdateExperimentRequest(experiment=changed))

    old = await start(service, f"{experiment.name}/versions/1")
    new = await start(service, experiment.name)

    assert old.experiment.endswith("/versions/1")
    assert new.experiment.endswith("/versions/2")


async def test_a_run_takes_the_dataset_version_that_is_pinned(service: Service) -> None:
    await new_worker(service)
    dataset = await new_dataset(service, 2)
    pinned = await new_experiment(service, f"{dataset.name}/versions/1")
    current = await new_experiment(service, dataset.name)
    await add(service, dataset.name, items(3, first=3))

    assert (await start(service, pinned.name)).counts.planned == 2
    run = await start(service, current.name)
    await add(service, dataset.name, items(3, first=6))

    assert run.counts.planned == 5
    assert run.dataset == f"{dataset.name}/versions/2"
    assert (await get_run(service, run.name)).counts.planned == 5


async def test_a_run_needs_a_worker_unless_it_may_wait(service: Service) -> None:
    await new_worker(service, hosts_target(Target(name="other", revision="1")))
    experiment = await experiment_on(service)

    told = await refusal(start(service, experiment.name))
    waiting = await start(service, experiment.name, wait_for_worker=True)

    assert (told.code, told.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "NOT_HOSTED")
    assert told.metadata["target"] == "echo"
    assert "other" in told.metadata["hosted"]
    assert "echo" in waiting.waiting_for


async def test_a_run_needs_a_worker_at_its_targets_revision(service: Service) -> None:
    await new_worker(service, hosts_target(Target(name="echo", revision="0")))
    experiment = await experiment_on(service)

    told = await refusal(start(service, experiment.name))

    assert told.reason == "NOT_HOSTED"


async def test_a_run_needs_a_worker_for_each_hosted_scorer(service: Service) -> None:
    host = await new_worker(service, hosts_target(), hosts_scorer("tone"))
    experiment = await experiment_on(service, 1, scorer("tone"))
    await host.close()
    await new_worker(service)

    told = await refusal(start(service, experiment.name))
    waiting = await start(service, experiment.name, wait_for_worker=True)

    assert told.reason == "NOT_HOSTED"
    assert told.metadata["scorer"] == "tone"
    assert "tone" in waiting.waiting_for


async def test_workers_of_another_project_do_not_count(service: Service) -> None:
    await new_worker(service, parent="projects/other")
    experiment = await experiment_on(service)

    assert (await refusal(start(service, experiment.name))).reason == "NOT_HOSTED"


async def test_a_run_of_nothing_is_refused(service: Service) -> None:
    dataset = await new_dataset(service)
    experiment = await new_experiment(service, dataset.name)

    told = await refusal(start(service, experiment.name))

    assert (told.code, told.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "EMPTY_DATASET")
    assert told.metadata == {"resource": f"{dataset.name}/versions/0"}


async def test_a_run_on_a_deleted_dataset_is_refused(service: Service) -> None:
    await new_worker(service)
    experiment = await experiment_on(service)
    await service.datasets.DeleteDataset(DeleteDatasetRequest(name=experiment.dataset))

    told = await refusal(start(service, experiment.name))

    assert (told.code, told.reason) == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")
    assert told.metadata == {"resource": experiment.dataset}


async def test_a_run_does_not_mistake_a_deleted_dataset_for_its_successor(
    service: Service,
) -> None:
    await new_worker(service)
    experiment = await experiment_on(service)
    await service.datasets.DeleteDataset(DeleteDatasetRequest(name=experiment.dataset))
    await new_dataset(service, 7, dataset_id=experiment.dataset.rpartition("/")[2])

    told = await refusal(start(service, experiment.name))

    assert (told.code, told.reason) == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")


async def test_a_run_id_that_is_taken_or_malformed_is_refused(service: Service) -> None:
    await new_worker(service)
    experiment = await experiment_on(service)
    await start(service, experiment.name, run_id="taken")

    taken = await refusal(start(service, experiment.name, run_id="taken"))
    bad = await refusal(start(service, experiment.name, run_id="Bad Id"))

    assert (taken.code, taken.reason) == (grpc.StatusCode.ALREADY_EXISTS, "RESOURCE_EXISTS")
    assert summary(bad) == invalid("run_id")


@pytest.mark.parametrize(
    "name", ["", "e", "projects/default/runs/e", "projects/other/experiments/e"]
)
async def test_an_experiment_of_another_form_or_project_is_refused(
    service: Service, name: str
) -> None:
    assert summary(await refusal(start(service, name))) == invalid("experiment")


async def test_an_experiment_that_is_not_there_is_not_found(service: Service) -> None:
    await new_worker(service)
    experiment = await experiment_on(service)

    gone = await refusal(start(service, f"{PROJECT}/experiments/none"))
    unmade = await refusal(start(service, f"{experiment.name}/versions/2"))

    assert gone.reason == "RESOURCE_NOT_FOUND"
    assert unmade.reason == "VERSION_NOT_FOUND"


async def test_a_repeated_start_starts_one_run(service: Service) -> None:
    await new_worker(service)
    experiment = await experiment_on(service)

    first = await start(service, experiment.name, request_id="r-1")
    again = await start(service, experiment.name, request_id="r-1")
    told = await refusal(start(service, experiment.name, run_id="x", request_id="r-1"))

    assert again == first
    assert told.reason == "REQUEST_ID_REUSED"
    listed = await service.runs.ListRuns(ListRunsRequest(parent=PROJECT))
    assert len(listed.runs) == 1


async def test_a_completed_run_adds_up(service: Service) -> None:
    run = await mixed_run(service, await new_worker(service))

    assert run.status == RUN_STATUS_COMPLETED
    assert run.completed_with_errors
    assert run.counts == RunCounts(planned=9, succeeded=6, failed=3)
    told = run.scorer_summaries[0]
    assert (told.scored, told.skipped, told.passed, told.not_passed) == (6, 3, 6, 0)
    assert (told.mean, told.standard_deviation, told.minimum, told.maximum) == (1, 0, 1, 1)
    assert run.latency == LatencySummary(p50=seconds(0.005), p95=seconds(0.009))
    assert run.last_position == 1 + 9 + 9 + 1
    assert run.end_time.ToNanoseconds() >= run.create_time.ToNanoseconds()


async def test_a_run_without_scorers_only_records_outputs(service: Service) -> None:
    worker = await new_worker(service)

    run = await worker.finish((await new_run(service, 3)).name)

    assert (run.status, run.completed_with_errors) == (RUN_STATUS_COMPLETED, False)
    assert list(run.scorer_summaries) == []
    assert [result.output.json for result in await results(service, run.name)] == ["1", "2", "3"]


async def test_a_run_that_is_not_there_is_not_found(service: Service) -> None:
    name = f"{PROJECT}/runs/none"

    told = [
        await refusal(service.runs.GetRun(GetRunRequest(name=name))),
        await refusal(cancel(service, name)),
        await refusal(service.runs.ListResults(ListResultsRequest(parent=name))),
        await refusal(get_result(service, name, 1)),
    ]

    assert {(one.code, one.reason, one.metadata["resource"]) for one in told} == {
        (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND", name)
    }


@pytest.mark.parametrize(
    "name", ["", "r", f"{PROJECT}/runs/", f"{PROJECT}/runs/R", f"{PROJECT}/runs/r/x"]
)
async def test_a_name_of_another_form_is_refused(service: Service, name: str) -> None:
    told = [
        await refusal(service.runs.GetRun(GetRunRequest(name=name))),
        await refusal(cancel(service, name)),
        await refusal(service.runs.ListResults(ListResultsRequest(parent=name))),
    ]

    assert [summary(one) for one in told] == [invalid("name"), invalid("name"), invalid("parent")]


async def test_runs_are_listed_newest_first_page_by_page(service: Service) -> None:
    await new_worker(service)
    one, other = await experiment_on(service), await experiment_on(service)
    for run_id, experiment in (("a", one), ("b", other), ("c", one)):
        await start(service, experiment.name, run_id=run_id)

    async def listed(token: str = "", experiment: str = "") -> tuple[list[str], str]:
        page = await service.runs.ListRuns(
            ListRunsRequest(parent=PROJECT, page_size=2, page_token=token, experiment=experiment)
        )
        return [run.name.rpartition("/")[2] for run in page.runs], page.next_page_token

    first, token = await listed()
    assert first == ["c", "b"]
    assert await listed(token) == (["a"], "")
    assert await listed(experiment=one.name) == (["c", "a"], "")
    told = await refusal(listed(token, one.name))
    assert summary(told) == invalid("page_token", reason="INVALID_PAGE_TOKEN")


@pytest.mark.parametrize(
    "experiment", ["e", "projects/other/experiments/e", "projects/default/experiments/e/versions/1"]
)
async def test_a_filter_of_another_form_or_project_is_refused(
    service: Service, experiment: str
) -> None:
    told = await refusal(
        service.runs.ListRuns(ListRunsRequest(parent=PROJECT, experiment=experiment))
    )

    assert summary(told) == invalid("experiment")


async def test_a_listed_run_tells_all_but_its_latency(service: Service) -> None:
    run = await mixed_run(service, await new_worker(service))

    listed = (await service.runs.ListRuns(ListRunsRequest(parent=PROJECT))).runs

    run.latency.Clear()
    assert list(listed) == [run]


async def test_a_result_tells_all_about_itself(service: Service) -> None:
    worker = await new_worker(service, worker_id="w-1")
    run = await mixed_run(service, worker, 3)

    good, bad = await get_result(service, run.name, 1), await get_result(service, run.name, 3)

    assert good.name == f"{run.name}/results/1"
    assert (good.number, good.item_id, good.trial) == (1, "i1", 1)
    assert (good.status, good.output.json) == (RESULT_STATUS_SUCCEEDED, "1")
    assert (good.attempts, good.worker_id) == (1, "w-1")
    assert good.latency == seconds(0.001)
    assert len(good.trace_id) == 32
    assert good.record_time.seconds > 0
    assert (good.input.json, good.expected.json) == ("1", "1")
    assert [(s.scorer, s.status, s.value, s.passed) for s in good.scores] == [
        ("exact_match", SCORE_STATUS_SCORED, 1.0, True)
    ]
    assert bad.status == RESULT_STATUS_FAILED
    assert (bad.error.code, bad.error.message) == (TASK_ERROR_CODE_EXECUTION, "it broke")
    assert not bad.HasField("output")
    assert [(s.status, s.HasField("value")) for s in bad.scores] == [(SCORE_STATUS_SKIPPED, False)]
    assert good.trace_id != bad.trace_id


async def test_a_result_that_is_not_there_yet_is_not_found(service: Service) -> None:
    await new_worker(service)
    run = await new_run(service, 2)

    told = await refusal(get_result(service, run.name, 1))

    assert (told.code, told.reason) == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")
    assert told.metadata == {"resource": f"{run.name}/results/1"}


@pytest.mark.parametrize("number", ["0", "-1", "x", "", "9" * 40])
async def test_a_result_name_of_another_form_is_refused(service: Service, number: str) -> None:
    request = GetResultRequest(name=f"{PROJECT}/runs/r/results/{number}")

    assert summary(await refusal(service.runs.GetResult(request))) == invalid("name")


async def test_results_are_listed_by_number(service: Service) -> None:
    worker = await new_worker(service)
    run = await new_run(service, 9, concurrency=9)
    for task in reversed(await worker.lease_all(9)):
        await worker.answer(task)

    found = await results(service, run.name, page_size=4)

    assert [result.number for result in found] == list(range(1, 10))
    assert not any(result.HasField("input") or result.HasField("expected") for result in found)


async def test_results_bring_their_items_if_asked(service: Service) -> None:
    run = await mixed_run(service, await new_worker(service))

    found = await results(service, run.name, include_items=True, page_size=4)

    assert [result.input.json for result in found] == [str(n) for n in range(1, 10)]
    first = await get_result(service, run.name, 1)
    assert first.HasField("trace"), "only one result alone brings what is known of its trace"
    first.ClearField("trace")
    assert found[0] == first


async def test_results_can_be_chosen_by_status(service: Service) -> None:
    run = await mixed_run(service, await new_worker(service))

    broken = await results(service, run.name, status=RESULT_STATUS_FAILED, page_size=2)
    fine = await results(service, run.name, status=RESULT_STATUS_SUCCEEDED, page_size=2)
    skipped = await results(service, run.name, status=RESULT_STATUS_SKIPPED)

    assert [result.number for result in broken] == [3, 6, 9]
    assert [result.number for result in fine] == [1, 2, 4, 5, 7, 8]
    assert skipped == []


@pytest.mark.parametrize("page_size", [1, 2, 9, 100])
async def test_results_can_be_listed_slowest_first(service: Service, page_size: int) -> None:
    run = await mixed_run(service, await new_worker(service))

    found = await results(service, run.name, order=RESULT_ORDER_SLOWEST, page_size=page_size)

    assert [result.number for result in found] == list(range(9, 0, -1))


@pytest.mark.parametrize("page_size", [1, 2, 3, 100])
async def test_skipped_results_come_last_among_the_slowest(
    service: Service, page_size: int
) -> None:
    worker = await new_worker(service)
    run = await new_run(service, 6, concurrency=2)
    await worker.answer(*await worker.lease_all(2))
    await cancel(service, run.name)
    await ended(service, run.name)

    found = await results(service, run.name, order=RESULT_ORDER_SLOWEST, page_size=page_size)

    assert sorted(result.number for result in found[:2]) == [1, 2]
    assert [result.number for result in found[2:]] == [3, 4, 5, 6]


async def test_slowest_results_bring_large_items_page_by_page(service: Service) -> None:
    worker = await new_worker(service)
    large = '"' + "x" * (MIB - 2) + '"'
    run = await new_run(service, [item(large, item_id=f"i{n}") for n in range(1, 6)], concurrency=5)
    reports = []
    for number, task in enumerate(await worker.lease_all(5), 1):
        report = answered(task, "1")
        report.duration.CopyFrom(seconds(number))
        reports.append(report)
    await worker.report(*reports)

    found = await results(service, run.name, order=RESULT_ORDER_SLOWEST, include_items=True)

    assert [result.item_id for result in found] == ["i5", "i4", "i3", "i2", "i1"]
    assert {len(result.input.json) for result in found} == {MIB}


@pytest.mark.parametrize("include_items", [False, True])
async def test_a_page_of_results_ends_early_when_it_is_large(
    service: Service, include_items: bool
) -> None:
    worker = await new_worker(service)
    large = '"' + "ä" * 250_000 + '"'
    run = await new_run(service, [item(large, item_id=f"i{n}") for n in range(1, 9)], concurrency=8)
    await worker.answer(*await worker.lease_all(8))

    pages: list[ListResultsResponse] = []
    token = ""
    while not pages or token:
        page = await service.runs.ListResults(
            ListResultsRequest(parent=run.name, page_token=token, include_items=include_items)
        )
        pages.append(page)
        token = page.next_page_token

    assert [row.number for page in pages for row in page.results] == list(range(1, 9))
    # An output and an input page are cut each for itself.
    assert all(page.ByteSize() < (5 if include_items else 3) * MIB for page in pages)


async def test_long_errors_make_a_page_of_results_end_early(service: Service) -> None:
    worker = await new_worker(service)
    run = await new_run(service, 300, concurrency=300, max_retries=0)
    stack = "ä" * 16_000
    for _ in range(3):
        tasks = await worker.lease_all(100)
        await worker.report(*(failed(task, stack=stack) for task in tasks))

    page = await service.runs.ListResults(ListResultsRequest(parent=run.name, page_size=1000))

    assert page.ByteSize() < 4 * MIB
    assert len(await results(service, run.name, page_size=1000)) == 300


async def test_a_page_brings_all_scores_of_its_results_whatever_their_evidence(
    service: Service,
) -> None:
    worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
    run = await new_run(service, 5, scorer("tone"), concurrency=5)
    await worker.answer(*await worker.lease_all(5))
    evidence = '"' + "x" * (64 * 1024 - 2) + '"'
    for task in await worker.lease_all(5):
        await worker.report(
            judged(task, status="SCORE_STATUS_SCORED", value=1.0, evidence={"json": evidence})
        )

    found = await results(service, run.name)

    assert [len(result.scores) for result in found] == [1] * 5
    assert all(result.scores[0].evidence.json == evidence for result in found)


@pytest.mark.parametrize(
    "other", [{"status": RESULT_STATUS_FAILED}, {"order": RESULT_ORDER_SLOWEST}]
)
async def test_a_results_token_of_another_listing_is_refused(
    service: Service, other: dict[str, Any]
) -> None:
    run = await mixed_run(service, await new_worker(service))
    first = await service.runs.ListResults(ListResultsRequest(parent=run.name, page_size=1))

    told = await refusal(
        service.runs.ListResults(
            ListResultsRequest(parent=run.name, page_token=first.next_page_token, **other)
        )
    )

    assert summary(told) == invalid("page_token", reason="INVALID_PAGE_TOKEN")


@pytest.mark.parametrize("field", ["status", "order"])
async def test_an_unknown_choice_of_results_is_refused(service: Service, field: str) -> None:
    run = await new_run(service, 1)
    request = ListResultsRequest(parent=run.name)
    setattr(request, field, 77)

    assert summary(await refusal(service.runs.ListResults(request))) == invalid(field)


async def test_a_cancelled_run_skips_what_is_not_done(service: Service) -> None:
    worker = await new_worker(service)
    run = await new_run(service, 600, scorer("exact_match"), concurrency=3)
    await worker.answer(*await worker.lease_all(2))

    told = await cancel(service, run.name, reason="enough")

    over = await ended(service, run.name)
    assert told.status != RUN_STATUS_RUNNING
    assert over.status == RUN_STATUS_CANCELLED
    assert over.counts == RunCounts(planned=600, succeeded=2, skipped=598)
    assert not over.completed_with_errors
    skipped = await results(service, run.name, status=RESULT_STATUS_SKIPPED)
    assert [result.number for result in skipped] == list(range(3, 601))
    assert not any(result.HasField("latency") or result.attempts for result in skipped)


async def test_a_cancelled_run_can_be_cancelled_again(service: Service) -> None:
    run = await new_run(service, 2)
    await cancel(service, run.name)
    over = await ended(service, run.name)

    assert (await cancel(service, run.name)).last_position == over.last_position


async def test_a_completed_run_cannot_be_cancelled(service: Service) -> None:
    run = await mixed_run(service, await new_worker(service))

    told = await refusal(cancel(service, run.name))

    assert (told.code, told.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "RUN_ENDED")
    assert told.metadata == {"status": "completed"}


async def test_a_cancellations_reason_has_a_limit(service: Service) -> None:
    run = await new_run(service, 1)

    told = await refusal(cancel(service, run.name, reason="r" * 1001))
    await cancel(service, run.name, reason="ä" * 1000)

    assert summary(told) == invalid("reason")


async def test_a_repeated_cancellation_answers_as_before(service: Service) -> None:
    run, other = await new_run(service, 1), await new_run(service, 1)
    first = await cancel(service, run.name, request_id="r-1")
    await ended(service, run.name)

    again = await cancel(service, run.name, request_id="r-1")
    told = await refusal(cancel(service, other.name, request_id="r-1"))

    assert again == first
    assert told.reason == "REQUEST_ID_REUSED"


async def test_the_author_of_a_run_is_who_the_caller_says(service: Service) -> None:
    experiment = await experiment_on(service)
    request = StartRunRequest(parent=PROJECT, experiment=experiment.name, wait_for_worker=True)

    started = await service.runs.StartRun(request, metadata=(("trialbook-author", "ada"),))

    assert started.run.author == "ada"


async def test_a_run_that_waits_for_nothing_says_nothing(service: Service) -> None:
    worker = await new_worker(service)
    experiment = await experiment_on(service, 1)
    run = await start_run(service, experiment.name)

    assert run.waiting_for == ""
    assert (await worker.finish(run.name)).waiting_for == ""


async def test_a_report_without_an_outcome_fails_its_result(service: Service) -> None:
    worker = await new_worker(service)
    run = await new_run(service, 1)
    task = (await worker.lease())[0]

    await worker.report(TaskReport(task_id=task.task_id, lease_token=task.lease_token))

    assert (await ended(service, run.name)).counts.failed == 1
