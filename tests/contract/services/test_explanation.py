"""ExplainScore: the chain of facts that made a score."""

from __future__ import annotations

from tests.service import (
    PROJECT,
    ScriptedWorker,
    Service,
    add,
    ended,
    failed,
    hosts_scorer,
    hosts_target,
    item,
    json,
    new_dataset,
    new_experiment,
    new_run,
    new_worker,
    scorer,
    start_run,
)
from trialbook.v1.dataset_service_pb2 import ItemUpdate, PurgeItemsRequest, UpdateItemsRequest
from trialbook.v1.event_service_pb2 import ListEventsRequest
from trialbook.v1.experiment_pb2 import SCORER_SCOPE_RUN, ScorerSpec
from trialbook.v1.review_pb2 import Review
from trialbook.v1.review_service_pb2 import ReviewSubmission, SubmitReviewsRequest
from trialbook.v1.run_pb2 import Run
from trialbook.v1.run_service_pb2 import (
    CancelRunRequest,
    FinishRunRequest,
    RescoreRunRequest,
    RetryRunRequest,
    StartRunRequest,
    SubmitResultsRequest,
    SubmittedResult,
)
from trialbook.v1.score_service_pb2 import (
    ExplainScoreRequest,
    ExplainScoreResponse,
    GetScoreRequest,
    ListScoresRequest,
)

EXACT = scorer("exact_match", alias="exact")


async def explained(service: Service, run: Run, part: str) -> ExplainScoreResponse:
    return await service.scores.ExplainScore(ExplainScoreRequest(name=f"{run.name}/results/{part}"))


def kinds(told: ExplainScoreResponse) -> list[str]:
    return [cause.kind for cause in told.causes]


async def changed_run(service: Service, worker: ScriptedWorker) -> tuple[str, Run]:
    """Return a dataset whose first item was changed, and a run on it, answered."""
    dataset = (await new_dataset(service, 2)).name
    change = ItemUpdate(item=item('"new"', '"new"', item_id="i1"))
    await service.datasets.UpdateItems(
        UpdateItemsRequest(parent=dataset, updates=[change], message="it was outdated")
    )
    experiment = await new_experiment(
        service, dataset, scorer("exact_match", '{"case_sensitive": false}', "exact")
    )
    await add(service, dataset, [item('"later"', item_id="later")])
    run = await start_run(service, f"{experiment.name}/versions/1")
    await worker.finish(run.name)
    return dataset, run


async def test_a_score_is_explained(service: Service) -> None:
    worker = await new_worker(service)
    _, run = await changed_run(service, worker)

    told = await explained(service, run, "1/scores/exact")

    assert kinds(told) == [
        "items_added",
        "items_changed",
        "created",
        "started",
        "results_recorded",
        "scores_recorded",
    ]
    assert told.scorer.params.json == '{"case_sensitive": false}'
    assert (told.score.score.value, told.result.output.json) == (1.0, '"new"')
    assert (told.item.input.json, told.item.version) == ('"new"', 2)
    assert (told.target.name, told.target.revision) == ("echo", "1")
    added, changed, created, started, result, score = told.causes
    assert "added in version 1" in added.explanation
    assert (changed.command, changed.reason) == ("UpdateItems", "it was outdated")
    assert "with the content that was run" in changed.explanation
    assert "version 1: agent 'echo'" in created.explanation
    assert "on version 3 of dataset" in started.explanation
    assert worker.worker_id in result.explanation
    assert told.result.trace_id in result.explanation
    assert 'exact version 1 with {"case_sensitive": false} gave' in score.explanation.replace(
        "exact_match, as exact,", "exact"
    )
    assert all(cause.author and cause.command and cause.record_time for cause in told.causes)
    positions = [cause.position for cause in told.causes]
    assert positions == sorted(set(positions))


async def test_the_causes_stand_at_these_positions_of_the_log(service: Service) -> None:
    worker = await new_worker(service)
    _, run = await changed_run(service, worker)

    told = await explained(service, run, "2/scores/exact")

    for cause in told.causes:
        request = ListEventsRequest(parent=PROJECT, after_position=cause.position - 1, page_size=1)
        (event,) = (await service.events.ListEvents(request)).events
        assert (event.position, event.kind) == (cause.position, cause.kind)
        if cause.kind in ("results_recorded", "scores_recorded"):
            assert event.resource.endswith("/results/2")


async def test_a_skipped_score_names_the_failure(service: Service) -> None:
    worker = await new_worker(service)
    run = await new_run(service, 1, EXACT, max_retries=0)
    await worker.report(failed(await worker.lease_one()))

    told = await explained(service, run, "1/scores/exact")

    assert kinds(told)[-2:] == ["results_recorded", "scores_recorded"]
    assert "attempt 1 failed with execution" in told.causes[-2].explanation
    assert "it broke" in told.causes[-2].explanation
    assert "had nothing to judge" in told.causes[-1].explanation


async def test_after_a_purge_the_chain_is_still_there(service: Service) -> None:
    worker = await new_worker(service)
    dataset, run = await changed_run(service, worker)
    before = await explained(service, run, "1/scores/exact")

    await service.datasets.PurgeItems(PurgeItemsRequest(parent=dataset, item_ids=["i1"]))
    told = await explained(service, run, "1/scores/exact")

    assert kinds(told) == kinds(before)
    assert not told.HasField("item")
    assert not told.result.HasField("input")
    assert "purged since" in told.causes[1].explanation


async def test_a_retried_result_names_its_retry(service: Service) -> None:
    worker = await new_worker(service)
    run = await new_run(service, 2, EXACT, max_retries=0)
    first, second = await worker.lease_all(2)
    await worker.report(failed(first))
    await worker.answer(second)
    await ended(service, run.name)
    before = await explained(service, run, "1/scores/exact")

    await service.runs.RetryRun(RetryRunRequest(name=run.name))
    await worker.finish(run.name)
    retried = await explained(service, run, "1/scores/exact")
    other = await explained(service, run, "2/scores/exact")

    assert kinds(before)[3:] == ["results_recorded", "scores_recorded"]
    assert kinds(retried)[3:] == ["retried", "results_recorded", "scores_recorded"]
    assert "in round 1" in retried.causes[3].explanation
    assert retried.causes[3].command == "RetryRun"
    assert retried.causes[-1].position > before.causes[-1].position
    assert (retried.result.round, retried.score.score.value) == (1, 1.0)
    assert "retried" not in kinds(other)


async def test_scores_of_superseded_scorers_are_kept_and_explained(service: Service) -> None:
    worker = await new_worker(service)
    run = await new_run(service, 1, EXACT)
    await worker.finish(run.name)
    strict = scorer("exact_match", '{"case_sensitive": false}', "exact")

    await service.runs.RescoreRun(RescoreRunRequest(name=run.name, scorers=[strict]))
    await ended(service, run.name)
    old = await explained(service, run, "1/scores/exact@1")
    new = await explained(service, run, "1/scores/exact")
    current = await service.scores.ListScores(ListScoresRequest(parent=run.name))
    both = await service.scores.ListScores(
        ListScoresRequest(parent=run.name, include_superseded=True)
    )

    assert kinds(old)[3:] == ["results_recorded", "scores_recorded"]
    assert kinds(new)[3:] == ["results_recorded", "rescored", "scores_recorded"]
    assert (old.scorer.superseded, new.scorer.superseded) == (True, False)
    assert new.scorer.params.json == '{"case_sensitive": false}'
    names = [f"{run.name}/results/1/scores/{part}" for part in ("exact@1", "exact")]
    assert [s.score.name for s in both.scores] == names
    assert [s.score.name for s in current.scores] == names[1:]


async def test_a_score_of_the_run_as_a_whole_is_explained(service: Service) -> None:
    worker = await new_worker(service)
    overall = ScorerSpec(scorer="agreement", scope=SCORER_SCOPE_RUN)
    run = await new_run(service, 3, overall, EXACT)
    await worker.finish(run.name)
    await ended(service, run.name)

    told = await explained(service, run, "0/scores/agreement")
    got = await service.scores.GetScore(GetScoreRequest(name=told.score.score.name))
    page = await service.scores.ListScores(ListScoresRequest(parent=run.name, page_size=1))

    assert kinds(told) == ["created", "started", "scores_recorded"]
    assert "the run as a whole" in told.causes[-1].explanation
    assert (told.score.number, told.score.item_id, told.score.trial) == (0, "", 0)
    assert [m.HasField("result") for m in (told, got)] == [False, False]
    assert not told.HasField("item")
    assert got.score == told.score == page.scores[0]


async def test_an_item_has_parameters_of_its_own(service: Service) -> None:
    worker = await new_worker(service)
    loose = scorer("exact_match", '{"case_sensitive": false}')
    rows = [
        item('"a"', '"A"', scorers=[loose]),
        item('"a"', '"A"', scorers=[scorer("exact_match")]),
    ]
    run = await new_run(service, rows)
    await worker.finish(run.name)

    first = await explained(service, run, "1/scores/exact_match")
    second = await explained(service, run, "2/scores/exact_match")

    assert (first.scorer.params.json, first.score.score.passed) == (loose.params.json, True)
    assert (second.scorer.params.json, second.score.score.passed) == ("", False)
    assert "case_sensitive" in first.causes[-1].explanation


async def test_a_run_that_waited_names_its_beginning(service: Service) -> None:
    run = await new_run(service, 1, EXACT)
    worker = await new_worker(service)
    await worker.answer(await worker.lease_one())

    told = await explained(service, run, "1/scores/exact")

    assert kinds(told)[2:4] == ["started", "began"]
    assert "pinned to agent 'echo' at revision '1'" in told.causes[3].explanation


async def test_a_score_that_a_cancellation_left_out_names_it(service: Service) -> None:
    worker = await new_worker(service, hosts_target(), hosts_scorer("taste"))
    run = await new_run(service, 1, scorer("taste"))
    await worker.answer(await worker.lease_one())

    await service.runs.CancelRun(CancelRunRequest(name=run.name, reason="out of budget"))
    await ended(service, run.name)
    told = await explained(service, run, "1/scores/taste")

    assert kinds(told)[3:] == ["results_recorded", "cancel_requested", "scores_recorded"]
    assert told.causes[4].reason == "out of budget"


async def test_reviews_are_told(service: Service) -> None:
    worker = await new_worker(service)
    run = await new_run(service, 1, EXACT)
    await worker.finish(run.name)
    review = ReviewSubmission(number=1, review=Review(passed=False, comment="too terse"))
    await service.reviews.SubmitReviews(SubmitReviewsRequest(parent=run.name, reviews=[review]))

    told = await explained(service, run, "1/scores/exact")

    assert [r.comment for r in told.reviews] == ["too terse"]


async def test_the_caller_who_ran_an_item_is_named(service: Service) -> None:
    dataset = await new_dataset(service, 1)
    experiment = await new_experiment(service, dataset.name, EXACT)
    request = StartRunRequest(parent=PROJECT, experiment=experiment.name, caller_driven=True)
    run = (await service.runs.StartRun(request)).run
    result = SubmittedResult(item_id="i1", output=json("1"))
    await service.runs.SubmitResults(SubmitResultsRequest(parent=run.name, results=[result]))
    await service.runs.FinishRun(FinishRunRequest(name=run.name))

    told = await explained(service, run, "1/scores/exact")

    recorded = told.causes[-2]
    assert recorded.command == "SubmitResults"
    assert recorded.explanation.startswith(f"Caller {recorded.author!r} ran agent 'echo'")
