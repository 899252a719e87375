from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from trialbook.services.scoring.judgement import Judgement
from trialbook.services.trajectory.step import Step, StepType, Tokens
from trialbook.services.trajectory.trajectory import Evidence, Trajectory, TrajectorySource

Context = Callable[..., dict[str, Any]]
Judge = Callable[..., Judgement]
LLM = {"kind": "llm_call"}


def model(tokens: Tokens | None = None) -> Step:
    return Step(StepType.MODEL_GENERATION, "llm", tokens=tokens)


@pytest.mark.parametrize(
    ("scorer", "feature", "recounted"),
    [
        ("max_tool_calls", "tool_call_count", 2),
        ("max_llm_calls", "llm_call_count", 1),
        ("max_tokens", "total_tokens", 12),
    ],
)
def test_a_feature_counts_where_it_is_not_0_else_the_steps(
    reported: Judge, context: Context, scorer: str, feature: str, recounted: int
) -> None:
    steps: list[dict[str, Any]] = [{"tokens": 5}, {**LLM, "tokens": 7}, {}]

    assert reported(scorer, context(*steps), max=recounted).label == "within_limit"
    assert reported(scorer, context(*steps), max=recounted - 1).label == "over_limit"
    counted = context(*steps, features={feature: 100})
    assert reported(scorer, counted, max=99).label == "over_limit"


def test_an_empty_context_is_within_every_limit_as_with_agnt5(
    reported: Judge, context: Context
) -> None:
    assert reported("max_tokens", context(), max=0).passed is True
    assert reported("duration_under", context(), max_ms=0).passed is True


@pytest.mark.parametrize(
    ("steps", "duration"),
    [
        ([{"started_at": 10, "ended_at": 20}, {"started_at": 5, "ended_at": 0}], 15),
        ([{"started_at": 10}, {"started_at": 25, "ended_at": 20}], 15),
        ([{"ended_at": 20, "duration_ms": 3}, {"duration_ms": -5}, {"duration_ms": 4}], 7),
        ([{"started_at": 10, "duration_ms": 99}], 0),
    ],
)
def test_the_duration_lies_between_the_first_start_and_the_last_stamp(
    reported: Judge, context: Context, steps: list[dict[str, int]], duration: int
) -> None:
    assert reported("duration_under", context(*steps), max_ms=duration).passed is True
    if duration:
        assert reported("duration_under", context(*steps), max_ms=duration - 1).passed is False


@pytest.mark.parametrize(
    ("scorer", "limit", "trajectory", "label"),
    [
        ("max_tokens", 29, Trajectory((model(Tokens(10, 20)),)), "over_limit"),
        ("max_tokens", 30, Trajectory((model(Tokens(10, 20)),)), "within_limit"),
        ("max_tokens", 30, Trajectory((model(Tokens(10, 20)), model())), "tokens_not_captured"),
        ("max_tokens", 29, Trajectory((model(Tokens(10, 20)), model())), "over_limit"),
        ("max_tokens", 30, Trajectory((model(Tokens(10)),)), "tokens_not_captured"),
        ("max_llm_calls", 1, Trajectory((model(),)), "within_limit"),
        (
            "max_llm_calls",
            1,
            Trajectory((), source=TrajectorySource.STEP_RESULTS),
            "models_not_observable",
        ),
        (
            "max_tool_calls",
            1,
            Trajectory((), evidence=Evidence(tools_observable=False)),
            "tools_not_observable",
        ),
        ("max_llm_calls", 1, Trajectory((), evidence=Evidence(complete=False)), "trace_partial"),
        (
            "max_llm_calls",
            0,
            Trajectory((model(),), evidence=Evidence(complete=False)),
            "over_limit",
        ),
    ],
)
def test_what_is_not_known_of_a_trajectory_is_within_no_limit(
    found: Judge, scorer: str, limit: int, trajectory: Trajectory, label: str
) -> None:
    assert found(scorer, trajectory, max=limit).label == label


def test_the_duration_of_a_trajectory_is_rounded_up(found: Judge) -> None:
    assert found("duration_under", Trajectory((), duration=30_001), max_ms=30).passed is False
    assert found("duration_under", Trajectory((), duration=30_000), max_ms=30).passed is True
    assert found("duration_under", Trajectory(()), max_ms=30).label == "duration_not_captured"
