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
PLANNING = {"kind": "llm_call", "role": "planning"}
FINAL = {"kind": "llm_call", "role": "final_response"}


def details(judgement: Judgement) -> dict[str, Any]:
    evidence: dict[str, Any] = json.loads(judgement.evidence or "")
    return evidence


@pytest.mark.parametrize(
    ("steps", "features", "parameters", "minimum", "source"),
    [
        ([PLANNING, {}, FINAL], {"unique_tool_call_count": 1}, {}, 2, "inferred"),
        ([{}], {}, {}, 1, "inferred"),
        ([], {"llm_call_count": 3}, {}, 1, "inferred"),
        ([], {}, {}, 0, "inferred"),
        ([{}], {"plan_steps_total": 4}, {}, 4, "plan"),
        ([{}], {"plan_steps_total": 4}, {"min_steps": 0}, 0, "config"),
        ([{}], {}, {"minimum_steps": 3, "min_steps": 5}, 3, "config"),
    ],
)
def test_the_minimum_is_given_or_the_plans_or_inferred(
    reported: Judge,
    context: Context,
    *,
    steps: list[dict[str, Any]],
    features: dict[str, Any],
    parameters: dict[str, int],
    minimum: int,
    source: str,
) -> None:
    found = details(reported("step_efficiency", context(*steps, features=features), **parameters))

    assert (found["minimum_steps"], found["minimum_steps_source"]) == (minimum, source)


def test_everything_superfluous_is_a_penalty(reported: Judge, context: Context) -> None:
    features = {
        "duplicate_tool_calls": [{"step_ids": [1, 2, 3]}, {"step_ids": []}],
        "retry_groups": [{"step_ids": [4, 5]}],
        "off_path_steps": [2],
        "error_count": 1,
    }
    judgement = reported("step_efficiency", context(*[{}] * 5, features=features), minimum_steps=4)

    assert details(judgement)["penalty_units"] == 1 + 2 + 1 + 1 + 1
    assert judgement.value == 1 - 6 / (5 + 4 + 6)


@pytest.mark.parametrize(
    ("steps", "minimum", "parameters", "label", "passed"),
    [
        (4, 4, {}, "efficient", True),
        (20, 19, {}, "efficient", True),
        (5, 4, {}, "needs_review", True),
        (20, 4, {}, "needs_review", False),
        (20, 4, {"threshold": 0.1}, "needs_review", True),
        (20, 0, {"threshold": 0.1}, "needs_review", True),
    ],
)
def test_the_label_follows_the_score(
    reported: Judge,
    context: Context,
    *,
    steps: int,
    minimum: int,
    parameters: dict[str, float],
    label: str,
    passed: bool,
) -> None:
    judgement = reported(
        "step_efficiency", context(*[{}] * steps), minimum_steps=minimum, **parameters
    )

    assert (judgement.label, judgement.passed) == (label, passed)


def test_less_than_a_half_is_inefficient(reported: Judge, context: Context) -> None:
    given = context({}, features={"error_count": 9})

    assert reported("step_efficiency", given).label == "inefficient"


def test_a_trajectory_is_counted_anew(found: Judge) -> None:
    def call(name: str, **fields: Any) -> Step:
        return Step(StepType.TOOL_CALL, name, **fields)

    llm = Step(StepType.MODEL_GENERATION, "llm")
    steps = (
        llm,
        call("a", args={"x": 1}),
        llm,
        call("a", args={"x": 1}),
        call("b", args={}, success=False),
        call("b", args={}, success=True),
        llm,
    )
    agent = Step(StepType.AGENT_RUN, "bot", children=steps)

    counted = details(found("step_efficiency", Trajectory((agent,))))
    assert counted["actual_steps"] == 5
    assert counted["minimum_steps"] == 3
    assert counted["duplicate_tool_call_count"] == 1
    assert counted["retry_extra_count"] == 1
    assert counted["error_count"] == 1
