from __future__ import annotations

import sys
from pathlib import Path

import grpc
import pytest

from tests.unit.client.fake_service import FakeServer, FakeService, Fault
from trialbook.client import (
    AsyncClient,
    EvaluationSummary,
    InvalidArgument,
    Item,
    PermissionDenied,
    Result,
    Run,
    ServiceNotInstalled,
    TaskError,
    TaskErrorCode,
    evaluate,
)
from trialbook.client.evaluation import embedded
from trialbook.client.evaluation.data import as_dataset, load
from trialbook.client.evaluation.progress import progress_of
from trialbook.v1 import run_pb2


def test_cases_are_envelopes_items_or_bare_inputs() -> None:
    items = load([{"input": 1, "expected": 2, "tags": ["t"]}, Item(3), {"question": 4}, "five"])

    assert items == [
        Item(1, 2, tags=("t",)),
        Item(3),
        Item({"question": 4}),
        Item("five"),
    ]


def test_a_file_of_json_lines_keeps_its_texts(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text('{"input": [1.0,  2], "expected": null, "id": "a"}\n\n"bare"\n')

    envelope, bare = (item.to_message() for item in load(path))

    assert (envelope.input.json, envelope.expected.json) == ("[1.0,  2]", "null")
    assert envelope.item_id == "a"
    assert bare.input.json == '"bare"'


def test_a_bad_line_is_named_by_file_and_number(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text('{"input": 1}\n{"input": \n')

    with pytest.raises(InvalidArgument, match=r"cases\.jsonl:2: is not JSON"):
        load(path)


def test_no_cases_are_refused() -> None:
    with pytest.raises(InvalidArgument, match="no cases"):
        load([])


async def test_the_same_cases_use_the_same_dataset_again(
    fake: FakeService, async_client: AsyncClient
) -> None:
    cases = [Item(1, 2), Item(3, None)]

    first = await as_dataset(async_client, "d", cases)
    again = await as_dataset(async_client, "d", cases)

    assert first.id == again.id == "d"
    assert again.version == 1


async def test_other_cases_get_a_dataset_named_after_their_content(
    fake: FakeService, async_client: AsyncClient
) -> None:
    await as_dataset(async_client, "d", [Item(1)])

    other = await as_dataset(async_client, "d", [Item(1), Item(2)])
    changed = await as_dataset(async_client, "d", [Item(1, expected=None)])
    again = await as_dataset(async_client, "d", [Item(1), Item(2)])

    assert other.id.startswith("d-")
    assert len({"d", other.id, changed.id}) == 3
    assert again == other


def test_without_a_service_the_error_says_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(embedded, "entry_points", lambda **_: ())

    with pytest.raises(ServiceNotInstalled, match="pip install trialbook"):
        evaluate(lambda value: value, [1], directory=tmp_path)


def test_an_evaluation_ends_with_the_error_that_ended_its_worker(
    fake: FakeService, server: FakeServer
) -> None:
    fake.add_target_tasks(1, name="abs")
    fake.faults["CompleteTasks"].append(Fault(grpc.StatusCode.PERMISSION_DENIED, "withdrawn"))

    with pytest.raises(PermissionDenied, match="withdrawn"):
        evaluate(abs, [1], address=server.address)


def test_an_evaluation_ends_if_its_worker_is_not_let_in(
    fake: FakeService, server: FakeServer
) -> None:
    fake.faults["RegisterWorker"].append(Fault(grpc.StatusCode.PERMISSION_DENIED, "not you"))

    with pytest.raises(PermissionDenied, match="not you"):
        evaluate(abs, [1], address=server.address)


def finished_run() -> Run:
    message = run_pb2.Run(name="projects/default/runs/r1", status=run_pb2.RUN_STATUS_COMPLETED)
    message.counts.planned, message.counts.succeeded, message.counts.failed = 3, 2, 1
    message.latency.p50.FromMilliseconds(12)
    message.latency.p95.FromMilliseconds(80)
    message.scorer_summaries.add(scorer="exact_match", scored=2, passed=1, not_passed=1, mean=0.5)
    message.scorer_summaries.add(scorer="broken", failed=2)
    return Run.from_message(message)


def result(number: int, error: TaskError | None = None) -> Result:
    message = run_pb2.Result(
        number=number,
        item_id=f"item-{number}",
        status=run_pb2.RESULT_STATUS_FAILED if error else run_pb2.RESULT_STATUS_SUCCEEDED,
        error=error.to_message() if error else None,
    )
    return Result.from_message(message)


def test_a_summary_tells_scores_results_and_failures() -> None:
    error = TaskError(TaskErrorCode.EXECUTION, "no such order\nsecond line", "KeyError", "")
    summary = EvaluationSummary(finished_run(), (result(1), result(2), result(3, error)))

    assert len(summary) == 3
    assert [r.number for r in summary] == [1, 2, 3]
    assert summary.scores["exact_match"].mean == 0.5
    assert [r.item_id for r in summary.failed] == ["item-3"]
    assert str(summary).splitlines() == [
        "r1: completed, 3 of 3 results: 2 succeeded, 1 failed, 0 skipped",
        "latency p50 12.0 ms, p95 80.0 ms",
        "",
        "scorer         mean  scored  passed  not passed  failed  not evaluable",
        "exact_match  0.5000       2       1           1       0              0",
        "broken            -       0       0           0       2              0",
        "",
        "failed items:",
        "  item-3: KeyError: no such order",
    ]


def test_progress_is_one_line_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with progress_of("title", wanted=True) as show:
        show(finished_run())
        show(finished_run())

    assert capsys.readouterr().err == "title: 3 of 3  1 failed  exact_match 0.500\n"


@pytest.mark.parametrize("wanted", [False, None])
def test_progress_is_silent_if_it_is_not_wanted(
    wanted: bool | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not sys.stderr.isatty()
    with progress_of("title", wanted) as show:
        show(finished_run())

    assert capsys.readouterr().err == ""
