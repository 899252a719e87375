"""ScoreService: listings, single scores, and how a score came about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.service import (
    PROJECT,
    Service,
    answered,
    failed,
    hosts_scorer,
    hosts_target,
    invalid,
    json,
    judged,
    new_run,
    new_worker,
    refusal,
    scorer,
    summary,
)
from trialbook.v1.run_pb2 import Run
from trialbook.v1.score_pb2 import SCORE_STATUS_FAILED, SCORE_STATUS_SKIPPED, ScoreStatus
from trialbook.v1.score_service_pb2 import (
    ExplainScoreRequest,
    GetScoreRequest,
    ListScoresRequest,
    RunScore,
)

EXACT = scorer("exact_match", alias="exact")


async def listed(service: Service, run: str, **more: Any) -> list[RunScore]:
    """Return all scores of a run that fit, page by page."""
    found: list[RunScore] = []
    token = ""
    while True:
        page = await service.scores.ListScores(
            ListScoresRequest(parent=run, page_token=token, **more)
        )
        found += page.scores
        token = page.next_page_token
        if not token:
            return found


async def judged_run(service: Service) -> Run:
    """Return a run of three items: one right, one wrong, one that fails."""
    worker = await new_worker(service, hosts_target(), hosts_scorer("taste"))
    run = await new_run(service, 3, EXACT, scorer("taste"), max_retries=0)
    outputs = {"1": "1", "2": "9"}
    for task in await worker.lease_all(3):
        given = task.target.input.json
        report = answered(task, outputs[given]) if given in outputs else failed(task)
        await worker.report(report)
    first, second = await worker.lease_all(2)
    await worker.report(judged(first, status="SCORE_STATUS_SCORED", value=0.5))
    await worker.report(
        judged(second, status="SCORE_STATUS_FAILED", label="broken", reason="no taste today")
    )
    return run


def places(scores: Sequence[RunScore]) -> list[tuple[int, str, str]]:
    """Return number, alias and status of scores."""
    prefix = "SCORE_STATUS_"
    return [
        (s.number, s.score.scorer, ScoreStatus.Name(s.score.status).removeprefix(prefix).lower())
        for s in scores
    ]


async def test_scores_are_listed_by_result_and_scorer(service: Service) -> None:
    run = await judged_run(service)

    found = await listed(service, run.name, page_size=1)

    assert places(found) == [
        (1, "exact", "scored"),
        (1, "taste", "scored"),
        (2, "exact", "scored"),
        (2, "taste", "failed"),
        (3, "exact", "skipped"),
        (3, "taste", "skipped"),
    ]
    assert [(s.item_id, s.trial) for s in found[:2]] == [("i1", 1), ("i1", 1)]
    assert found[0].score.name == f"{run.name}/results/1/scores/exact"
    assert all(s.record_time.seconds for s in found)


async def test_scores_are_filtered(service: Service) -> None:
    run = await judged_run(service)

    async def numbers(**wanted: Any) -> list[int]:
        return [s.number for s in await listed(service, run.name, **wanted)]

    assert await numbers(scorer="exact") == [1, 2, 3]
    assert await numbers(status=SCORE_STATUS_FAILED) == [2]
    assert await numbers(status=SCORE_STATUS_SKIPPED, scorer="taste") == [3]
    assert await numbers(not_passed=True) == [2]
    assert await numbers(not_passed=True, scorer="taste") == []
    assert await numbers(include_superseded=True, scorer="taste") == [1, 2, 3]


async def test_a_page_ends_with_much_evidence(service: Service) -> None:
    worker = await new_worker(service, hosts_target(), hosts_scorer("taste"))
    run = await new_run(service, 50, scorer("taste"), concurrency=100)
    await worker.answer(*await worker.lease_all(50))
    evidence = json('"' + 60_000 * "x" + '"')
    tasks = await worker.lease_all(50)
    await worker.report(
        *(
            judged(task, status="SCORE_STATUS_SCORED", value=1.0, evidence=evidence)
            for task in tasks
        )
    )

    page = await service.scores.ListScores(ListScoresRequest(parent=run.name))
    everything = await listed(service, run.name)

    assert 1 < len(page.scores) < 50
    assert page.next_page_token
    assert [s.number for s in everything] == list(range(1, 51))
    assert all(s.score.evidence == evidence for s in everything)


async def test_listings_refuse_what_cannot_be(service: Service) -> None:
    run = await judged_run(service)
    page = await service.scores.ListScores(ListScoresRequest(parent=run.name, page_size=1))

    async def refused(**fields: Any) -> Any:
        request = ListScoresRequest(**{"parent": run.name, **fields})
        return summary(await refusal(service.scores.ListScores(request)))

    assert await refused(scorer="nobody") == invalid("scorer")
    assert await refused(status=99) == invalid("status")
    assert await refused(page_size=-1) == invalid("page_size")
    assert await refused(parent="runs/x") == invalid("parent")
    foreign = {"page_token": page.next_page_token, "not_passed": True}
    assert await refused(**foreign) == invalid("page_token", reason="INVALID_PAGE_TOKEN")
    assert (await refused(parent=f"{PROJECT}/runs/none"))[1] == "RESOURCE_NOT_FOUND"


async def test_a_score_comes_with_what_was_judged(service: Service) -> None:
    run = await judged_run(service)

    got = await service.scores.GetScore(GetScoreRequest(name=f"{run.name}/results/2/scores/exact"))
    placed = await service.scores.GetScore(
        GetScoreRequest(name=f"{run.name}/results/2/scores/exact@1")
    )

    assert got == placed
    assert (got.score.score.passed, got.score.item_id) == (False, "i2")
    assert (got.result.output.json, got.result.expected.json) == ("9", "2")
    assert [s.scorer for s in got.result.scores] == ["exact", "taste"]


async def test_a_score_that_is_not_there_is_not_found(service: Service) -> None:
    run = await judged_run(service)

    for part in ("4/scores/exact", "0/scores/exact", "1/scores/other", "1/scores/exact@2"):
        name = f"{run.name}/results/{part}"
        got = await refusal(service.scores.GetScore(GetScoreRequest(name=name)))
        told = await refusal(service.scores.ExplainScore(ExplainScoreRequest(name=name)))
        assert (got.reason, told.reason) == ("RESOURCE_NOT_FOUND", "RESOURCE_NOT_FOUND")
        assert got.metadata["resource"] == name


async def test_a_name_that_is_none_of_a_score_is_refused(service: Service) -> None:
    run = f"{PROJECT}/runs/r"
    for name in ("", "x", f"{run}/results/x/scores/a", f"{run}/results/1/scores/a@b"):
        told = await refusal(service.scores.GetScore(GetScoreRequest(name=name)))
        assert summary(told) == invalid("name")
