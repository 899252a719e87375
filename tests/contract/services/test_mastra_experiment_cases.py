"""Runs the cases that were taken from Mastra's experiments; what differs stands below."""

from __future__ import annotations

import asyncio
import json as stdlib_json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.service import (
    PATIENCE,
    PROJECT,
    ScriptedWorker,
    Service,
    add,
    answered,
    ended,
    eventually,
    facts,
    failed,
    get_run,
    hosts_scorer,
    hosts_target,
    item,
    judged,
    new_dataset,
    new_experiment,
    new_worker,
    results,
    scorer,
    start_run,
)
from trialbook.v1.dataset_pb2 import Item
from trialbook.v1.gate_pb2 import (
    GATE_METRIC_MEAN,
    VERDICT_FAILED,
    VERDICT_INCONCLUSIVE,
    VERDICT_PASSED,
    VERDICT_UNSPECIFIED,
    Gate,
    GateCondition,
    GateVerdict,
)
from trialbook.v1.run_pb2 import RUN_STATUS_RUNNING, Result, Run, RunStatus
from trialbook.v1.run_service_pb2 import CompareRunsRequest, StartRunRequest
from trialbook.v1.score_pb2 import SCORE_STATUS_FAILED, Score
from trialbook.v1.worker_pb2 import ScorerTask, Task, TaskReport

CASES_FILE = Path(__file__).parents[4] / "shared" / "conformance" / "mastra_cases.json"
AREAS = ("experiment.run", "experiment.events", "experiment.compare", "runEvals")

DIFFERENCES = {
    "[quirk] scorers also run on failed items": "There is no output to judge, and a score of 0 "
    "would count in the mean: the scores of a failed item are skipped.",
    '[quirk] message containing "abort" is never retried': "Only an error's code says whether it "
    "is tried again: this one is, as often as the settings allow.",
    "scorer error isolated": "A run with broken scores says that it completed with errors; and the "
    "reason is in the scorer's own words.",
    "event stream of a one-item run": "The version of an event's shape stands in the log, which "
    "EventService tells; a watch has only facts.",
    "version mismatch warning": "The words of the warning are ours; it names the same versions.",
    "gates pass, threshold missed -> scored": "A threshold is a condition of the gate like any "
    "other: where it is missed the gate fails. What shall not fail a run is left out of its gate.",
    "any scorer failure aborts the run": "A broken scorer is a failed score, as in the case of "
    "Mastra's own experiments: what else was judged is not thrown away.",
    "notScorable everywhere: no verdict": "A gate that finds nothing to look at says so: it is "
    "inconclusive, which no pipeline takes for a pass.",
}
"""What we do otherwise, and why."""

_FACTS = {
    "started": "experiment.run.started",
    "result": "experiment.item.completed",
    "ended": "experiment.run.finished",
}
_VERDICTS = {VERDICT_PASSED: True, VERDICT_FAILED: False}


def load_cases() -> dict[str, dict[str, Any]]:
    if not CASES_FILE.exists():
        return {}
    cases: list[dict[str, Any]] = stdlib_json.loads(CASES_FILE.read_text(encoding="utf-8"))
    return {case["name"]: case for case in cases if case["area"] in AREAS}


CASES = load_cases()
pytestmark = pytest.mark.skipif(not CASES, reason=f"{CASES_FILE.name} is not beside the project")


class Boom(Exception):
    """What a target or scorer raises."""


Target = Callable[[Any, int], Any]
Judge = Callable[[ScorerTask], Any]
"""Returns a value, or None where there is nothing to judge."""


def echo(given: Any, attempt: int) -> Any:
    return given


def boom(message: str, *, attempts: int = 1_000) -> Target:
    """Return a target that raises at its first attempts, and then returns 2."""

    def target(given: Any, attempt: int) -> Any:
        if attempt <= attempts:
            raise Boom(message)
        return 2

    return target


def judge_by(scores: dict[str, Any]) -> Judge:
    """Return a judge whose scorers give these values, or raise these errors."""

    def judge(task: ScorerTask) -> Any:
        said = scores[task.scorer]
        if isinstance(said, Exception):
            raise said
        return said

    return judge


def report_of(task: Task, target: Target, judge: Judge) -> TaskReport:
    try:
        if task.WhichOneof("work") == "target":
            given = stdlib_json.loads(task.target.input.json)
            return answered(task, stdlib_json.dumps(target(given, task.attempt)))
        value = judge(task.scorer)
    except Boom as error:
        return failed(task, message=str(error))
    if value is None:
        return judged(task, status="SCORE_STATUS_NOT_EVALUABLE")
    return judged(task, status="SCORE_STATUS_SCORED", value=value)


async def finish(worker: ScriptedWorker, run: str, target: Target, judge: Judge) -> None:
    async with asyncio.timeout(PATIENCE):
        while (await get_run(worker.service, run)).status == RUN_STATUS_RUNNING:
            tasks = await worker.lease(wait=0.2)
            if tasks:
                await worker.report(*(report_of(task, target, judge) for task in tasks))


def items_of(data: list[dict[str, Any]]) -> list[Item]:
    return [
        item(
            stdlib_json.dumps(row["input"]),
            stdlib_json.dumps(row["groundTruth"]) if "groundTruth" in row else None,
            item_id=row.get("id", ""),
        )
        for row in data
    ]


async def run_of(
    service: Service,
    data: list[dict[str, Any]],
    target: Target = echo,
    scores: dict[str, Any] | None = None,
    *,
    judge: Judge | None = None,
    max_retries: int = 0,
    gate: Gate | None = None,
) -> Run:
    """Return a run on these items that has come to its end, with these scorers."""
    scorers = scores or {}
    worker = await new_worker(service, hosts_target(), *map(hosts_scorer, scorers))
    dataset = await new_dataset(service, items_of(data))
    experiment = await new_experiment(
        service, dataset.name, *map(scorer, scorers), max_retries=max_retries
    )
    request = StartRunRequest(parent=PROJECT, experiment=experiment.name, gate=gate)
    run = (await service.runs.StartRun(request)).run
    await finish(worker, run.name, target, judge or judge_by(scorers))
    return await ended(service, run.name)


def told_score(score: Score) -> dict[str, Any]:
    return {
        "scorerId": score.scorer,
        "score": score.value if score.HasField("value") else None,
        "error": score.reason if score.status == SCORE_STATUS_FAILED else None,
    }


def told_result(result: Result) -> dict[str, Any]:
    output = result.HasField("output")
    return {
        "input": stdlib_json.loads(result.input.json),
        "output": stdlib_json.loads(result.output.json) if output else None,
        "error": {"message": result.error.message} if result.HasField("error") else None,
        "retryCount": result.attempts - 1,
        "scores": [told_score(score) for score in result.scores],
    }


async def told(service: Service, run: Run) -> dict[str, Any]:
    """Return what came of a run as the cases say it."""
    found = await results(service, run.name, include_items=True)
    return {
        "status": RunStatus.Name(run.status).removeprefix("RUN_STATUS_").lower(),
        "total": run.counts.planned,
        "succeeded": run.counts.succeeded,
        "failed": run.counts.failed,
        "skipped": run.counts.skipped,
        "completedWithErrors": run.completed_with_errors,
        "results": [told_result(result) for result in found],
    }


def case(name: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the items of a case, and what came of it; tests may change both."""
    found = deepcopy(CASES[name])
    return found["given"].get("data", []), found["expected"]


def test_every_case_has_a_test() -> None:
    assert set(CASES) == set(DIFFERENCES) | {
        "one of three items fails",
        "retry recovers",
        "all items fail -> run failed",
        "average of 1, .5, .5",
    }


async def test_one_of_three_items_fails(service: Service) -> None:
    data, expected = case("one of three items fails")

    def target(given: Any, attempt: int) -> Any:
        return boom("boom")(given, attempt) if given == 2 else given

    assert await told(service, await run_of(service, data, target)) == expected


async def test_a_retry_recovers(service: Service) -> None:
    data, expected = case("retry recovers")

    run = await run_of(service, data, boom("not yet", attempts=1), max_retries=1)

    assert await told(service, run) == expected


async def test_a_run_whose_items_all_fail_has_failed(service: Service) -> None:
    data, expected = case("all items fail -> run failed")

    assert await told(service, await run_of(service, data, boom("x"))) == expected


async def test_scores_of_failed_items_are_skipped(service: Service) -> None:
    name = "[quirk] scorers also run on failed items"
    data, expected = case(name)

    found = await told(service, await run_of(service, data, boom("x"), {"acc": 0.0}))

    assert found["results"][0]["scores"] == [{"scorerId": "acc", "score": None, "error": None}], (
        DIFFERENCES[name]
    )
    expected["results"][0]["scores"] = found["results"][0]["scores"]
    assert found == expected


async def test_a_broken_scorer_leaves_the_others_alone(service: Service) -> None:
    name = "scorer error isolated"
    data, expected = case(name)

    run = await run_of(service, data, scores={"bad": Boom("scorer boom"), "acc": 1.0})
    found = await told(service, run)

    wanted = expected["results"][0]["scores"]
    assert found["completedWithErrors"], DIFFERENCES[name]
    assert wanted[0].pop("error").endswith(found["results"][0]["scores"][0].pop("error"))
    assert {**found, "completedWithErrors": False} == expected


async def test_the_words_of_an_error_decide_nothing(service: Service) -> None:
    name = '[quirk] message containing "abort" is never retried'
    data, expected = case(name)
    given = CASES[name]["given"]

    run = await run_of(
        service, data, boom("Transaction aborted by deadlock"), max_retries=given["maxRetries"]
    )
    found = await told(service, run)

    assert found["results"][0]["retryCount"] == given["maxRetries"], DIFFERENCES[name]
    expected["results"][0]["retryCount"] = given["maxRetries"]
    assert found == expected


async def test_the_events_of_a_run_have_their_order(service: Service) -> None:
    name = "event stream of a one-item run"
    run = await run_of(service, CASES[name]["given"]["data"], lambda given, attempt: 1)

    found = [
        [event.position, _FACTS[event.WhichOneof("fact") or ""]]
        for event in await facts(service, run.name)
    ]

    wanted = CASES[name]["expected"]
    assert found == [row[:2] for row in wanted], DIFFERENCES[name]
    assert wanted[-1][3] == (await told(service, run))["status"]


async def test_runs_on_other_versions_are_compared_with_a_warning(service: Service) -> None:
    _, expected = case("version mismatch warning")
    worker = await new_worker(service)
    dataset = (await new_dataset(service, 1)).name
    experiment = await new_experiment(service, dataset, scorer("exact_match"))
    runs = [await worker.finish((await start_run(service, experiment.name)).name)]
    await add(service, dataset, [item('"more"', item_id="more")])
    runs.append(await worker.finish((await start_run(service, experiment.name)).name))

    request = CompareRunsRequest(baseline=runs[0].name, candidates=[runs[1].name])
    (candidate,) = (await service.runs.CompareRuns(request)).comparison.candidates

    told_of = candidate.comparability
    assert told_of.identical is not expected["versionMismatch"]
    assert any("1" in warning and "2" in warning for warning in told_of.warnings), DIFFERENCES[
        "version mismatch warning"
    ]
    (compared,) = candidate.scorers
    assert bool(compared.regressed) is expected["hasRegression"]
    assert [told_of.added_items, told_of.matched_items] == [
        expected["in_both"].count(False),
        expected["in_both"].count(True),
    ]


async def test_a_scorer_has_a_mean(service: Service) -> None:
    data, expected = case("average of 1, .5, .5")
    given = dict(zip(data, CASES["average of 1, .5, .5"]["given"]["scores"]["a"], strict=True))

    run = await run_of(
        service,
        [{"input": text} for text in data],
        scores={"a": None},
        judge=lambda task: given[stdlib_json.loads(task.input.json)],
    )

    (found,) = run.scorer_summaries
    assert found.mean == pytest.approx(expected["scores"]["a"])
    assert found.scored == expected["summary"]["totalItems"]


async def verdict(service: Service, run: Run) -> GateVerdict:
    """Wait for what the gate says of a run."""

    async def look() -> GateVerdict | None:
        found = (await get_run(service, run.name)).gate_verdict
        return found if found.verdict != VERDICT_UNSPECIFIED else None

    found = await eventually(look)
    assert found is not None
    return found


def means(**least: float) -> Gate:
    return Gate(
        conditions=[
            GateCondition(metric=GATE_METRIC_MEAN, scorer=alias, at_least=value)
            for alias, value in least.items()
        ]
    )


async def test_a_missed_threshold_fails_the_gate(service: Service) -> None:
    name = "gates pass, threshold missed -> scored"
    expected = CASES[name]["expected"]
    threshold = CASES[name]["given"]["threshold"]

    run = await run_of(
        service, [{"input": 1}], scores={"g": 1.0, "a": 0.5}, gate=means(g=1.0, a=threshold)
    )
    found = await verdict(service, run)

    (gate,), (missed,) = expected["gateResults"], expected["thresholdResults"]
    assert [(f.condition.scorer, _VERDICTS[f.verdict], f.value) for f in found.findings] == [
        (gate["id"], gate["passed"], gate["score"]),
        (missed["id"], missed["passed"], missed["averageScore"]),
    ]
    assert found.verdict == VERDICT_FAILED, DIFFERENCES[name]


async def test_a_broken_scorer_ends_no_run(service: Service) -> None:
    name = "any scorer failure aborts the run"

    found = await told(service, await run_of(service, [{"input": 1}], scores={"z": Boom("throws")}))

    assert (found["status"], found["completedWithErrors"]) == ("completed", True), DIFFERENCES[name]
    assert found["results"][0]["scores"] == [{"scorerId": "z", "score": None, "error": "throws"}]


async def test_what_cannot_be_judged_counts_in_no_mean(service: Service) -> None:
    name = "notScorable everywhere: no verdict"
    expected = CASES[name]["expected"]
    threshold = CASES[name]["given"]["threshold"]

    run = await run_of(
        service, [{"input": 1}], scores={"g": None, "a": None}, gate=means(g=1.0, a=threshold)
    )
    found = await verdict(service, run)

    summaries = run.scorer_summaries
    assert {s.scorer: s.mean for s in summaries if s.HasField("mean")} == expected["scores"]
    assert {s.scorer: s.not_evaluable for s in summaries} == expected["summary"]["notScorable"]
    assert found.verdict == VERDICT_INCONCLUSIVE, DIFFERENCES[name]
