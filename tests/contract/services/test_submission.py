"""RunService.SubmitResults and FinishRun: runs that their callers drive."""

from __future__ import annotations

from typing import Any

import grpc

from tests.service import (
    PROJECT,
    Service,
    ended,
    get_run,
    hosts_scorer,
    invalid,
    item,
    items,
    json,
    judged,
    new_dataset,
    new_experiment,
    new_worker,
    refusal,
    results,
    scorer,
    seconds,
    summary,
)
from trialbook.v1.experiment_pb2 import ScorerSpec
from trialbook.v1.item_selection_pb2 import ItemSelection
from trialbook.v1.run_pb2 import (
    RESULT_STATUS_FAILED,
    RESULT_STATUS_SKIPPED,
    RESULT_STATUS_SUCCEEDED,
    RUN_END_REASON_TOO_MANY_FAILURES,
    RUN_STATUS_CANCELLED,
    RUN_STATUS_COMPLETED,
    RUN_STATUS_FAILED,
    RUN_STATUS_RUNNING,
    SKIP_REASON_NOT_SUBMITTED,
    SKIP_REASON_RUN_CANCELLED,
    TASK_ERROR_CODE_EXECUTION,
    Run,
    RunCounts,
    StepResult,
    TaskError,
    Usage,
)
from trialbook.v1.run_service_pb2 import (
    CancelRunRequest,
    FinishRunRequest,
    RescoreRunRequest,
    RetryRunRequest,
    ScorerList,
    StartRunRequest,
    SubmissionDisposition,
    SubmitResultsRequest,
    SubmittedResult,
)
from trialbook.v1.score_pb2 import (
    SCORE_STATUS_NOT_EVALUABLE,
    SCORE_STATUS_SCORED,
    Score,
)

FAILED_PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION
BY_CALLER = ScorerSpec(scorer="mine", by_caller=True)
TRACE_ID = "0af7651916cd43dd8448eb211c80319c"


async def driven_run(
    service: Service,
    content: Any,
    *scorers: ScorerSpec,
    selection: ItemSelection | None = None,
    **how: Any,
) -> Run:
    """Start a run that its caller drives, with these scorers."""
    dataset = await new_dataset(service, content)
    experiment = await new_experiment(service, dataset.name, **how)
    request = StartRunRequest(
        parent=PROJECT,
        experiment=experiment.name,
        caller_driven=True,
        scorers=ScorerList(scorers=scorers),
        selection=selection,
    )
    return (await service.runs.StartRun(request)).run


def output(item_id: str, text: str = "1", **more: Any) -> SubmittedResult:
    return SubmittedResult(item_id=item_id, output=json(text), **more)


def error(item_id: str, message: str = "it broke", **more: Any) -> SubmittedResult:
    told = TaskError(code=TASK_ERROR_CODE_EXECUTION, message=message)
    return SubmittedResult(item_id=item_id, error=told, **more)


async def submit(service: Service, run: str, *submitted: SubmittedResult) -> list[str]:
    request = SubmitResultsRequest(parent=run, results=submitted)
    answer = await service.runs.SubmitResults(request)
    return [
        SubmissionDisposition.Name(one).removeprefix("SUBMISSION_DISPOSITION_")
        for one in answer.dispositions
    ]


async def finish(service: Service, run: str, **more: Any) -> Run:
    return (await service.runs.FinishRun(FinishRunRequest(name=run, **more))).run


async def test_a_caller_runs_the_items_and_the_service_judges(service: Service) -> None:
    run = await driven_run(service, 3, scorer("exact_match"))

    done = await submit(service, run.name, output("i3", "3"), output("i1", "0"), error("i2"))
    before = await get_run(service, run.name)
    finished = await finish(service, run.name)
    after = await ended(service, run.name)

    assert done == ["RECORDED"] * 3
    assert (before.status, before.caller_driven) == (RUN_STATUS_RUNNING, True)
    assert finished.uid == run.uid
    assert after.status == RUN_STATUS_COMPLETED
    assert after.counts == RunCounts(planned=3, succeeded=2, failed=1)
    assert [told.mean for told in after.scorer_summaries] == [0.5]
    found = await results(service, run.name)
    assert [(result.number, result.item_id) for result in found] == [
        (1, "i1"),
        (2, "i2"),
        (3, "i3"),
    ]
    assert [score.label for score in found[1].scores] == ["item_failed"]


async def test_all_that_a_caller_tells_is_kept(service: Service) -> None:
    run = await driven_run(service, 1)
    step = StepResult(step_id="search", output=json("[1]"), duration=seconds(0.5))
    told = output(
        "i1",
        latency=seconds(1.5),
        usage=Usage(input_tokens=7, output_tokens=3, cost=0.25),
        steps=[step],
        trace_id=TRACE_ID,
        attempts=2,
    )

    await service.runs.SubmitResults(
        SubmitResultsRequest(parent=run.name, results=[told]),
        metadata=(("trialbook-author", "ci"),),
    )

    (result,) = await results(service, run.name)
    assert (result.latency, result.usage, list(result.steps)) == (told.latency, told.usage, [step])
    assert (result.trace_id, result.attempts, result.worker_id) == (TRACE_ID, 2, "ci")


async def test_a_trial_has_a_number_that_follows_from_its_place(service: Service) -> None:
    run = await driven_run(service, 3, trials=2)

    done = await submit(service, run.name, output("i3", trial=2), output("i1"))
    await finish(service, run.name)
    after = await ended(service, run.name)

    assert done == ["RECORDED"] * 2
    assert after.counts == RunCounts(planned=6, succeeded=2, skipped=4)
    found = await results(service, run.name)
    assert [
        (r.number, r.item_id, r.trial) for r in found if r.status == RESULT_STATUS_SUCCEEDED
    ] == [
        (1, "i1", 1),
        (6, "i3", 2),
    ]
    skipped = [result for result in found if result.status == RESULT_STATUS_SKIPPED]
    assert {result.skip_reason for result in skipped} == {SKIP_REASON_NOT_SUBMITTED}


async def test_the_first_outcome_of_a_trial_counts(service: Service) -> None:
    run = await driven_run(service, 2)

    assert await submit(service, run.name, output("i1"), output("i1"), output("i1", "2")) == [
        "RECORDED",
        "ALREADY_RECORDED",
        "CONFLICT",
    ]
    assert await submit(service, run.name, error("i2"), output("i1"), error("i1")) == [
        "RECORDED",
        "ALREADY_RECORDED",
        "CONFLICT",
    ]
    assert await submit(service, run.name, error("i2"), error("i2", "else"), output("i2")) == [
        "ALREADY_RECORDED",
        "CONFLICT",
        "CONFLICT",
    ]
    assert (await get_run(service, run.name)).counts == RunCounts(planned=2, succeeded=1, failed=1)


async def test_the_caller_judges_by_the_scorers_that_are_its_own(service: Service) -> None:
    run = await driven_run(service, 3, BY_CALLER, scorer("exact_match"))
    score = Score(
        scorer="mine",
        status=SCORE_STATUS_SCORED,
        value=0.75,
        passed=True,
        reason="fine",
        duration=seconds(0.2),
    )
    unclear = Score(scorer="mine", status=SCORE_STATUS_NOT_EVALUABLE)

    await submit(
        service,
        run.name,
        output("i1", scores=[score]),
        output("i2"),
        output("i3", scores=[unclear]),
    )

    found = [result.scores[0] for result in await results(service, run.name)]
    assert (found[0].value, found[0].passed, found[0].reason) == (0.75, True, "fine")
    assert found[0].duration == score.duration
    assert [one.label for one in found] == ["", "not_submitted", ""]
    told = (await get_run(service, run.name)).scorer_summaries
    assert [(one.scored, one.skipped, one.not_evaluable) for one in told] == [(1, 1, 1), (3, 0, 0)]


async def test_the_run_ends_when_workers_have_judged_what_was_submitted(service: Service) -> None:
    judge = await new_worker(service, hosts_scorer("tone"))
    run = await driven_run(service, 2, scorer("tone"))
    await submit(service, run.name, output("i1", '"hello"'))

    finished = await finish(service, run.name)
    task = await judge.lease_one()
    await judge.report(judged(task, status="SCORE_STATUS_SCORED", value=1.0))
    after = await ended(service, run.name)

    assert finished.status == RUN_STATUS_RUNNING
    assert task.scorer.output.json == '"hello"'
    assert after.counts == RunCounts(planned=2, succeeded=1, skipped=1)


async def test_too_many_failures_stop_a_run_of_a_caller(service: Service) -> None:
    run = await driven_run(service, 5, max_failures=2)

    await submit(service, run.name, error("i1"), error("i4"))
    after = await ended(service, run.name)
    late = await refusal(submit(service, run.name, output("i2")))

    assert (after.status, after.end_reason) == (RUN_STATUS_FAILED, RUN_END_REASON_TOO_MANY_FAILURES)
    assert after.counts == RunCounts(planned=5, failed=2, skipped=3)
    assert summary(late) == (FAILED_PRECONDITION, "RUN_ENDED", [])


async def test_a_cancelled_run_skips_what_was_not_submitted(service: Service) -> None:
    run = await driven_run(service, 4, trials=2)
    await submit(service, run.name, output("i2", trial=2))

    await service.runs.CancelRun(CancelRunRequest(name=run.name))
    after = await ended(service, run.name)

    assert after.status == RUN_STATUS_CANCELLED
    assert after.counts == RunCounts(planned=8, succeeded=1, skipped=7)
    reasons = {r.skip_reason for r in await results(service, run.name) if r.number != 4}
    assert reasons == {SKIP_REASON_RUN_CANCELLED}


async def test_finishing_twice_changes_nothing_and_ends_the_submitting(service: Service) -> None:
    run = await driven_run(service, 2)
    await submit(service, run.name, output("i1"))

    await finish(service, run.name, request_id="f")
    after = await ended(service, run.name)
    again = await finish(service, run.name)

    assert again.last_position == after.last_position
    assert (await finish(service, run.name, request_id="f")).uid == run.uid
    late = await refusal(submit(service, run.name, output("i2")))
    assert summary(late) == (FAILED_PRECONDITION, "RUN_ENDED", [])


async def test_a_run_of_a_caller_is_rescored_but_never_retried(service: Service) -> None:
    run = await driven_run(service, 2, BY_CALLER)
    await submit(service, run.name, output("i1"), error("i2"))
    await finish(service, run.name)
    await ended(service, run.name)

    refused = await refusal(service.runs.RetryRun(RetryRunRequest(name=run.name)))
    await service.runs.RescoreRun(RescoreRunRequest(name=run.name, scorers=[scorer("exact_match")]))
    after = await ended(service, run.name)

    assert summary(refused) == (FAILED_PRECONDITION, "CALLER_DRIVEN", [])
    assert [(one.scored, one.skipped) for one in after.scorer_summaries] == [(0, 2), (1, 1)]
    late = await refusal(submit(service, run.name, output("i1")))
    assert late.reason == "RUN_ENDED"


async def test_only_selected_items_of_the_pinned_version_are_taken(service: Service) -> None:
    content = [*items(2), item("3", item_id="b1", tags=["b"]), item("4", item_id="b2", tags=["b"])]
    run = await driven_run(service, content, selection=ItemSelection(tags=["b"]))

    refused = await refusal(submit(service, run.name, output("b1"), output("i1"), output("i2")))
    unknown = await refusal(submit(service, run.name, output("b1"), output("none")))
    await submit(service, run.name, output("b1"))
    await finish(service, run.name)

    assert summary(refused) == invalid("results[1].item_id", "results[2].item_id")
    assert summary(unknown) == invalid("results[1].item_id")
    after = await ended(service, run.name)
    assert after.counts == RunCounts(planned=2, succeeded=1, skipped=1)
    assert [result.number for result in await results(service, run.name)] == [3, 4]


async def test_a_bad_result_is_refused_by_its_path_and_none_is_taken(service: Service) -> None:
    run = await driven_run(service, 2, BY_CALLER, scorer("exact_match"), trials=2)
    ours = Score(scorer="mine", status=SCORE_STATUS_SCORED, value=1)
    bad = [
        (SubmittedResult(item_id="i1"), "results[1]"),
        (SubmittedResult(output=json("1")), "results[1].item_id"),
        (
            output(
                "i1",
                "nope",
            ),
            "results[1].output",
        ),
        (output("i1", trial=3), "results[1].trial"),
        (output("i1", trial=-1), "results[1].trial"),
        (output("i1", attempts=-1), "results[1].attempts"),
        (output("i1", latency=seconds(-1)), "results[1].latency"),
        (output("i1", trace_id="XYZ"), "results[1].trace_id"),
        (output("i1", usage=Usage(cost=-1)), "results[1].usage.cost"),
        (output("i1", steps=[StepResult()]), "results[1].steps[0].step_id"),
        (SubmittedResult(item_id="i1", error=TaskError()), "results[1].error.code"),
        (output("i1", scores=[Score(scorer="mine")]), "results[1].scores[0].status"),
        (output("i1", scores=[ours, ours]), "results[1].scores[1].scorer"),
        (
            output("i1", scores=[Score(scorer="exact_match", status=SCORE_STATUS_SCORED, value=1)]),
            "results[1].scores[0].scorer",
        ),
        (error("i1", scores=[ours]), "results[1].scores"),
    ]

    told = [await refusal(submit(service, run.name, output("i2"), one)) for one, _ in bad]

    assert [one.paths for one in told] == [[path] for _, path in bad]
    assert {one.code for one in told} == {grpc.StatusCode.INVALID_ARGUMENT}
    assert await results(service, run.name) == []
    assert summary(await refusal(submit(service, run.name))) == invalid("results")


async def test_other_runs_take_no_results(service: Service) -> None:
    dataset = await new_dataset(service, 1)
    experiment = await new_experiment(service, dataset.name)
    run = (
        await service.runs.StartRun(
            StartRunRequest(parent=PROJECT, experiment=experiment.name, wait_for_worker=True)
        )
    ).run

    for call in (submit(service, run.name, output("i1")), finish(service, run.name)):
        assert summary(await refusal(call)) == (FAILED_PRECONDITION, "NOT_CALLER_DRIVEN", [])
    missing = f"{PROJECT}/runs/none"
    assert (await refusal(submit(service, missing, output("i1")))).reason == "RESOURCE_NOT_FOUND"
    assert (await refusal(finish(service, missing))).reason == "RESOURCE_NOT_FOUND"
    statuses = [result.status for result in await results(service, run.name)]
    assert RESULT_STATUS_FAILED not in statuses
