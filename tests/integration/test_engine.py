"""The engine through the real calls: fencing, retries, leases, deadlines, recording once."""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial
from typing import Any

import grpc
import pytest

from tests.service import (
    QUICK,
    ScriptedWorker,
    Service,
    add,
    alive,
    answered,
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
    judged,
    new_dataset,
    new_experiment,
    new_run,
    new_worker,
    refusal,
    results,
    scorer,
    start_run,
)
from trialbook.v1.experiment_pb2 import Target
from trialbook.v1.run_pb2 import (
    RESULT_STATUS_FAILED,
    RESULT_STATUS_SUCCEEDED,
    RUN_END_REASON_ALL_FAILED,
    RUN_STATUS_CANCELLED,
    RUN_STATUS_COMPLETED,
    RUN_STATUS_FAILED,
    TASK_ERROR_CODE_EXECUTION,
    TASK_ERROR_CODE_INVALID,
    TASK_ERROR_CODE_TIMEOUT,
    TASK_ERROR_CODE_UNAVAILABLE,
    TASK_ERROR_CODE_WORKER_LOST,
    Result,
    Run,
    TaskErrorCode,
)
from trialbook.v1.run_service_pb2 import RESULT_ORDER_SLOWEST, CancelRunRequest
from trialbook.v1.score_pb2 import (
    SCORE_STATUS_FAILED,
    SCORE_STATUS_NOT_EVALUABLE,
    SCORE_STATUS_SCORED,
    SCORE_STATUS_SKIPPED,
)
from trialbook.v1.worker_pb2 import Task
from trialbook.v1.worker_service_pb2 import CompleteTasksRequest, RegisterWorkerRequest

MIB = 1024 * 1024


async def only_result(service: Service, run: Run) -> Result:
    (result,) = await results(service, run.name)
    return result


async def is_taken_away(worker: ScriptedWorker, task: Task) -> bool:
    return task.task_id in (await worker.heartbeat(task.task_id)).stop_task_ids


async def cancel(service: Service, run: Run) -> None:
    await service.runs.CancelRun(CancelRunRequest(name=run.name))


class TestFencing:
    async def test_a_report_with_another_token_changes_nothing(self, service: Service) -> None:
        worker = await new_worker(service)
        run = await new_run(service, 1)
        (task,) = await worker.lease()
        forged = answered(task, '"forged"')
        forged.lease_token = "guessed"

        assert await worker.report(forged) == ["FENCED"]
        assert await worker.answer(task) == ["RECORDED"]
        await ended(service, run.name)
        assert (await only_result(service, run)).output.json == "1"

    async def test_a_report_is_recorded_once_however_often_it_comes(self, service: Service) -> None:
        worker = await new_worker(service)
        run = await new_run(service, 1, scorer("exact_match"))
        (task,) = await worker.lease()

        in_one_call = await worker.report(answered(task), answered(task, '"x"'), answered(task))
        in_another = await worker.report(answered(task, '"y"'))

        assert in_one_call == ["RECORDED", "ALREADY_RECORDED", "ALREADY_RECORDED"]
        assert in_another == ["ALREADY_RECORDED"]
        over = await ended(service, run.name)
        assert (await only_result(service, run)).output.json == "1"
        assert over.last_position == 4

    async def test_reports_at_the_same_time_are_recorded_once(self, service: Service) -> None:
        worker = await new_worker(service)
        run = await new_run(service, 1)
        (task,) = await worker.lease()

        answers = await asyncio.gather(*(worker.answer(task, output=str(n)) for n in range(8)))

        assert Counter(told for (told,) in answers) == {"RECORDED": 1, "ALREADY_RECORDED": 7}
        assert len(await facts(service, run.name)) == 3

    async def test_an_error_reported_twice_counts_once(self, service: Service) -> None:
        worker = await new_worker(service)
        await new_run(service, 1, max_retries=1)
        (task,) = await worker.lease()

        in_one_call = await worker.report(failed(task), failed(task))
        in_another = await worker.report(failed(task))
        (again,) = await worker.lease()

        assert in_one_call == ["RETRY_SCHEDULED", "FENCED"]
        assert in_another == ["FENCED"]
        assert again.attempt == 2

    async def test_a_late_report_is_fenced_when_another_worker_has_the_task(
        self, quick: Service
    ) -> None:
        slow, other = await new_worker(quick), await new_worker(quick)
        run = await new_run(quick, 1)
        async with alive(slow), alive(other):
            (task,) = await slow.lease()
            (taken,) = await other.lease()

            assert await slow.answer(task, output='"late"') == ["FENCED"]
            assert await other.answer(taken, output='"in time"') == ["RECORDED"]
            assert await slow.answer(task, output='"late"') == ["ALREADY_RECORDED"]

        assert taken.task_id == task.task_id
        assert taken.lease_token != task.lease_token
        assert (await only_result(quick, run)).output.json == '"in time"'

    async def test_workers_that_count_their_calls_alike_are_told_apart(
        self, quick: Service
    ) -> None:
        """A restarted worker begins its request ids anew; its former self may still report."""
        former, present = await new_worker(quick), await new_worker(quick)
        run = await new_run(quick, 1)
        async with alive(former), alive(present):
            (task,) = await former.lease(request_id="1")
            (taken,) = await present.lease(request_id="1")

            assert await former.answer(task, output='"late"') == ["FENCED"]
            assert await present.answer(taken, output='"in time"') == ["RECORDED"]

        assert (await only_result(quick, run)).output.json == '"in time"'

    async def test_a_late_report_of_an_ended_run_changes_nothing(self, service: Service) -> None:
        worker = await new_worker(service)
        run = await new_run(service, 1)
        (task,) = await worker.lease()
        await cancel(service, run)
        over = await ended(service, run.name)

        assert await worker.answer(task) in (["FENCED"], ["ALREADY_RECORDED"])
        assert await get_run(service, run.name) == over

    async def test_a_broken_call_does_not_widen_the_concurrency(self, service: Service) -> None:
        """A worker that goes away in the middle of its reports leaves no slot counted as free."""
        worker = await new_worker(service)
        await new_run(service, 200, scorer("exact_match"), concurrency=2)
        for _ in range(10):
            tasks = await worker.lease_all(2)
            call = service.workers.CompleteTasks(
                CompleteTasksRequest(session_token=worker.token, reports=map(done, tasks))
            )
            await asyncio.sleep(0)
            await worker.heartbeat()
            call.cancel()
            # Whatever became of the call: the reports can be repeated.
            await worker.report(*map(done, tasks))

        out = await worker.lease_all(2)

        assert await worker.lease_now() == []
        assert len(out) == 2


class TestRetries:
    @pytest.mark.parametrize("code", ["EXECUTION", "TIMEOUT", "UNAVAILABLE"])
    async def test_a_retryable_error_is_tried_again_and_counted(
        self, service: Service, code: str
    ) -> None:
        worker = await new_worker(service)
        run = await new_run(service, 1, max_retries=2)
        tasks = []
        for expected in ("RETRY_SCHEDULED", "RETRY_SCHEDULED", "RECORDED"):
            (task,) = await worker.lease()
            tasks.append(task)
            assert await worker.report(failed(task, code)) == [expected]

        over = await ended(service, run.name)
        result = await only_result(service, run)
        assert [task.attempt for task in tasks] == [1, 2, 3]
        assert len({task.task_id for task in tasks}) == 1
        assert len({task.lease_token for task in tasks}) == 3
        assert len({task.traceparent for task in tasks}) == 3
        assert (over.status, over.end_reason) == (RUN_STATUS_FAILED, RUN_END_REASON_ALL_FAILED)
        assert (over.counts.failed, over.completed_with_errors) == (1, False)
        assert (result.status, result.attempts) == (RESULT_STATUS_FAILED, 3)
        assert result.error.code == TaskErrorCode.Value(f"TASK_ERROR_CODE_{code}")
        assert result.trace_id == tasks[-1].traceparent.split("-")[1]

    async def test_a_success_after_errors_counts_its_attempts(self, service: Service) -> None:
        worker = await new_worker(service)
        run = await new_run(service, 1, max_retries=1)
        await worker.report(failed(await worker.lease_one()))
        await worker.answer(*await worker.lease())

        over = await ended(service, run.name)
        result = await only_result(service, run)
        assert (result.status, result.attempts) == (RESULT_STATUS_SUCCEEDED, 2)
        assert not over.completed_with_errors
        assert not result.HasField("error")

    async def test_a_final_error_is_not_tried_again(self, service: Service) -> None:
        worker = await new_worker(service)
        run = await new_run(service, 1, max_retries=5)

        told = await worker.report(failed(await worker.lease_one(), code="INVALID"))

        await ended(service, run.name)
        assert told == ["RECORDED"]
        result = await only_result(service, run)
        assert (result.error.code, result.attempts) == (TASK_ERROR_CODE_INVALID, 1)

    async def test_a_worker_that_stops_uses_up_no_attempt(self, service: Service) -> None:
        worker = await new_worker(service)
        run = await new_run(service, 1, max_retries=0)
        for _ in range(10):
            (task,) = await worker.lease()
            assert task.attempt == 1
            assert await worker.report(failed(task, "CANCELLED")) == ["RETRY_SCHEDULED"]

        await worker.finish(run.name)
        assert (await only_result(service, run)).attempts == 1

    @pytest.mark.parametrize("code", [0, 4, 77])
    async def test_a_code_that_workers_may_not_give_counts_as_execution(
        self, service: Service, code: int
    ) -> None:
        worker = await new_worker(service)
        run = await new_run(service, 1, max_retries=0)
        report = failed(await worker.lease_one())
        report.error.code = code  # type: ignore[assignment]

        await worker.report(report)

        await ended(service, run.name)
        assert (await only_result(service, run)).error.code == TASK_ERROR_CODE_EXECUTION

    async def test_an_error_is_kept_in_the_workers_words_up_to_a_limit(
        self, service: Service
    ) -> None:
        worker = await new_worker(service)
        run = await new_run(service, 1, max_retries=0)
        report = failed(
            await worker.lease_one(), message="ä" * 5000, kind="k" * 300, stack="s" * 20_000
        )

        await worker.report(report)

        await ended(service, run.name)
        error = (await only_result(service, run)).error
        assert error.message == "ä" * 4000
        assert (len(error.kind), len(error.stack)) == (200, 16_000)

    async def test_a_retry_waits_for_its_time(self, service: Service) -> None:
        worker = await new_worker(service)
        run = await new_run(service, 2, concurrency=1, backoff=3600, max_retries=1)
        (first,) = await worker.lease()
        await worker.report(failed(first))

        (second,) = await worker.lease()
        await worker.answer(second)

        # Drawn between nothing and an hour, the wait is hardly over yet.
        assert second.task_id != first.task_id
        assert await worker.lease_now() == []
        assert (await get_run(service, run.name)).counts.succeeded == 1

    async def test_a_retry_that_is_due_wakes_a_waiting_worker(self, service: Service) -> None:
        worker = await new_worker(service)
        await new_run(service, 1, backoff=0.05, max_retries=5)
        for attempt in range(1, 6):
            (task,) = await worker.lease(wait=20)
            assert task.attempt == attempt
            await worker.report(failed(task))

    async def test_a_failed_item_is_not_scored(self, service: Service) -> None:
        worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
        run = await new_run(service, 1, scorer("exact_match"), scorer("tone"), max_retries=0)

        await worker.report(failed(await worker.lease_one()))

        over = await ended(service, run.name)
        scores = (await only_result(service, run)).scores
        assert [(s.status, s.HasField("value")) for s in scores] == [
            (SCORE_STATUS_SKIPPED, False)
        ] * 2
        assert all(s.reason for s in scores)
        assert [(s.skipped, s.scored, s.failed) for s in over.scorer_summaries] == [(1, 0, 0)] * 2


class TestOutputs:
    @pytest.mark.parametrize("text", ["", "{", "NaN", "[" * 129 + "]" * 129], ids=ascii)
    async def test_an_output_that_is_no_json_fails_its_own_item_only(
        self, service: Service, text: str
    ) -> None:
        worker = await new_worker(service)
        run = await new_run(service, 3, scorer("exact_match"), concurrency=3, max_retries=3)
        first, second, third = await worker.lease_all(3)

        told = await worker.report(answered(first), answered(second, text), answered(third))

        await ended(service, run.name)
        found = await results(service, run.name)
        assert told == ["RECORDED"] * 3
        assert [result.status for result in found] == [
            RESULT_STATUS_SUCCEEDED,
            RESULT_STATUS_FAILED,
            RESULT_STATUS_SUCCEEDED,
        ]
        assert found[1].error.code == TASK_ERROR_CODE_INVALID
        assert "output" in found[1].error.message

    async def test_an_output_may_have_a_mebibyte_and_no_more(self, service: Service) -> None:
        worker = await new_worker(service)
        run = await new_run(service, 2, concurrency=2, max_retries=0)
        text = '"' + "x" * (MIB - 2) + '"'
        fits, exceeds = await worker.lease_all(2)

        await worker.report(answered(fits, text), answered(exceeds, text + " "))

        await ended(service, run.name)
        one, other = await results(service, run.name)
        assert one.output.json == text
        assert other.error.code == TASK_ERROR_CODE_INVALID

    async def test_an_output_is_kept_byte_for_byte(self, service: Service) -> None:
        worker = await new_worker(service)
        run = await new_run(service, 1)
        text = ' { "b" : 12345678901234567890123 , "a":1.10 , "b":"\\u00e4" } '

        await worker.answer(*await worker.lease(), output=text)

        await ended(service, run.name)
        assert (await only_result(service, run)).output.json == text

    async def test_an_outcome_of_the_wrong_kind_fails_its_item(self, service: Service) -> None:
        worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
        run = await new_run(service, 2, scorer("tone"), concurrency=2)
        one, other = await worker.lease_all(2)
        await worker.report(judged(one, status="SCORE_STATUS_SCORED", value=1.0), done(other))
        (task,) = await worker.lease()

        await worker.report(answered(task, "1"))

        over = await ended(service, run.name)
        first, second = await results(service, run.name)
        assert first.error.code == TASK_ERROR_CODE_INVALID
        assert second.scores[0].status == SCORE_STATUS_FAILED
        assert over.completed_with_errors

    @pytest.mark.parametrize("size", [10, 300_000])
    async def test_built_in_scorers_judge_outputs_of_any_size(
        self, service: Service, size: int
    ) -> None:
        worker = await new_worker(service)
        text = '"' + "ä" * size + '"'
        rows = [item("1", text if n % 2 else '"other"') for n in range(6)]
        run = await new_run(
            service, rows, scorer("exact_match"), scorer("levenshtein"), concurrency=6
        )

        for task in await worker.lease_all(6):
            await worker.answer(task, output=text)

        over = await ended(service, run.name)
        exact = over.scorer_summaries[0]
        assert (exact.scored, exact.passed, exact.not_passed, exact.mean) == (6, 3, 3, 0.5)

    async def test_an_item_without_an_expected_value_is_not_evaluable(
        self, service: Service
    ) -> None:
        worker = await new_worker(service)
        run = await new_run(service, [item("1"), item("1", "1")], scorer("exact_match"))

        over = await worker.finish(run.name)

        told = over.scorer_summaries[0]
        assert (told.scored, told.not_evaluable, told.passed, told.mean) == (1, 1, 1, 1.0)
        assert not over.completed_with_errors


class TestTrials:
    async def test_each_item_is_run_as_often_as_asked(self, service: Service) -> None:
        worker = await new_worker(service)
        run = await new_run(service, 3, trials=4, concurrency=5)

        over = await worker.finish(run.name)

        found = await results(service, run.name)
        assert (over.counts.planned, over.counts.succeeded) == (12, 12)
        assert [(result.number, result.item_id, result.trial) for result in found] == [
            (number + 1, f"i{number // 4 + 1}", number % 4 + 1) for number in range(12)
        ]

    @pytest.mark.parametrize("limit", [1, 2, 3, 5, 7])
    async def test_however_few_are_leased_at_a_time(self, service: Service, limit: int) -> None:
        worker = await new_worker(service)
        run = await new_run(service, 5, trials=3, concurrency=7)
        seen = Counter[tuple[str, int]]()
        while sum(seen.values()) < 15:
            tasks = await worker.lease(limit)
            seen.update((task.target.item_id, task.target.trial) for task in tasks)
            await worker.answer(*tasks)

        await ended(service, run.name)
        assert seen == Counter({(f"i{n}", trial): 1 for n in range(1, 6) for trial in (1, 2, 3)})

    async def test_a_cancelled_run_skips_the_trials_that_are_left(self, service: Service) -> None:
        worker = await new_worker(service)
        run = await new_run(service, 3, trials=5, concurrency=4)
        await worker.answer(*await worker.lease_all(4))
        await cancel(service, run)

        over = await ended(service, run.name)

        found = await results(service, run.name)
        assert (over.counts.succeeded, over.counts.skipped) == (4, 11)
        assert [(result.item_id, result.trial) for result in found] == [
            (f"i{n}", trial) for n in range(1, 4) for trial in range(1, 6)
        ]


class TestHostedScorers:
    async def test_a_worker_scores_beside_the_built_in_scorers(self, service: Service) -> None:
        target_host = await new_worker(service)
        scorer_host = await new_worker(service, hosts_scorer("tone"))
        run = await new_run(
            service, 2, scorer("exact_match"), scorer("tone", alias="t"), concurrency=2
        )
        await target_host.answer(*await target_host.lease_all(2))
        one, other = await scorer_host.lease_all(2)

        told = await scorer_host.report(
            judged(
                one,
                status="SCORE_STATUS_SCORED",
                value=0.25,
                passed=False,
                label="rude",
                reason="Says so.",
                evidence={"json": ' {"a" : 1}'},
            ),
            judged(other, status="SCORE_STATUS_NOT_EVALUABLE", reason="Nothing said."),
        )

        over = await ended(service, run.name)
        first, second = await results(service, run.name)
        score = first.scores[1]
        assert told == ["RECORDED", "RECORDED"]
        assert (score.scorer, score.status, score.value) == ("t", SCORE_STATUS_SCORED, 0.25)
        assert (score.passed, score.label, score.reason) == (False, "rude", "Says so.")
        assert score.evidence.json == ' {"a" : 1}'
        assert second.scores[1].status == SCORE_STATUS_NOT_EVALUABLE
        assert not second.scores[1].HasField("value")
        summary = over.scorer_summaries[1]
        assert (summary.scorer, summary.scored, summary.not_evaluable) == ("t", 1, 1)
        assert (summary.passed, summary.not_passed, summary.mean) == (0, 1, 0.25)
        assert not over.completed_with_errors

    async def test_a_scorer_that_breaks_is_tried_again_then_failed(self, service: Service) -> None:
        worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
        run = await new_run(service, 2, scorer("tone"), concurrency=2, max_retries=1)
        await worker.answer(*await worker.lease_all(2))
        for task in await worker.lease_all(2):
            assert await worker.report(failed(task)) == ["RETRY_SCHEDULED"]
        one, other = sorted(await worker.lease_all(2), key=lambda task: task.task_id)

        told = await worker.report(failed(one, kind="ValueError"), done(other))

        over = await ended(service, run.name)
        first, second = await results(service, run.name)
        assert told == ["RECORDED", "RECORDED"]
        assert (one.attempt, other.attempt) == (2, 2)
        assert first.status == second.status == RESULT_STATUS_SUCCEEDED
        assert first.scores[0].status == SCORE_STATUS_FAILED
        assert "ValueError" in first.scores[0].reason
        assert not first.scores[0].HasField("value")
        assert second.scores[0].value == 1.0
        assert (over.scorer_summaries[0].failed, over.scorer_summaries[0].mean) == (1, 1.0)
        assert over.completed_with_errors

    @pytest.mark.parametrize(
        "score",
        [
            {"status": "SCORE_STATUS_SCORED", "value": float("nan")},
            {"status": "SCORE_STATUS_SCORED", "value": float("inf")},
            {"status": "SCORE_STATUS_SCORED"},
            {"status": "SCORE_STATUS_NOT_EVALUABLE", "value": 1.0},
            {"status": "SCORE_STATUS_FAILED"},
            {"value": 1.0},
            {"status": "SCORE_STATUS_SCORED", "value": 1.0, "evidence": {"json": "{"}},
        ],
        ids=["nan", "inf", "no value", "a value too many", "failed", "no status", "evidence"],
    )
    async def test_a_score_that_is_none_counts_as_failed(
        self, service: Service, score: dict[str, Any]
    ) -> None:
        worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
        run = await new_run(service, 1, scorer("tone"))
        await worker.answer(*await worker.lease())

        assert await worker.report(judged(await worker.lease_one(), **score)) == ["RECORDED"]

        over = await ended(service, run.name)
        assert over.scorer_summaries[0].failed == 1
        assert not over.scorer_summaries[0].HasField("mean")
        assert (await only_result(service, run)).scores[0].status == SCORE_STATUS_FAILED

    @pytest.mark.parametrize("calls", [1, 4])
    async def test_the_largest_numbers_as_scores_do_not_stop_a_run(
        self, service: Service, calls: int
    ) -> None:
        worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
        run = await new_run(service, 4, scorer("tone"), concurrency=4)
        await worker.answer(*await worker.lease_all(4))
        largest = 1.7976931348623157e308
        reports = [
            judged(task, status="SCORE_STATUS_SCORED", value=value)
            for task, value in zip(
                await worker.lease_all(4), (largest, -largest, largest, 0.5), strict=True
            )
        ]
        size = len(reports) // calls
        for start in range(0, 4, size):
            await worker.report(*reports[start : start + size])

        assert (await ended(service, run.name)).status == RUN_STATUS_COMPLETED

    async def test_a_score_reported_twice_counts_once(self, service: Service) -> None:
        worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
        run = await new_run(service, 2, scorer("tone"), concurrency=2)
        await worker.answer(*await worker.lease_all(2))
        one, other = await worker.lease_all(2)

        assert await worker.report(done(one), done(one)) == ["RECORDED", "ALREADY_RECORDED"]
        assert await worker.report(done(one), done(other)) == ["ALREADY_RECORDED", "RECORDED"]
        assert (await ended(service, run.name)).scorer_summaries[0].scored == 2

    async def test_a_run_waits_for_the_worker_of_its_scorer(self, service: Service) -> None:
        host = await new_worker(service, hosts_scorer("tone"))
        worker = await new_worker(service)
        run = await new_run(service, 1, scorer("tone"))
        await host.close()
        await worker.answer(*await worker.lease())

        waiting = await get_run(service, run.name)
        late = await new_worker(service, hosts_scorer("tone"))
        await late.report(*map(done, await late.lease()))

        assert "tone" in waiting.waiting_for
        assert (await ended(service, run.name)).status == RUN_STATUS_COMPLETED

    async def test_many_large_scorer_tasks_come_in_answers_of_bounded_size(
        self, service: Service
    ) -> None:
        worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
        run = await new_run(service, 12, scorer("tone"), concurrency=12)
        output = '"' + "x" * (MIB - 2) + '"'
        for task in await worker.lease_all(12):
            await worker.answer(task, output=output)

        seen = 0
        while seen < 12:
            tasks = await worker.lease()
            seen += len(tasks)
            assert sum(task.ByteSize() for task in tasks) <= 6 * MIB
            await worker.report(*map(done, tasks))

        assert (await ended(service, run.name)).scorer_summaries[0].scored == 12


class TestLeases:
    async def test_a_repeated_lease_brings_the_same_tasks(self, service: Service) -> None:
        worker = await new_worker(service)
        await new_run(service, 4, concurrency=4)
        first = await worker.lease(2, request_id="r-1")

        again = await worker.lease(2, request_id="r-1")
        await worker.answer(first[0])
        rest = await worker.lease(2, request_id="r-1")

        assert [task.task_id for task in again] == [task.task_id for task in first]
        assert [task.lease_token for task in again] == [task.lease_token for task in first]
        assert [task.task_id for task in rest] == [first[1].task_id]

    async def test_a_repeated_lease_of_scorer_tasks_brings_the_same(self, service: Service) -> None:
        worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
        await new_run(service, 1, scorer("tone"))
        await worker.answer(*await worker.lease(), output="[ 7 ]")

        (first,) = await worker.lease(request_id="r-1")
        (again,) = await worker.lease(request_id="r-1")

        assert again.scorer == first.scorer
        assert again.task_id == first.task_id

    async def test_a_closing_worker_gives_back_what_it_holds(self, service: Service) -> None:
        leaving, staying = await new_worker(service), await new_worker(service)
        run = await new_run(service, 3, concurrency=3, max_retries=0)
        held = await leaving.lease_all(3)
        waiting = asyncio.create_task(staying.lease_all(3))

        await leaving.close()

        tasks = await waiting
        assert {task.task_id for task in tasks} == {task.task_id for task in held}
        assert {task.attempt for task in tasks} == {1}
        assert await staying.answer(*tasks) == ["RECORDED"] * 3
        assert {r.attempts for r in await results(service, run.name)} == {1}

    async def test_a_closed_session_gets_no_more_tasks(self, service: Service) -> None:
        """Not even one that had been waiting for them: nobody would run them."""
        closed, open_one = await new_worker(service), await new_worker(service)
        waiting = asyncio.create_task(closed.lease(wait=20))
        # Calls of one connection are begun in their order.
        await closed.heartbeat()
        await closed.close()

        await new_run(service, 1)

        tasks = await open_one.lease()
        assert len(tasks) == 1
        (left,) = await asyncio.gather(waiting, return_exceptions=True)
        assert left == [] or isinstance(left, grpc.aio.AioRpcError)

    async def test_an_expired_session_gets_no_more_tasks(self, quick: Service) -> None:
        expired = await new_worker(quick)
        waiting = asyncio.create_task(expired.lease(wait=20))

        async def is_expired() -> bool:
            try:
                await expired.lease_now()
            except grpc.aio.AioRpcError as error:
                return error.code() is grpc.StatusCode.UNAUTHENTICATED
            return False

        await eventually(is_expired)
        await new_run(quick, 1)
        other = await new_worker(quick)
        async with alive(other):
            (task,) = await other.lease_now()

        assert task.attempt == 1
        (left,) = await asyncio.gather(waiting, return_exceptions=True)
        assert left == [] or isinstance(left, grpc.aio.AioRpcError)

    async def test_a_session_without_a_sign_of_life_expires(self, quick: Service) -> None:
        worker = await new_worker(quick)
        run = await new_run(quick, 1)
        (task,) = await worker.lease()
        other = await new_worker(quick)
        async with alive(other):
            (taken,) = await other.lease()

            told = await refusal(worker.answer(task))
            await other.answer(taken)

        assert (told.code, told.reason) == (grpc.StatusCode.UNAUTHENTICATED, "SESSION_EXPIRED")
        assert (await ended(quick, run.name)).counts.succeeded == 1

    async def test_a_heartbeat_keeps_a_lease(self, quick: Service) -> None:
        worker, other = await new_worker(quick), await new_worker(quick)
        await new_run(quick, 1)
        async with alive(other):
            (task,) = await worker.lease()
            async with alive(worker, task):
                assert await other.lease(wait=3 * QUICK.lease_duration) == []
                assert await worker.answer(task) == ["RECORDED"]

    async def test_a_lease_without_a_heartbeat_goes_to_another(self, quick: Service) -> None:
        worker, other = await new_worker(quick), await new_worker(quick)
        run = await new_run(quick, 2, concurrency=2, max_retries=0)
        kept, lost = await worker.lease_all(2)
        async with alive(worker, kept), alive(other):
            (taken,) = await other.lease()
            answer = await worker.heartbeat(kept.task_id, lost.task_id)
            await worker.answer(kept)
            await other.answer(taken)

        assert taken.task_id == lost.task_id
        assert taken.attempt == 1
        assert list(answer.stop_task_ids) == [lost.task_id]
        assert (await ended(quick, run.name)).counts.succeeded == 2

    async def test_a_task_whose_workers_all_go_away_fails_at_last(self, quick: Service) -> None:
        run = await new_run(quick, 1, scorer("exact_match"), max_retries=0)
        worker = await new_worker(quick)
        async with alive(worker):
            for _ in range(6):
                (task,) = await worker.lease()
                assert task.attempt == 1
            over = await ended(quick, run.name)

        result = await only_result(quick, run)
        assert result.error.code == TASK_ERROR_CODE_WORKER_LOST
        assert over.end_reason == RUN_END_REASON_ALL_FAILED

    async def test_losses_and_retries_are_counted_apart(self, quick: Service) -> None:
        run = await new_run(quick, 1, max_retries=1)
        worker = await new_worker(quick)
        async with alive(worker):
            await worker.lease()
            (second,) = await worker.lease()
            assert await worker.report(failed(second)) == ["RETRY_SCHEDULED"]
            await worker.lease()
            (fourth,) = await worker.lease()
            assert await worker.report(failed(fourth)) == ["RECORDED"]

        assert (second.attempt, fourth.attempt) == (1, 2)
        assert (await only_result(quick, run)).attempts == 2

    async def test_results_without_a_latency_are_listed_among_the_slowest(
        self, quick: Service
    ) -> None:
        run = await new_run(quick, 2, concurrency=2, max_retries=0, timeout=0.001)
        worker = await new_worker(quick)
        one, other = await worker.lease_all(2)
        async with alive(worker, other):
            await worker.answer(one)
            await ended(quick, run.name)

        found = await results(quick, run.name, order=RESULT_ORDER_SLOWEST)

        assert [result.number for result in found] == [1, 2]
        assert found[1].error.code == TASK_ERROR_CODE_TIMEOUT


class TestDeadlines:
    async def test_an_attempt_that_takes_too_long_times_out_in_spite_of_heartbeats(
        self, quick: Service
    ) -> None:
        worker = await new_worker(quick)
        run = await new_run(quick, 1, max_retries=1, timeout=0.01)
        first = await worker.lease_one()
        async with alive(worker, first):
            await eventually(partial(is_taken_away, worker, first))
            second = await worker.lease_one()
            await eventually(partial(is_taken_away, worker, second))
            over = await ended(quick, run.name)

        result = await only_result(quick, run)
        assert (first.attempt, second.attempt) == (1, 2)
        assert result.error.code == TASK_ERROR_CODE_TIMEOUT
        assert result.attempts == 2
        assert over.counts.failed == 1

    async def test_a_worker_has_time_to_report_its_timeout_itself(self, service: Service) -> None:
        worker = await new_worker(service)
        run = await new_run(service, 1, max_retries=0, timeout=0.001)
        (task,) = await worker.lease()

        assert await worker.report(failed(task, "TIMEOUT", "took too long")) == ["RECORDED"]

        await ended(service, run.name)
        assert (await only_result(service, run)).error.message == "took too long"


class TestConcurrency:
    async def test_no_more_tasks_are_out_than_allowed(self, service: Service) -> None:
        one, other = await new_worker(service), await new_worker(service)
        await new_run(service, 20, concurrency=3)
        first = await one.lease_all(3)

        assert await other.lease_now() == []
        await one.answer(first[0])
        assert len(await other.lease()) == 1
        assert await one.lease_now() == []

    async def test_scorer_tasks_count_and_come_first(self, service: Service) -> None:
        worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
        await new_run(service, 20, scorer("tone"), concurrency=2)
        await worker.answer(*await worker.lease_all(2))

        tasks = await worker.lease_all(2)

        assert [task.WhichOneof("work") for task in tasks] == ["scorer", "scorer"]
        assert await worker.lease_now() == []

    async def test_two_runs_share_a_worker(self, service: Service) -> None:
        worker = await new_worker(service)
        one = await new_run(service, 50, concurrency=50)
        other = await new_run(service, 50, concurrency=50)
        shares = Counter[str]()
        for _ in range(20):
            tasks = await worker.lease(1)
            shares.update(task.run for task in tasks)
            await worker.answer(*tasks)

        assert shares == {one.name: 10, other.name: 10}

    async def test_a_run_that_nobody_serves_does_not_hold_up_others(self, service: Service) -> None:
        await new_run(service, 5, target=Target(name="nobody"))
        worker = await new_worker(service)
        run = await new_run(service, 2)

        assert (await worker.finish(run.name)).counts.succeeded == 2

    async def test_a_worker_gets_only_what_it_hosts(self, service: Service) -> None:
        run = await new_run(service, 1)
        for target in (
            Target(name="other", revision="1"),
            Target(name="echo", revision="2"),
            Target(name="echo", revision="1", kind="TARGET_KIND_WORKFLOW"),
        ):
            assert await (await new_worker(service, hosts_target(target))).lease_now() == []
        foreign = await new_worker(service, parent="projects/other")
        assert await foreign.lease_now() == []

        assert (await (await new_worker(service)).finish(run.name)).counts.succeeded == 1


class TestWaiting:
    async def test_a_run_that_waits_goes_on_when_its_worker_comes(self, service: Service) -> None:
        run = await new_run(service, 1)
        assert "echo" in (await get_run(service, run.name)).waiting_for

        worker = await new_worker(service)

        assert (await get_run(service, run.name)).waiting_for == ""
        assert (await worker.finish(run.name)).counts.succeeded == 1

    async def test_a_run_waits_again_when_its_worker_goes(self, quick: Service) -> None:
        run = await new_run(quick, 1)
        worker = await new_worker(quick)
        await worker.close()
        assert "echo" in (await get_run(quick, run.name)).waiting_for
        await new_worker(quick)

        async def waits() -> str:
            return (await get_run(quick, run.name)).waiting_for

        assert "echo" in await eventually(waits)


class TestCancellation:
    async def test_workers_are_told_to_stop(self, service: Service) -> None:
        worker = await new_worker(service)
        run = await new_run(service, 5, concurrency=2)
        tasks = await worker.lease_all(2)
        assert not (await worker.heartbeat(*(t.task_id for t in tasks))).stop_task_ids

        await cancel(service, run)

        over = await ended(service, run.name)
        answer = await worker.heartbeat(*(task.task_id for task in tasks))
        assert set(answer.stop_task_ids) == {task.task_id for task in tasks}
        assert (over.status, over.counts.skipped) == (RUN_STATUS_CANCELLED, 5)
        assert await worker.lease_now() == []

    async def test_scores_that_are_not_done_are_skipped(self, service: Service) -> None:
        worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
        run = await new_run(service, 4, scorer("exact_match"), scorer("tone"), concurrency=2)
        await worker.answer(*await worker.lease_all(2))
        one, _ = await worker.lease_all(2)
        await worker.report(done(one))

        await cancel(service, run)

        over = await ended(service, run.name)
        exact, tone = over.scorer_summaries
        assert (over.counts.succeeded, over.counts.skipped) == (2, 2)
        assert (exact.scored, tone.scored, tone.skipped) == (2, 1, 1)
        assert sum(event.HasField("scored") for event in await facts(service, run.name)) == 4

    async def test_a_retry_that_waits_is_skipped(self, service: Service) -> None:
        worker = await new_worker(service)
        run = await new_run(service, 1, backoff=3600, max_retries=5)
        await worker.report(failed(await worker.lease_one()))

        await cancel(service, run)

        assert (await ended(service, run.name)).counts.skipped == 1

    async def test_a_run_that_waits_for_a_worker_can_be_cancelled(self, service: Service) -> None:
        run = await new_run(service, 1200)

        await cancel(service, run)

        over = await ended(service, run.name)
        assert (over.status, over.counts.skipped) == (RUN_STATUS_CANCELLED, 1200)
        assert [e.position for e in await facts(service, run.name)] == list(range(1, 1204))

    async def test_many_reports_while_a_run_is_cancelled_are_kept_or_fenced(
        self, service: Service
    ) -> None:
        worker = await new_worker(service)
        run = await new_run(service, 900, scorer("exact_match"), concurrency=300)
        tasks = await worker.lease_all(300)

        told, _ = await asyncio.gather(worker.answer(*tasks), cancel(service, run))

        over = await ended(service, run.name)
        recorded = told.count("RECORDED")
        assert over.counts.succeeded == recorded
        assert over.counts.skipped == 900 - recorded
        assert set(told) <= {"RECORDED", "FENCED", "ALREADY_RECORDED"}
        numbers = [r.number for r in await results(service, run.name)]
        assert numbers == list(range(1, 901))


class TestLargeItems:
    async def test_large_tasks_come_in_answers_of_bounded_size(self, service: Service) -> None:
        worker = await new_worker(service)
        rows = [item('"' + "x" * 300_000 + '"', item_id=f"i{n}") for n in range(20)]
        run = await new_run(service, rows, concurrency=20)
        seen: list[str] = []
        while len(seen) < 20:
            tasks = await worker.lease()
            seen += [task.target.item_id for task in tasks]
            assert 0 < sum(task.ByteSize() for task in tasks) <= 3 * MIB
            await worker.answer(*tasks, output="1")

        assert seen == [f"i{n}" for n in range(20)]
        assert (await ended(service, run.name)).counts.succeeded == 20

    async def test_large_tasks_that_were_given_back_come_again(self, service: Service) -> None:
        leaving, staying = await new_worker(service), await new_worker(service)
        rows = [item('"' + "x" * 300_000 + '"', item_id=f"i{n}") for n in range(20)]
        run = await new_run(service, rows, concurrency=20)
        await leaving.lease_all(20)
        await leaving.close()

        assert (await staying.finish(run.name)).counts.succeeded == 20

    async def test_a_repeated_lease_brings_new_tasks_and_those_that_waited(
        self, service: Service
    ) -> None:
        leaving, staying = await new_worker(service), await new_worker(service)
        large = '"' + "x" * (MIB - 2) + '"'
        await new_run(service, [item(large) for _ in range(8)], concurrency=8)
        await leaving.lease_all(2)
        await leaving.close()

        first = await staying.lease(request_id="r-1")
        again = await staying.lease(request_id="r-1")

        assert {task.task_id for task in again} == {task.task_id for task in first}

    async def test_a_repeated_lease_brings_large_scorer_tasks_and_others(
        self, service: Service
    ) -> None:
        worker = await new_worker(service, hosts_target(), hosts_scorer("tone"))
        large = '"' + "x" * (MIB - 2) + '"'
        await new_run(service, [item(large) for _ in range(8)], scorer("tone"), concurrency=8)
        await worker.answer(*await worker.lease_all(2), output=large)

        first = await worker.lease(request_id="r-1")
        again = await worker.lease(request_id="r-1")

        assert {task.task_id for task in again} == {task.task_id for task in first}

    async def test_a_repeated_lease_of_large_tasks_brings_them_all(self, service: Service) -> None:
        worker = await new_worker(service)
        large = '"' + "x" * (MIB - 2) + '"'
        await new_run(service, [item(large, large) for _ in range(5)], concurrency=5)

        first = await worker.lease(request_id="r-1")
        again = await worker.lease(request_id="r-1")

        assert [task.task_id for task in again] == [task.task_id for task in first]


class TestPins:
    async def test_a_run_keeps_its_versions_while_others_come(self, service: Service) -> None:
        worker = await new_worker(service)
        dataset = await new_dataset(service, 3)
        experiment = await new_experiment(service, f"{dataset.name}/versions/1", trials=2)
        run = await start_run(service, f"{experiment.name}/versions/1")
        await worker.answer(*await worker.lease(1))
        await add(service, dataset.name, items(5, first=10))

        over = await worker.finish(run.name)

        assert over.counts.succeeded == 6
        assert {r.item_id for r in await results(service, run.name)} == {"i1", "i2", "i3"}

    async def test_a_run_keeps_the_scorer_that_it_was_started_with(self, service: Service) -> None:
        worker = await new_worker(service, hosts_target(), hosts_scorer("tone", version=1))
        run = await new_run(service, 1, scorer("tone"))
        await service.workers.RegisterWorker(
            RegisterWorkerRequest(
                parent="projects/default",
                worker_id="newer",
                capabilities=[hosts_scorer("tone", version=2)],
                max_concurrent_tasks=1,
            )
        )

        over = await worker.finish(run.name)

        assert over.scorers[0].scorer_version == 1


async def test_an_unavailable_target_is_tried_again(service: Service) -> None:
    worker = await new_worker(service)
    run = await new_run(service, 1, max_retries=0)

    await worker.report(failed(await worker.lease_one(), code="UNAVAILABLE"))

    await ended(service, run.name)
    assert (await only_result(service, run)).error.code == TASK_ERROR_CODE_UNAVAILABLE
