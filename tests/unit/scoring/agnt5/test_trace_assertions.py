from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from trialbook.services.scoring.catalogue import InvalidParameters, configure_trajectory
from trialbook.services.scoring.judgement import Judgement, ScoreStatus
from trialbook.services.trajectory.step import Step, StepType, Tokens
from trialbook.services.trajectory.trajectory import Evidence, Trajectory

Judge = Callable[..., Judgement]
NAME = "trace_assertions"


def event(kind: str, at: int = 0, name: str | None = None, **data: Any) -> dict[str, Any]:
    return {"event_type": kind, "timestamp_ns": at, "data": data, "name": name}


@pytest.mark.parametrize(
    ("events", "assertion", "holds"),
    [
        ([event("lm.call.completed", total_tokens=5)], {"type": "max_tokens", "max": 5}, True),
        ([event("lm.call.completed", total_tokens=6)], {"type": "max_tokens", "max": 5}, False),
        (
            [event("lm.completed", usage={"tokens_in": 4, "tokens_out": 2}, total_tokens=1)],
            {"type": "max_tokens", "max": 5},
            False,
        ),
        ([event("lm.completed", usage={"tokens_in": 5})], {"type": "max_tokens", "max": 5}, True),
        (
            [event("lm.completed", usage={}, total_tokens=6)],
            {"type": "max_tokens", "max": 5},
            False,
        ),
        ([event("lm.failed", total_tokens=6)], {"type": "max_tokens", "max": 5}, True),
        ([event("lm.completed", total_tokens=-6)], {"type": "max_tokens", "max": 0}, True),
        (
            [event("lm.completed"), event("lm.call.completed"), event("lm.started")],
            {"type": "max_lm_calls", "max": 1},
            False,
        ),
        (
            [event("a"), event("x"), event("b")],
            {"type": "event_sequence", "events": ["a", "b"]},
            True,
        ),
        ([event("a")], {"type": "event_sequence", "events": ["a", "a"]}, False),
        ([], {"type": "event_sequence", "events": []}, True),
        (
            [event("lm.completed")],
            {"type": "event_sequence", "events": ["lm.call.completed"]},
            True,
        ),
        (
            [event("workflow.step.completed", name="s", is_memoized=True)],
            {"type": "step_memoized", "step_name": "s"},
            True,
        ),
        (
            [event("workflow.step.completed", name="s", decision="replay")],
            {"type": "step_memoized", "step_name": "s"},
            True,
        ),
        (
            [event("workflow.step.completed", name="s", is_memoized="true")],
            {"type": "step_memoized", "step_name": "s"},
            False,
        ),
        (
            [event("workflow.step.started", name="s", is_memoized=True)],
            {"type": "step_memoized", "step_name": "s"},
            False,
        ),
        ([event("lm.call.failed")], {"type": "no_errors"}, False),
        ([event("tool.failed"), event("run.cancelled")], {"type": "no_errors"}, True),
        (
            [event("a", 5_000_000), event("b", 7_999_999)],
            {"type": "duration_under", "max_ms": 2},
            True,
        ),
        (
            [event("b", 8_000_000), event("a", 5_000_000)],
            {"type": "duration_under", "max_ms": 2},
            False,
        ),
        ([], {"type": "duration_under", "max_ms": 0}, True),
        ([event("a")], {"type": "event_count", "event_type": "a"}, True),
        ([event("a")], {"type": "event_count", "event_type": "a", "min": 2}, False),
        ([], {"type": "event_count", "event_type": "a", "min": 0}, True),
        ([event("a")], {"type": "custom", "name": "x", "description": "looks fine"}, False),
    ],
)
def test_an_assertion_about_events(
    reported: Judge, events: list[dict[str, Any]], assertion: dict[str, Any], holds: bool
) -> None:
    for place in (events, {"trace": events}, {"events": events}):
        judgement = reported(NAME, place, assertions=[assertion])
        assert (judgement.passed, judgement.value) == (holds, float(holds))
        assert judgement.label == ("pass" if holds else "fail")


def test_the_score_is_the_share_that_holds_and_the_evidence_says_which(reported: Judge) -> None:
    assertions = [{"type": "no_errors"}, {"type": "max_lm_calls", "max": 0}]

    judgement = reported(NAME, [event("lm.completed")], assertions=assertions)
    assert (judgement.value, judgement.passed) == (0.5, False)
    checked = json.loads(judgement.evidence or "")["assertions"]
    assert [(each["name"], each["passed"]) for each in checked] == [
        ("no_errors", True),
        ("max_lm_calls(0)", False),
    ]


@pytest.mark.parametrize(
    "given",
    [None, [{"event_type": "a"}], [event("a", at="x")], [event("a", name=5)]],  # type: ignore[arg-type]
)
def test_events_that_are_missing_or_cannot_be_read_are_not_evaluable(
    reported: Judge, given: object
) -> None:
    judgement = reported(NAME, given, assertions=[])

    assert (judgement.status, judgement.label) == (ScoreStatus.NOT_EVALUABLE, "error")


@pytest.mark.parametrize(
    ("assertion", "path"),
    [
        ({}, "assertions[0].type"),
        ({"type": "max"}, "assertions[0].type"),
        ({"type": "max_tokens"}, "assertions[0].max"),
        ({"type": "max_tokens", "max": -1}, "assertions[0].max"),
        ({"type": "max_tokens", "max": 1.0}, "assertions[0].max"),
        ({"type": "no_errors", "max": 1}, "assertions[0].max"),
        ({"type": "event_sequence", "events": ["a", 1]}, "assertions[0].events[1]"),
        ({"type": "event_count", "min": 1}, "assertions[0].event_type"),
        ({"type": "no_errors", "maximum": 1}, "assertions[0].maximum"),
    ],
)
def test_a_bad_assertion_is_refused_with_its_path(assertion: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidParameters) as refused:
        configure_trajectory(NAME, json.dumps({"assertions": [assertion]}))
    assert refused.value.violations[0].path == path


AGENT = Trajectory(
    (
        Step(
            StepType.AGENT_RUN,
            "bot",
            start=1_000_000,
            duration=9_000,
            children=(
                Step(StepType.MODEL_GENERATION, "llm", tokens=Tokens(3, 4)),
                Step(StepType.TOOL_CALL, "search", success=False),
            ),
        ),
    ),
    duration=9_000,
)


@pytest.mark.parametrize(
    ("assertion", "label"),
    [
        ({"type": "max_tokens", "max": 7}, "pass"),
        ({"type": "max_tokens", "max": 6}, "fail"),
        ({"type": "max_lm_calls", "max": 1}, "pass"),
        (
            {"type": "event_sequence", "events": ["run.started", "lm.completed", "tool.failed"]},
            "pass",
        ),
        (
            {
                "type": "event_sequence",
                "events": ["tool.failed", "agent.completed", "run.completed"],
            },
            "pass",
        ),
        ({"type": "event_count", "event_type": "tool.started", "min": 2}, "fail"),
        ({"type": "event_count", "event_type": "checkpoint.saved"}, "event_not_observable"),
        ({"type": "step_memoized", "step_name": "s"}, "memoization_not_observable"),
        ({"type": "no_errors"}, "pass"),
        ({"type": "duration_under", "max_ms": 9}, "pass"),
        ({"type": "duration_under", "max_ms": 8}, "fail"),
    ],
)
def test_a_trajectory_gives_events_of_its_own(
    found: Judge, assertion: dict[str, Any], label: str
) -> None:
    assert found(NAME, AGENT, assertions=[assertion]).label == label


def test_a_trajectory_that_is_not_complete_passes_no_limit(found: Judge) -> None:
    partial = Trajectory(AGENT.steps, evidence=Evidence(complete=False))

    over = [{"type": "max_lm_calls", "max": 0}]
    within = [{"type": "max_lm_calls", "max": 1}]
    assert found(NAME, partial, assertions=over).label == "fail"
    assert found(NAME, partial, assertions=within).label == "trace_partial"
