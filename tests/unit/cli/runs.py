"""Runs and results to report on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from trialbook.client import (
    Condition,
    Gate,
    GateFinding,
    GateVerdict,
    LatencySummary,
    Result,
    ResultScore,
    ResultStatus,
    Run,
    RunCounts,
    RunEndReason,
    RunSettings,
    RunStatus,
    ScoreStatus,
    Target,
    TaskError,
    TaskErrorCode,
    Verdict,
)
from trialbook.client.models.result import SkipReason

BEGAN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOSTILE = "a\x1b[31m|b\r\n::error::c]]>&<d>\x00%\ud800 @team `x` [y](http://z)"


def finding(verdict: Verdict, explanation: str = "said so") -> GateFinding:
    """What came of the condition `mean(exact_match)>=0.8`."""
    return GateFinding(
        condition=Condition.mean("exact_match", at_least=0.8),
        verdict=verdict,
        value=0.5,
        count=2,
        baseline_value=None,
        difference=None,
        lower=None,
        upper=None,
        explanation=explanation,
    )


def verdict_of(*findings: GateFinding) -> GateVerdict:
    """A verdict: that of the last finding."""
    gate = Gate([found.condition for found in findings])
    return GateVerdict(findings[-1].verdict, findings, "", gate, BEGAN, "me")


def a_run(
    status: RunStatus = RunStatus.COMPLETED,
    verdict: GateVerdict | None = None,
    *,
    with_gate: bool = False,
    display_name: str = "",
    end_reason: RunEndReason = RunEndReason.UNSPECIFIED,
) -> Run:
    """A run that took two seconds."""
    return Run(
        name="projects/default/runs/first",
        uid="u",
        experiment="projects/default/experiments/support/versions/2",
        dataset="projects/default/datasets/support/versions/7",
        target=Target("agent", "2026-03"),
        scorers=(),
        settings=RunSettings(),
        status=status,
        completed_with_errors=False,
        counts=RunCounts(3, 1, 1, 1),
        scores=(),
        latency=LatencySummary(None, None),
        last_position=9,
        waiting_for="",
        author="me",
        create_time=BEGAN,
        end_time=BEGAN + timedelta(seconds=2),
        display_name=display_name,
        gate=verdict.gate if verdict else Gate([]) if with_gate else None,
        gate_verdict=verdict,
        end_reason=end_reason,
    )


def a_result(
    item_id: str,
    status: ResultStatus = ResultStatus.SUCCEEDED,
    *scores: ResultScore,
    error: TaskError | None = None,
    trial: int = 1,
) -> Result:
    """One result with its scores."""
    return Result(
        name="projects/default/runs/first/results/1",
        number=1,
        item_id=item_id,
        trial=trial,
        status=status,
        output_json='"out\\u0000put ]]>"' if status is ResultStatus.SUCCEEDED else None,
        error=error,
        attempts=1,
        latency=0.25,
        worker_id="w",
        trace_id="",
        record_time=BEGAN,
        scores=scores,
        input_json=None,
        expected_json=None,
        skip_reason=SkipReason.RUN_CANCELLED
        if status is ResultStatus.SKIPPED
        else SkipReason.UNSPECIFIED,
    )


def a_score(
    scorer: str,
    *,
    passed: bool | None = None,
    status: ScoreStatus = ScoreStatus.SCORED,
    reason: str = "",
) -> ResultScore:
    """What a scorer said: 0.5."""
    value = 0.5 if status is ScoreStatus.SCORED else None
    return ResultScore(scorer, status, value, passed, "", reason, None, None)


def hostile_results() -> list[Result]:
    """One that passes, one that does not, one that failed, one that was skipped."""
    error = TaskError(TaskErrorCode.EXECUTION, HOSTILE, "Kind", HOSTILE)
    return [
        a_result("fine", ResultStatus.SUCCEEDED, a_score("x", passed=True)),
        a_result(
            HOSTILE,
            ResultStatus.SUCCEEDED,
            a_score("x", passed=False, reason=HOSTILE),
            a_score("y", status=ScoreStatus.FAILED, reason="broke"),
            trial=2,
        ),
        a_result("failed", ResultStatus.FAILED, error=error),
        a_result("skipped", ResultStatus.SKIPPED),
    ]
