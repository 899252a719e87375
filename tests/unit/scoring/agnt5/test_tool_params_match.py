from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from trialbook.services.scoring.judgement import Judgement
from trialbook.services.trajectory.step import Step, StepType
from trialbook.services.trajectory.trajectory import Trajectory

Context = Callable[..., dict[str, Any]]
Judge = Callable[..., Judgement]


@pytest.mark.parametrize(
    ("params", "passed"),
    [
        ({"status": "completed", "duration_ms": 5}, True),
        ({"arguments_hash": "h"}, True),
        ({"duration_ms": 5.0}, False),
        ({"summary_safe": ""}, False),
        ({"error_code": "E"}, False),
        ({"status": "completed", "q": 1}, False),
    ],
)
def test_a_context_answers_by_its_safe_keys(
    reported: Judge, context: Context, params: dict[str, Any], passed: bool
) -> None:
    step = {
        "tool_name": "a",
        "status": "completed",
        "duration_ms": 5,
        "arguments_hash": "h",
        "error_code": "E",
    }

    judgement = reported("tool_params_match", context(step), tool="a", params=params)
    assert judgement.passed is passed


def test_one_call_must_have_them_all(reported: Judge, context: Context) -> None:
    given = context(
        {"tool_name": "a", "status": "x", "result_ref": "1"},
        {"tool_name": "b", "status": "x", "result_ref": "2"},
        {"tool_name": "a", "status": "y", "result_ref": "2"},
    )
    params = {"status": "x", "result_ref": "2"}

    judgement = reported("tool_params_match", given, tool="a", params=params)
    evidence = json.loads(judgement.evidence or "")
    assert (judgement.passed, evidence["candidate_count"]) == (False, 2)
    assert evidence["mismatches"] == [
        {"step_index": 1, "mismatched_keys": ["result_ref"]},
        {"step_index": 3, "mismatched_keys": ["status"]},
    ]


@pytest.mark.parametrize(
    ("params", "passed"),
    [
        ({"name": "Ann", "n": {"deep": [1]}}, True),
        ({"name": "search"}, True),
        ({"name": "Ann", "status": "completed"}, True),
        ({"n": {"deep": [True]}}, False),
        ({"missing": None}, False),
    ],
)
def test_a_trajectory_answers_by_the_arguments_too(
    found: Judge, params: dict[str, Any], passed: bool
) -> None:
    args = {"name": "Ann", "n": {"deep": [1]}}
    call = Step(StepType.TOOL_CALL, "search", args=args, success=True)

    judgement = found("tool_params_match", Trajectory((call,)), tool="search", params=params)
    assert judgement.passed is passed


def test_arguments_that_were_not_captured_are_no_mismatch(found: Judge) -> None:
    trajectory = Trajectory((Step(StepType.TOOL_CALL, "search", success=True),))
    params = {"tool": "search", "params": {"q": 1}}

    assert found("tool_params_match", trajectory, **params).label == "args_not_captured"
    known = {"tool": "search", "params": {"status": "completed"}}
    assert found("tool_params_match", trajectory, **known).label == "matched"
    other = {"tool": "fetch", "params": {"q": 1}}
    assert found("tool_params_match", trajectory, **other).label == "not_matched"
