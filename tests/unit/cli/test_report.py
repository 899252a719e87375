"""The report of a run, and the lines that tell its progress."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from trialbook.client import (
    LatencySummary,
    Result,
    ResultStatus,
    Run,
    RunCounts,
    RunEnded,
    RunEvent,
    RunSettings,
    RunStatus,
    ScorerSummary,
    Target,
    TaskError,
    TaskErrorCode,
)
from trialbook.services.cli.output import encode
from trialbook.services.cli.progress import RunLines, standing
from trialbook.services.cli.records import event_record, json_text, record_of
from trialbook.services.cli.run_report.table import print_report
from trialbook.services.cli.run_report.trials import ONE_TRIAL

BEGAN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def summary(scorer: str, mean: float | None, passed: int, not_passed: int) -> ScorerSummary:
    return ScorerSummary(
        scorer=scorer,
        scored=passed + not_passed or (1 if mean is not None else 0),
        failed=2,
        not_evaluable=3,
        skipped=4,
        passed=passed,
        not_passed=not_passed,
        mean=mean,
        standard_deviation=None,
        minimum=None,
        maximum=None,
    )


def a_run(
    *,
    counts: RunCounts = RunCounts(40, 38, 2, 0),  # noqa: B008 - frozen
    status: RunStatus = RunStatus.COMPLETED,
    waiting_for: str = "",
) -> Run:
    return Run(
        name="projects/default/runs/first",
        uid="u",
        experiment="projects/default/experiments/support-agent/versions/2",
        dataset="projects/default/datasets/support/versions/7",
        target=Target("support_agent", "2026-03"),
        scorers=(),
        settings=RunSettings(concurrency=5),
        status=status,
        completed_with_errors=True,
        counts=counts,
        scores=(summary("exact_match", 0.8125, 26, 6), summary("judge", None, 0, 0)),
        latency=LatencySummary(0.0123, 1.5),
        last_position=99,
        waiting_for=waiting_for,
        author="me",
        create_time=BEGAN,
        end_time=BEGAN + timedelta(seconds=3.5),
    )


def a_result(
    *, output: str | None = None, error: TaskError | None = None, trial: int = 1
) -> Result:
    return Result(
        name="projects/default/runs/first/results/1",
        number=1,
        item_id="broken-item",
        trial=trial,
        status=ResultStatus.FAILED if error else ResultStatus.SUCCEEDED,
        output_json=output,
        error=error,
        attempts=3,
        latency=0.25,
        worker_id="w",
        trace_id="",
        record_time=BEGAN,
        scores=(),
        input_json=None,
        expected_json=None,
    )


def test_the_report_tells_scores_counts_latency_and_what_stands_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    error = TaskError(TaskErrorCode.EXECUTION, "no\nsuch order", "LookupError", "")
    failed = record_of(a_result(error=error, trial=2))
    print_report({**record_of(a_run()), **ONE_TRIAL, "slowest": [failed], "failed": [failed]})
    out = capsys.readouterr().out
    assert "completed with errors" in out
    assert "support, version 7" in out
    assert "support-agent, version 2" in out
    assert "support_agent (agent, revision 2026-03)" in out
    assert "38 succeeded, 2 failed, 0 skipped of 40" in out
    assert "p50 12.3 ms, p95 1.50 s" in out
    assert "took 3.50 s" in out
    row = next(line for line in out.splitlines() if line.startswith("exact_match"))
    assert row.split() == ["exact_match", "0.812", "32", "26", "(81%)", "2", "3", "4"]
    assert "LookupError: no such order" in out
    assert "broken-item #2" in out
    assert "250.0 ms" in out
    assert "and 1 more: trialbook run results first --status failed" in out


def test_a_scorer_without_a_verdict_shows_neither_mean_nor_passed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_report({**record_of(a_run()), **ONE_TRIAL, "slowest": [], "failed": []})
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("judge"))
    assert row.split() == ["judge", "–", "0", "–", "2", "3", "4"]


def test_progress_without_a_terminal_is_a_line_for_each_quarter_and_at_the_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = RunLines()
    for succeeded in range(39):
        lines.show(a_run(counts=RunCounts(40, succeeded, 2, 0), status=RunStatus.RUNNING))
    lines.show(a_run())
    said = capsys.readouterr().err.splitlines()
    done = ("2/40", "10/40", "20/40", "30/40", "40/40")
    assert said == [f"first  {count}  exact_match 0.812  2 failed" for count in done]


def test_progress_says_what_is_waited_for() -> None:
    run = a_run(waiting_for="a worker that hosts support_agent")
    assert standing(run).endswith("waiting for a worker that hosts support_agent")


def test_payloads_of_a_record_stay_byte_for_byte() -> None:
    text = '{"z": 1.0,"a":12345678901234567890123}'
    record = record_of(a_result(output=text))
    assert f'"output":{text}' in encode(record)
    assert '"input":null' in encode(record)


def test_a_payload_for_people_is_text_or_json() -> None:
    assert json_text(record_of(a_result(output='"a\\nb"'))["output"]) == "a\nb"
    assert json_text(record_of(a_result(output="[1, 2]"))["output"]) == "[1, 2]"
    assert json_text(None) == ""


def test_facts_begin_with_their_position_and_kind() -> None:
    ended = RunEvent(9, BEGAN, RunEnded(RunStatus.COMPLETED, RunCounts(1, 1, 0, 0)))
    assert list(event_record(ended))[:3] == ["position", "record_time", "kind"]
    assert event_record(ended)["kind"] == "run_ended"
    result = event_record(RunEvent(2, BEGAN, a_result(output="1")))
    assert (result["kind"], result["item_id"]) == ("result", "broken-item")
    assert event_record(RunEvent(3, BEGAN, None))["kind"] == "unknown"
