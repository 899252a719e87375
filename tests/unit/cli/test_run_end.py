"""The exit codes of commands that wait for a run."""

from __future__ import annotations

import pytest

from tests.unit.cli.runs import a_run, finding, verdict_of
from trialbook.client import RunEndReason, RunStatus, Verdict
from trialbook.services.cli.run_end import exit_code


@pytest.mark.parametrize(
    ("status", "verdict", "code"),
    [
        (RunStatus.COMPLETED, None, 0),
        (RunStatus.COMPLETED, Verdict.PASSED, 0),
        (RunStatus.COMPLETED, Verdict.FAILED, 2),
        (RunStatus.COMPLETED, Verdict.INCONCLUSIVE, 1),
        (RunStatus.CANCELLED, Verdict.PASSED, 3),
        (RunStatus.FAILED, Verdict.FAILED, 3),
        (RunStatus.RUNNING, None, 1),
    ],
)
def test_the_runs_end_comes_before_the_gate(
    capsys: pytest.CaptureFixture[str], status: RunStatus, verdict: Verdict | None, code: int
) -> None:
    run = a_run(status, verdict_of(finding(verdict)) if verdict else None)
    assert exit_code(run) == code
    assert bool(capsys.readouterr().err) == bool(code)


def test_an_inconclusive_gate_can_be_allowed_but_a_failed_one_cannot() -> None:
    unsure = a_run(verdict=verdict_of(finding(Verdict.INCONCLUSIVE)))
    assert exit_code(unsure, allow_inconclusive=True) == 0
    assert (
        exit_code(a_run(verdict=verdict_of(finding(Verdict.FAILED))), allow_inconclusive=True) == 2
    )


def test_a_gate_without_a_verdict_is_inconclusive() -> None:
    assert exit_code(a_run(with_gate=True)) == 1


def test_the_reason_of_a_runs_end_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    exit_code(a_run(RunStatus.FAILED, end_reason=RunEndReason.TOO_MANY_FAILURES))
    assert capsys.readouterr().err == "run first: failed: too many failures\n"
