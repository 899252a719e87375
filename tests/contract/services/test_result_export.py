"""ExportResults: what is exported is what the listings tell."""

from __future__ import annotations

import csv
import io
import json as stdlib_json
import sys
from typing import Any, cast

import grpc
import pyarrow.parquet as pq
import pytest

from tests.service import (
    PROJECT,
    Service,
    answered,
    ended,
    failed,
    hosts_scorer,
    hosts_target,
    invalid,
    item,
    json,
    judged,
    new_dataset,
    new_experiment,
    new_run,
    new_worker,
    read_refusal,
    results,
    scorer,
    seconds,
    summary,
)
from trialbook.v1.experiment_pb2 import ScorerSpec
from trialbook.v1.review_pb2 import Review
from trialbook.v1.review_service_pb2 import (
    ResultFilter,
    ReviewSubmission,
    SubmitReviewsRequest,
)
from trialbook.v1.run_pb2 import (
    RESULT_STATUS_FAILED,
    Result,
    ResultStatus,
    Run,
    StepResult,
    TaskErrorCode,
    Usage,
)
from trialbook.v1.run_service_pb2 import (
    RESULT_FILE_FORMAT_CSV,
    RESULT_FILE_FORMAT_JSONL,
    RESULT_FILE_FORMAT_PARQUET,
    ExportResultsRequest,
    FinishRunRequest,
    RescoreRunRequest,
    StartRunRequest,
    SubmitResultsRequest,
    SubmittedResult,
)
from trialbook.v1.score_pb2 import ScoreStatus

LARGE = '"' + 400_000 * "ü" + '"'


async def exported(service: Service, run: str, **more: Any) -> tuple[bytes, int]:
    """Return the bytes of a file of results, and how many results it says to hold."""
    data, count = b"", 0
    request = ExportResultsRequest(**{"parent": run, "format": RESULT_FILE_FORMAT_JSONL, **more})
    async for part in service.runs.ExportResults(request):
        assert len(part.data) <= 256 * 1024
        assert part.exported_count >= count
        data, count = data + part.data, part.exported_count
    return data, count


async def lines(service: Service, run: str, **more: Any) -> list[dict[str, Any]]:
    """Return the objects of a file of JSON lines."""
    data, count = await exported(service, run, **more)
    found = [stdlib_json.loads(line) for line in data.splitlines()]
    assert len(found) == count
    return found


async def varied_run(service: Service) -> Run:
    """Return a run of right, wrong, large and failed results, by two scorers."""
    worker = await new_worker(service, hosts_target(), hosts_scorer("taste"))
    inputs = [item("1", "1"), item('{"a": 1.0}', "2"), item(LARGE), item('"x"', '"y"')]
    run = await new_run(
        service, inputs, scorer("exact_match", alias="exact"), scorer("taste"), max_retries=0
    )
    for task in await worker.lease_all(4):
        broken = task.target.input.json == '"x"'
        await worker.report(failed(task, message="=no") if broken else answered(task))
    for task in await worker.lease_all(3):
        score = {"status": "SCORE_STATUS_SCORED", "value": 0.25, "reason": "so so", "passed": True}
        await worker.report(judged(task, **score))
    return run


def told(result: Result) -> dict[str, Any]:
    """Return what a line must say of a result."""
    words = {
        "name": result.name,
        "number": result.number,
        "item_id": result.item_id,
        "trial": result.trial,
        "status": ResultStatus.Name(result.status).removeprefix("RESULT_STATUS_").lower(),
        "round": result.round,
        "attempts": result.attempts,
        "latency": result.latency.ToMicroseconds() / 1e6,
        "trace_id": result.trace_id,
        "worker_id": result.worker_id,
        "record_time": result.record_time.ToJsonString(),
        "scores": {score.scorer: told_score(score) for score in result.scores},
    }
    for name in ("input", "expected", "output"):
        if result.HasField(name):
            words[name] = stdlib_json.loads(getattr(result, name).json)
    if result.HasField("error"):
        error = result.error
        code = TaskErrorCode.Name(error.code).removeprefix("TASK_ERROR_CODE_").lower()
        words["error"] = {
            "code": code,
            "message": error.message,
            "kind": error.kind,
            "stack": error.stack,
        }
    return words


def told_score(score: Any) -> dict[str, Any]:
    status = ScoreStatus.Name(score.status).removeprefix("SCORE_STATUS_").lower()
    words = {"scorer_version": score.scorer_version, "status": status}
    for name in ("value", "passed"):
        if score.HasField(name):
            words[name] = getattr(score, name)
    for name in ("label", "reason"):
        if getattr(score, name):
            words[name] = getattr(score, name)
    if score.HasField("evidence"):
        words["evidence"] = stdlib_json.loads(score.evidence.json)
    return words


async def test_the_lines_tell_what_the_listing_tells(service: Service) -> None:
    run = await varied_run(service)

    found = await lines(service, run.name)

    listed = await results(service, run.name, include_items=True)
    assert len(found) == 4
    assert [{**line, "record_time": None} for line in found] == [
        {**told(result), "record_time": None} for result in listed
    ]
    for line, result in zip(found, listed, strict=True):
        assert line["record_time"].rstrip("Z0").rstrip(".") == (
            result.record_time.ToJsonString().rstrip("Z0").rstrip(".")
        )


async def test_payloads_stay_byte_for_byte(service: Service) -> None:
    run = await varied_run(service)

    data, _ = await exported(service, run.name)

    assert data.count(b'"input":{"a": 1.0},"expected":2,"output":{"a": 1.0},') == 1
    assert data.count(LARGE.encode()) == 2


async def test_tables_tell_the_same(service: Service) -> None:
    run = await varied_run(service)
    listed = await results(service, run.name, include_items=True)

    table, _ = await exported(service, run.name, format=RESULT_FILE_FORMAT_CSV)
    parquet, count = await exported(service, run.name, format=RESULT_FILE_FORMAT_PARQUET)

    csv.field_size_limit(sys.maxsize)
    cells = list(csv.DictReader(io.StringIO(table.decode(), newline="")))
    typed = pq.read_table(io.BytesIO(parquet)).to_pylist()
    assert count == len(cells) == len(typed) == 4
    assert [row["output_json"] or None for row in cells] == [row["output_json"] for row in typed]
    assert [row["output_json"] for row in cells] == [result.output.json for result in listed]
    assert [row["score.taste"] for row in typed] == [0.25, 0.25, 0.25, None]
    assert [row["score.exact.passed"] for row in cells[:2]] == ["true", "false"]
    assert [row["score.exact.status"] for row in cells] == [
        "scored",
        "scored",
        "not_evaluable",
        "skipped",
    ]
    assert (cells[3]["error_message"], typed[3]["error_message"]) == ("'=no", "=no")


async def test_a_filter_says_which_results(service: Service) -> None:
    run = await varied_run(service)

    async def numbers(**wanted: Any) -> list[int]:
        found = await lines(service, run.name, filter=ResultFilter(**wanted))
        return [line["number"] for line in found]

    assert await numbers(numbers=[4, 1, 9]) == [1, 4]
    assert await numbers(status=RESULT_STATUS_FAILED) == [4]
    assert await numbers(failing=True) == [2, 4]
    assert await numbers(failing=True, numbers=[1, 2]) == [2]
    assert await numbers(failing=True, scorer="exact") == [2]
    assert await numbers(failing=True, scorer="exact", status=RESULT_STATUS_FAILED) == []


async def test_items_are_chosen_by_id(service: Service) -> None:
    worker = await new_worker(service)
    run = await new_run(service, 5)
    await worker.finish(run.name)

    found = await lines(service, run.name, filter=ResultFilter(item_ids=["i4", "i2", "none"]))

    assert [line["item_id"] for line in found] == ["i2", "i4"]


async def test_usage_steps_reviews_and_old_scores_are_told(service: Service) -> None:
    dataset = await new_dataset(service, 2)
    experiment = await new_experiment(service, dataset.name, scorer("exact_match", alias="exact"))
    request = StartRunRequest(parent=PROJECT, experiment=experiment.name, caller_driven=True)
    run = (await service.runs.StartRun(request)).run.name
    step = StepResult(step_id="look", output=json("[1.0]"), duration=seconds(0.25))
    usage = Usage(input_tokens=3, output_tokens=4, cost=0.5)
    result = SubmittedResult(item_id="i1", output=json("1"), usage=usage, steps=[step])
    await service.runs.SubmitResults(SubmitResultsRequest(parent=run, results=[result]))
    await service.runs.FinishRun(FinishRunRequest(name=run))
    await ended(service, run)
    review = ReviewSubmission(number=1, review=Review(passed=True, label="good"))
    await service.reviews.SubmitReviews(SubmitReviewsRequest(parent=run, reviews=[review]))
    await service.runs.RescoreRun(RescoreRunRequest(name=run, scorers=[strict()]))
    await ended(service, run)

    first, second = await lines(service, run)
    (both, _) = await lines(service, run, include_superseded=True)

    assert first["usage"] == {"input_tokens": 3, "output_tokens": 4, "cost": 0.5}
    assert first["steps"] == [{"step_id": "look", "output": [1.0], "duration": 0.25}]
    assert [(r["label"], r["passed"]) for r in first["reviews"]] == [("good", True)]
    assert (list(first["scores"]), list(both["scores"])) == (["exact"], ["exact@1", "exact"])
    assert (second["status"], second["skip_reason"]) == ("skipped", "not_submitted")


def strict() -> ScorerSpec:
    return scorer("exact_match", '{"case_sensitive": false}', "exact")


async def test_exports_refuse_what_cannot_be(service: Service) -> None:
    run = await new_run(service, 1)

    async def refused(**fields: Any) -> Any:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await exported(service, **{"run": run.name, **fields})
        return summary(read_refusal(caught.value))

    assert await refused(format=0) == invalid("format")
    assert await refused(format=77) == invalid("format")
    assert await refused(filter=ResultFilter(failing=True, scorer="no")) == invalid("filter.scorer")
    assert await refused(filter=ResultFilter(scorer="exact")) == invalid("filter.scorer")
    assert await refused(filter=ResultFilter(numbers=[0])) == invalid("filter.numbers[0]")
    assert await refused(filter=ResultFilter(status=cast("ResultStatus", 9))) == invalid(
        "filter.status"
    )
    assert await refused(filter=ResultFilter(item_ids=10_001 * ["x"])) == invalid("filter.item_ids")
    assert (await refused(run=f"{PROJECT}/runs/none"))[1] == "RESOURCE_NOT_FOUND"
