from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from trialbook.services.scoring.judgement import Judgement
from trialbook.services.trajectory.step import Step, StepType
from trialbook.services.trajectory.trajectory import Evidence, Trajectory

Context = Callable[..., dict[str, Any]]
Judge = Callable[..., Judgement]
FAILED = {"tool_name": "a", "status": "FAILED"}
LATER = {"kind": "llm_call", "status": "completed"}


@pytest.mark.parametrize(
    ("step", "passed"),
    [
        ({"status": "completed"}, True),
        ({"kind": "error"}, False),
        ({"error_code": "E"}, False),
        ({"error_code": " "}, True),
        ({"status": "Failed"}, False),
        ({"error_safe": "it broke"}, True),
    ],
)
def test_an_error_is_a_kind_a_code_or_a_status(
    reported: Judge, context: Context, step: dict[str, str], passed: bool
) -> None:
    judgement = reported("no_errors", context(step))

    assert (judgement.passed, judgement.label) == (passed, "no_errors" if passed else "has_errors")


def test_errors_that_were_counted_beforehand_go_first(reported: Judge, context: Context) -> None:
    assert reported("no_errors", context(features={"error_count": 1})).passed is False


@pytest.mark.parametrize(
    ("steps", "passed"),
    [
        ([FAILED, LATER], True),
        ([LATER, FAILED], False),
        ([FAILED], False),
        ([LATER], False),
        ([FAILED, {"status": "SUCCESS"}], True),
        ([FAILED, {"output_hash": "h"}], True),
        ([FAILED, {"result_hash": "h"}], False),
        ([FAILED, {**LATER, "kind": "state"}], False),
        ([FAILED, {**LATER, "kind": "error"}], False),
        ([FAILED, {**LATER, "error_code": "E"}], False),
        ([{"error_safe": "it broke"}, LATER], True),
        ([{"kind": "llm_call", "status": "failed"}, LATER], False),
    ],
)
def test_progress_after_the_first_failure_is_recovery(
    reported: Judge, context: Context, steps: list[dict[str, str]], passed: bool
) -> None:
    judgement = reported("tool_failure_recovered", context(*steps))

    assert judgement.passed is passed
    assert judgement.label == ("recovered" if passed else "not_recovered")


@pytest.mark.parametrize(
    ("parameters", "passed"),
    [
        ({"tool": "a"}, True),
        ({"tool": "other name"}, True),
        ({"tool": "b"}, False),
        ({"error_code": "E"}, True),
        ({"errorCode": "E"}, True),
        ({"error_code": "F"}, False),
    ],
)
def test_only_the_failures_that_are_meant_count(
    reported: Judge, context: Context, parameters: dict[str, str], passed: bool
) -> None:
    failed = {**FAILED, "name": "other name", "error_code": "E"}

    judgement = reported("tool_failure_recovered", context(failed, LATER), **parameters)
    assert judgement.passed is passed


def test_a_trajectory_tells_of_failures_and_recovery(found: Judge) -> None:
    failed = Step(StepType.TOOL_CALL, "a", success=False)
    well = Step(StepType.TOOL_CALL, "a", output="x")

    assert found("no_errors", Trajectory((failed, well))).passed is False
    assert found("tool_failure_recovered", Trajectory((failed, well))).passed is True
    assert found("tool_failure_recovered", Trajectory((failed,))).passed is False


def test_an_agent_that_failed_without_a_failed_step_is_an_error(found: Judge) -> None:
    well = Step(StepType.TOOL_CALL, "a", success=True)
    agent = Step(StepType.AGENT_RUN, "bot", success=False, children=(well,))

    assert found("no_errors", Trajectory((agent,))).passed is False
    assert found("no_errors", Trajectory((well,))).passed is True


@pytest.mark.parametrize("scorer", ["no_errors", "tool_failure_recovered"])
def test_without_complete_evidence_nothing_is_said_of_what_was_not_seen(
    found: Judge, scorer: str
) -> None:
    assert found(scorer, Trajectory((), evidence=Evidence(complete=False))).label == "trace_partial"
