"""RunService.RetryRun: another chance for results that failed or were skipped."""

from __future__ import annotations

from typing import Any

import grpc

from tests.service import (
    PROJECT,
    ScriptedWorker,
    Service,
    answered,
    ended,
    facts,
    failed,
    get_run,
    hosts_scorer,
    hosts_target,
    invalid,
    judged,
    new_run,
    new_worker,
    refusal,
    results,
    scorer,
    summary,
)
from trialbook.v1.dataset_service_pb2 import PurgeItemsRequest
from trialbook.v1.run_pb2 import (
    RESULT_STATUS_FAILED,
    RESULT_STATUS_SKIPPED,
    RESULT_STATUS_SUCCEEDED,
    RUN_STATUS_CANCELLED,
    RUN_STATUS_COMPLETED,
    RUN_STATUS_FAILED,
    RUN_STATUS_RUNNING,
    Run,
    RunCounts,
    Usage,
)
from trialbook.v1.run_service_pb2 import CancelRunRequest, RetryRunRequest, RetryRunResponse
from trialbook.v1.score_pb2 import SCORE_STATUS_SCORED, SCORE_STATUS_SKIPPED
from trialbook.v1.worker_pb2 import TaskReport

FAILED_PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION


async def retry(service: Service, name: str, **more: Any) -> RetryRunResponse:
    return await service.runs.RetryRun(RetryRunRequest(name=name, **more))


async def run_with_failures(
    service: Service, worker: ScriptedWorker, *failing: str, count: int = 3
) -> Run:
    """A run that has ended, whose items of these ids failed, with usage told of each."""
    run = await new_run(service, count, scorer("exact_match"), max_retries=0)
    for task in await worker.lease_all(count):
        report = failed(task) if task.target.item_id in failing else answered(task)
        report.usage.CopyFrom(Usage(input_tokens=10))
        await worker.report(report)
    return await ended(service, run.name)


async def test_a_failed_result_is_run_again_and_its_outcome_replaced(service: Service) -> None:
    worker = await new_worker(service)
    run = await run_with_failures(service, worker, "i2")
    before = (await results(service, run.name))[1]

    answer = await retry(service, run.name)
    again = await worker.lease_one()
    report = answered(again)
    report.usage.CopyFrom(Usage(input_tokens=5))
    await worker.report(report)
    after = await ended(service, run.name)

    assert (answer.count, answer.run.status, answer.run.retries) == (1, RUN_STATUS_RUNNING, 1)
    assert not answer.run.HasField("end_time")
    assert (again.target.item_id, again.attempt) == ("i2", 1)
    assert (after.status, after.completed_with_errors) == (RUN_STATUS_COMPLETED, False)
    assert after.counts == RunCounts(planned=3, succeeded=3)
    assert (after.usage.told, after.usage.input_tokens) == (3, 25)
    (verdicts,) = after.scorer_summaries
    assert (verdicts.scored, verdicts.skipped, verdicts.passed, verdicts.mean) == (3, 0, 3, 1.0)
    found = await results(service, run.name)
    assert [result.round for result in found] == [0, 1, 0]
    assert found[1].status == RESULT_STATUS_SUCCEEDED
    assert found[1].scores[0].status == SCORE_STATUS_SCORED
    assert found[1].trace_id != before.trace_id


async def test_the_history_tells_of_both_rounds(service: Service) -> None:
    worker = await new_worker(service)
    run = await run_with_failures(service, worker, "i1", count=1)
    await retry(service, run.name)
    await worker.answer(await worker.lease_one())
    await ended(service, run.name)

    told = await facts(service, run.name)

    kinds = [event.WhichOneof("fact") for event in told]
    once = ["result", "scored", "ended"]
    assert kinds == ["started", *once, "retried", *once]
    assert [event.position for event in told] == list(range(1, 9))
    assert (told[4].retried.round, told[4].retried.count) == (1, 1)
    assert [told[at].result.status for at in (1, 5)] == [
        RESULT_STATUS_FAILED,
        RESULT_STATUS_SUCCEEDED,
    ]
    assert told[3].ended.status == RUN_STATUS_FAILED
    assert told[7].ended.status == RUN_STATUS_COMPLETED


async def test_only_the_named_failures_are_run_again(service: Service) -> None:
    worker = await new_worker(service)
    run = await run_with_failures(service, worker, "i1", "i2", "i3", count=4)

    answer = await retry(service, run.name, numbers=[3, 4, 3, 1])
    tasks = await worker.lease_all(2)
    await worker.report(failed(tasks[0]), answered(tasks[1]))
    after = await ended(service, run.name)

    assert answer.count == 2
    assert [task.target.item_id for task in tasks] == ["i1", "i3"]
    assert after.counts == RunCounts(planned=4, succeeded=2, failed=2)
    assert [result.round for result in await results(service, run.name)] == [1, 0, 1, 0]
    assert (after.status, after.completed_with_errors) == (RUN_STATUS_COMPLETED, True)


async def test_all_attempts_are_made_anew(service: Service) -> None:
    worker = await new_worker(service)
    run = await new_run(service, 1, max_retries=1)
    for _ in range(2):
        await worker.report(failed(await worker.lease_one()))
    await ended(service, run.name)

    await retry(service, run.name)
    dispositions = [await worker.report(failed(await worker.lease_one())) for _ in range(2)]

    assert dispositions == [["RETRY_SCHEDULED"], ["RECORDED"]]
    assert (await ended(service, run.name)).status == RUN_STATUS_FAILED
    assert [result.attempts for result in await results(service, run.name)] == [2]


async def test_skipped_results_are_run_again_if_that_is_asked_for(service: Service) -> None:
    worker = await new_worker(service)
    run = await new_run(service, 5, concurrency=1)
    await worker.answer(await worker.lease_one())
    await service.runs.CancelRun(CancelRunRequest(name=run.name))
    cancelled = await ended(service, run.name)

    unchanged = await retry(service, run.name)
    answer = await retry(service, run.name, include_skipped=True)
    after = await worker.finish(run.name)

    assert cancelled.counts == RunCounts(planned=5, succeeded=1, skipped=4)
    assert (unchanged.count, unchanged.run.status) == (0, RUN_STATUS_CANCELLED)
    assert answer.count == 4
    assert after.status == RUN_STATUS_COMPLETED
    assert after.counts == RunCounts(planned=5, succeeded=5)


async def test_what_is_not_run_again_after_all_keeps_its_outcome(service: Service) -> None:
    worker = await new_worker(service)
    run = await run_with_failures(service, worker, "i1", "i2", "i3")
    await retry(service, run.name)
    one, *_ = await worker.lease_all(3)
    await worker.report(answered(one))

    await service.runs.CancelRun(CancelRunRequest(name=run.name))
    after = await ended(service, run.name)

    assert after.status == RUN_STATUS_CANCELLED
    assert after.counts == RunCounts(planned=3, succeeded=1, failed=2)
    found = await results(service, run.name)
    assert [result.status for result in found] == [
        RESULT_STATUS_SUCCEEDED,
        RESULT_STATUS_FAILED,
        RESULT_STATUS_FAILED,
    ]
    assert [result.round for result in found] == [1, 0, 0]


async def test_a_run_that_was_stopped_stays_so_while_results_are_skipped(service: Service) -> None:
    worker = await new_worker(service)
    run = await new_run(service, 3, concurrency=1, max_retries=0)
    await worker.report(failed(await worker.lease_one()))
    held = await worker.lease_one()
    await service.runs.CancelRun(CancelRunRequest(name=run.name))
    await ended(service, run.name)

    await retry(service, run.name)
    await worker.answer(await worker.lease_one())
    after = await ended(service, run.name)

    assert after.status == RUN_STATUS_CANCELLED
    assert after.counts == RunCounts(planned=3, succeeded=1, skipped=2)
    assert await worker.answer(held) != ["RECORDED"]
    statuses = [result.status for result in await results(service, run.name)]
    assert statuses == [RESULT_STATUS_SUCCEEDED, RESULT_STATUS_SKIPPED, RESULT_STATUS_SKIPPED]


async def test_worker_scorers_judge_what_is_run_again(service: Service) -> None:
    worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
    run = await new_run(service, 1, scorer("tone"), max_retries=0)
    await worker.report(failed(await worker.lease_one()))
    before = await ended(service, run.name)

    await retry(service, run.name)
    await worker.answer(await worker.lease_one())
    await worker.report(judged(await worker.lease_one(), status="SCORE_STATUS_SCORED", value=0.5))
    after = await ended(service, run.name)

    assert [s.skipped for s in before.scorer_summaries] == [1]
    (told,) = after.scorer_summaries
    assert (told.scored, told.skipped, told.mean) == (1, 0, 0.5)
    assert before.scorer_summaries[0].scorer == "tone"
    ((only,),) = [list(result.scores) for result in await results(service, run.name)]
    assert only.status != SCORE_STATUS_SKIPPED


async def test_a_repeated_request_retries_once(service: Service) -> None:
    worker = await new_worker(service)
    run = await run_with_failures(service, worker, "i1")

    first = await retry(service, run.name, request_id="again")
    second = await retry(service, run.name, request_id="again")
    await worker.answer(await worker.lease_one())
    after = await ended(service, run.name)

    assert (first.count, second.count) == (1, 1)
    assert after.retries == 1
    assert await retry(service, run.name, request_id="again") == first


async def test_what_cannot_be_retried_is_refused(service: Service) -> None:
    worker = await new_worker(service)
    run = await run_with_failures(service, worker, "i1")
    going_on = await new_run(service, 1)

    def asked(name: str = run.name, **more: Any) -> Any:
        return refusal(retry(service, name, **more))

    assert (await asked(f"{PROJECT}/runs/none")).reason == "RESOURCE_NOT_FOUND"
    assert summary(await asked(going_on.name)) == (FAILED_PRECONDITION, "RUN_GOES_ON", [])
    assert summary(await asked(numbers=[1, 0])) == invalid("numbers[1]")
    assert summary(await asked(numbers=[1, 9])) == invalid("numbers[1]")
    assert summary(await asked(numbers=range(1, 10_002))) == invalid("numbers")
    await worker.close()
    assert summary(await asked()) == (FAILED_PRECONDITION, "NOT_HOSTED", [])
    assert (await get_run(service, run.name)).retries == 0
    waiting = await retry(service, run.name, wait_for_worker=True)
    assert "a worker that hosts the agent 'echo'" in waiting.run.waiting_for


async def test_failures_of_the_round_count_towards_the_limit(service: Service) -> None:
    worker = await new_worker(service)
    run = await new_run(service, 3, max_retries=0, max_failures=2, concurrency=3)
    await worker.report(*map(failed, await worker.lease_all(3)))
    await ended(service, run.name)

    await retry(service, run.name)
    tasks = await worker.lease_all(3)
    await worker.report(failed(tasks[0]))
    one_failed = await get_run(service, run.name)
    await worker.report(answered(tasks[1]), answered(tasks[2]))
    after = await ended(service, run.name)

    assert one_failed.status == RUN_STATUS_RUNNING
    assert after.status == RUN_STATUS_COMPLETED
    assert after.counts == RunCounts(planned=3, succeeded=2, failed=1)


async def test_a_late_report_of_the_round_before_changes_nothing(service: Service) -> None:
    worker = await new_worker(service)
    run = await new_run(service, 1, max_retries=0)
    task = await worker.lease_one()
    await worker.report(failed(task))
    await ended(service, run.name)
    await retry(service, run.name)

    late: TaskReport = answered(task, '"late"')

    assert await worker.report(late) != ["RECORDED"]
    await worker.answer(await worker.lease_one())
    assert [r.output.json for r in await results(service, run.name)] == ["1"]


async def test_an_item_that_was_purged_meanwhile_is_left_out(service: Service) -> None:
    worker = await new_worker(service)
    run = await run_with_failures(service, worker, "i1", "i2")
    dataset = run.dataset.partition("/versions/")[0]
    await service.datasets.PurgeItems(PurgeItemsRequest(parent=dataset, item_ids=["i1"]))

    answer = await retry(service, run.name)
    (task,) = await worker.lease_all(1)
    await worker.answer(task)
    after = await ended(service, run.name)

    assert answer.count == 1
    assert task.target.item_id == "i2"
    assert after.counts == RunCounts(planned=3, succeeded=2, failed=1)
    assert (await retry(service, run.name)).count == 0
