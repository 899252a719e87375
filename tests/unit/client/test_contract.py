"""The client's calls fit the contract, and its two forms fit each other."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from trialbook.client import (
    AsyncClient,
    Client,
    ComparisonOptions,
    Condition,
    Gate,
    ItemSelection,
    ResultFilter,
    ReviewSubmission,
    RunSettings,
    Scorer,
    SubmittedResult,
    Target,
    TraceViewer,
)
from trialbook.client.operation import Operation
from trialbook.client.requests import (
    comparison,
    dataset,
    dataset_label,
    dataset_version,
    duplicate,
    event,
    experiment,
    gate_evaluation,
    item,
    item_read,
    regression_dataset,
    review,
    rework,
    run,
    run_start,
    score,
    scorer,
    submission,
    trace,
    trend,
)
from trialbook.v1 import (
    dataset_service_pb2,
    event_service_pb2,
    experiment_service_pb2,
    review_service_pb2,
    run_service_pb2,
    score_service_pb2,
    scorer_service_pb2,
    trace_service_pb2,
)

GATE = Gate([Condition.mean("s", at_least=0.5)])

STREAMS = {
    "EventService/SubscribeEvents",
    "DatasetService/ExportItems",
    "DatasetService/ImportFile",
    "DatasetService/ImportItems",
    "RunService/ExportResults",
    "RunService/WatchRun",
}


def operations() -> Iterator[Operation[Any, Any]]:
    repeat: dict[str, Any] = {"etag": None, "request_id": None}
    definition = experiment.definition(
        "p",
        dataset="d",
        target=Target("t"),
        scorers=[Scorer("s", k=1)],
        settings=RunSettings(),
        selection=ItemSelection(tags=["t"]),
        gate=GATE,
        target_options={"model": "m"},
        context=None,
    )
    yield from dataset_operations()
    yield experiment.create_experiment("p", "e", definition[0], request_id=None)
    yield experiment.get_experiment("p", "e", 3)
    yield experiment.list_experiments("p", 0)("")
    yield experiment.update_experiment("p", "e", definition, **repeat)
    yield experiment.delete_experiment("p", "e", **repeat)
    yield experiment.list_versions("p", "e", 0)("")
    yield from run_operations()
    yield from judgement_operations()
    yield scorer.list_scorers("p", 0)("")
    yield scorer.describe_scorer("p", "s")
    yield from event_operations()
    yield from trace_operations()


def run_operations() -> Iterator[Operation[Any, Any]]:
    repeat: dict[str, Any] = {"wait_for_worker": True, "request_id": None}
    yield run_start.start_run("p", "e", {"scorers": []}, wait_for_worker=True)
    yield run.get_run("p", "r")
    yield run.list_runs("p", "e", status="failed", page_size=0)("")
    yield run.cancel_run("p", "r", reason="why", request_id=None)
    yield run.list_results(
        "p", "r", status="failed", order="slowest", include_items=True, page_size=0
    )("")
    yield run.get_result("p", "r", 1)
    yield rework.retry_run("p", "r", include_skipped=True, numbers=[1], **repeat)
    yield rework.rescore_run("p", "r", ["s"], force=True, **repeat)
    yield from (b.operation for b in submission.submit_results("p", "r", [SubmittedResult("i", 1)]))
    yield submission.finish_run("p", "r", request_id=None)


def judgement_operations() -> Iterator[Operation[Any, Any]]:
    chosen: dict[str, Any] = {"results": ResultFilter(failing=True), "request_id": None}
    yield comparison.compare_runs("p", "r", ["s"], ComparisonOptions())
    yield gate_evaluation.evaluate_gate("p", "r", GATE, baseline="b", dry_run=True, request_id=None)
    yield regression_dataset.create_regression_dataset(
        "p", "r", dataset_id="", experiment_id="-", **chosen
    )
    yield trend.get_distribution("p", "r", "s", 10)
    yield trend.list_trend_points("p", "e", "s", 0)("")
    yield score.list_scores(
        "p", "r", scorer="s", status="failed", not_passed=True, include_superseded=True, page_size=0
    )("")
    yield score.get_score("p", "r/results/1/scores/s")
    yield score.explain_score("p", "r/results/1/scores/s")
    yield review.request_reviews("p", "r", reviewers_wanted=2, note="", **chosen)
    yield review.list_review_entries(
        "p", None, state="waiting", include_content=True, blind=True, page_size=0
    )("")
    yield review.claim_review_entries("p", "r", limit=1, duration=60)
    yield review.submit_reviews("p", "r", [ReviewSubmission(1, passed=True)], request_id=None)
    yield review.close_reviews("p", "r", [1], note="", request_id=None)
    yield review.get_review_summary("p", "r")


def dataset_operations() -> Iterator[Operation[Any, Any]]:
    definition = dataset.definition(display_name="n", metadata=None, input_schema={})
    repeat: dict[str, Any] = {"etag": None, "request_id": None}
    change: dict[str, Any] = {"expected_version": 1, "note": "why", "request_id": None}
    point: dict[str, Any] = {"version": 2, "label": None, "as_of": None}
    yield dataset.create_dataset("p", "d", definition[0], request_id=None)
    yield dataset.get_dataset("p", "d")
    yield dataset.list_datasets("p", 1)("")
    yield dataset.update_dataset("p", "d", definition, force=True, dry_run=True, note="", **repeat)
    yield dataset.delete_dataset("p", "d", **repeat)
    yield item.add_items("p", "d", [], **change)
    yield item.update_items("p", "d", [{"id": "i", "input": 1}], **change)
    yield item.upsert_items("p", "d", [{"input": 1}], **change)
    yield item.remove_items("p", "d", ["i"], **change)
    yield item.restore_items("p", "d", ["i"], version=1, **change)
    yield item.purge_items("p", "d", ["i"], note="", request_id=None)
    yield item_read.get_item("p", "d", "i", **point)
    yield item_read.list_items("p", "d", selection=ItemSelection(), page_size=3, **point)("token")
    yield item_read.list_item_revisions("p", "d", "i", 0)("")
    yield dataset_version.get_version("p", "d", "golden")
    yield dataset_version.list_versions("p", "d", 0)("")
    yield dataset_version.restore_version("p", "d", 3, **change)
    yield dataset_version.diff_versions("p", "d", 1, None)
    yield dataset_version.list_differences("p", "d", 1, "golden", 0)("")
    yield dataset_label.set_label("p", "d", "golden", 3, frozen=True, **change)
    yield dataset_label.list_labels("p", "d", 0)("")
    yield dataset_label.delete_label("p", "d", "golden", request_id=None)
    yield duplicate.find_duplicates("p", "d", ["input"], 0)("")
    yield duplicate.remove_duplicates("p", "d", [], **change)


def _name(operation: Operation[Any, Any]) -> str:
    return f"{operation.method} {operation.read.__qualname__}"


def event_operations() -> Iterator[Operation[Any, Any]]:
    chosen = event.event_filter(nouns="run", kinds=["ended"], resource=None, author="ada")
    moment = datetime(2026, 11, 20, tzinfo=UTC)
    yield event.list_events(
        "p",
        chosen,
        order="newest",
        after_position=1,
        since=moment,
        until=moment,
        with_bodies=True,
        summary=False,
        page_size=0,
    )("")
    yield event.acknowledge("p", "c", 1)
    yield event.list_consumers("p", 0)("")
    yield event.delete_consumer("p", "c", request_id=None)


def trace_operations() -> Iterator[Operation[Any, Any]]:
    yield trace.get_trace("p", "r/1")
    yield trace.get_trajectory("p", "a" * 32)
    yield trace.diff_trajectory("p", "r/1", {"steps": []})
    yield trace.list_spans("p", "r/1", 0)("")
    yield trace.get_trace_viewers("p")
    viewers = [TraceViewer("Jaeger", "http://h/{trace}")]
    yield trace.set_trace_viewers("p", viewers, request_id=None)


def contract() -> dict[str, Any]:
    modules = (
        dataset_service_pb2,
        event_service_pb2,
        experiment_service_pb2,
        review_service_pb2,
        run_service_pb2,
        score_service_pb2,
        scorer_service_pb2,
        trace_service_pb2,
    )
    return {
        f"{service.name}/{method.name}": method
        for module in modules
        for service in module.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    }


def test_every_method_of_the_contract_has_an_operation() -> None:
    assert {operation.method for operation in operations()} | STREAMS == contract().keys()


@pytest.mark.parametrize("operation", list(operations()), ids=_name)
def test_an_operation_has_the_messages_of_its_method(operation: Operation[Any, Any]) -> None:
    method = contract()[operation.method]

    assert operation.request.DESCRIPTOR is method.input_type
    assert operation.response_type.DESCRIPTOR is method.output_type
    operation.read(operation.response_type())


@pytest.mark.parametrize("operation", list(operations()), ids=_name)
def test_every_write_is_safe_to_repeat(operation: Operation[Any, Any]) -> None:
    fields = operation.request.DESCRIPTOR.fields_by_name

    if "request_id" in fields:
        assert operation.request.request_id  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "noun",
    ["datasets", "experiments", "runs", "scorers", "scores", "traces", "reviews", "events"],
)
def test_both_clients_have_the_same_methods(noun: str) -> None:
    with Client("127.0.0.1:1") as client:
        blocking = type(getattr(client, noun))
    asynchronous = type(getattr(AsyncClient("127.0.0.1:1"), noun))

    public = [name for name in dir(blocking) if not name.startswith("_")]
    assert public == [name for name in dir(asynchronous) if not name.startswith("_")]
    for name in public:
        ours = inspect.signature(getattr(blocking, name))
        theirs = inspect.signature(getattr(asynchronous, name))
        assert list(ours.parameters.values()) == list(theirs.parameters.values()), name
