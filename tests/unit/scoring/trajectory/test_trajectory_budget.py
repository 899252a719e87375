from __future__ import annotations

import json

import pytest

from tests.unit.scoring.trajectory.trajectories import (
    PARTIAL,
    agent,
    call,
    calls,
    evidence_of,
    expected,
    judge,
    model,
    outcome,
    trajectory,
)
from trialbook.services.scoring.catalogue import InvalidParameters, configure_trajectory

RUN = trajectory(
    agent("main", model((100, 20), model="m"), call("a"), call("b"), model((50, 30), model="m")),
    duration=1_500_000,
)


@pytest.mark.parametrize(
    ("limits", "value"),
    [
        ({"max_steps": 4}, 1),
        ({"max_steps": 3}, 2 / 3),
        ({"max_steps": 1, "steps": ["agent_run"]}, 1),
        ({"max_tool_calls": 1}, 0),
        ({"max_llm_calls": 2}, 1),
        ({"max_tokens": 200}, 1),
        ({"max_tokens": 160}, 0.75),
        ({"max_input_tokens": 150, "max_output_tokens": 50}, 1),
        ({"max_output_tokens": 40}, 0.75),
        ({"max_duration_ms": 1500}, 1),
        ({"max_duration_ms": 1000, "max_steps": 4}, 0.75),
        ({"max_steps": 0}, 0),
        ({"max_cost": 0.00035, "prices": {"m": {"input": 1, "output": 4}}}, 1),
        ({"max_cost": 0.00028, "prices": {"m": {"input": 1, "output": 4}}}, 0.75),
    ],
)
def test_a_budget_scores_by_its_excess(limits: dict[str, object], value: float) -> None:
    judgement = judge("trajectory_budget", RUN, **limits)

    assert judgement.value == pytest.approx(value)
    assert judgement.passed is (value == 1)


def test_the_items_expectation_has_budgets_too() -> None:
    stated = {"maxSteps": 2, "maxTotalTokens": 200, "maxTotalDurationMs": 2000}
    judgement = judge("trajectory_budget", RUN, stated, max_steps=9)

    budgets = {each["budget"]: each for each in evidence_of(judgement)["budgets"]}
    assert judgement.passed
    assert budgets["max_steps"] == {
        "budget": "max_steps",
        "limit": 9,
        "used": 4,
        "ratio": pytest.approx(4 / 9),
        "kept": True,
    }
    assert outcome(judge("trajectory_budget", RUN)) == "no_expectation"


@pytest.mark.parametrize(
    ("limits", "label"),
    [
        ({"max_tokens": 1000}, "tokens_not_captured"),
        ({"max_duration_ms": 1}, "duration_not_captured"),
        ({"max_cost": 1, "prices": {"x": {"input": 1, "output": 1}}}, "price_not_known"),
    ],
)
def test_what_was_not_measured_is_not_evaluable(limits: dict[str, object], label: str) -> None:
    unmeasured = trajectory(model((10, 10), model="m"), model(model="m"))

    assert outcome(judge("trajectory_budget", unmeasured, **limits)) == label


def test_a_budget_that_is_exceeded_already_fails_whatever_is_missing() -> None:
    unmeasured = trajectory(model((10, 10)), model(), evidence=PARTIAL)

    assert judge("trajectory_budget", unmeasured, max_tokens=19).passed is False
    assert judge("trajectory_budget", unmeasured, max_llm_calls=1, max_steps=9).passed is False
    assert outcome(judge("trajectory_budget", unmeasured, max_llm_calls=2)) == "trace_partial"


def test_no_model_generation_at_all_tells_nothing_of_models() -> None:
    found = trajectory(*calls("a"))

    assert outcome(judge("trajectory_budget", found, max_llm_calls=1)) == "models_not_observable"
    assert outcome(judge("trajectory_budget", found, max_tokens=1)) == "tokens_not_captured"


def test_a_limit_of_cost_needs_prices() -> None:
    with pytest.raises(InvalidParameters) as caught:
        configure_trajectory("trajectory_budget", json.dumps({"max_cost": 1}))

    assert caught.value.violations[0].path == "prices"


@pytest.mark.parametrize(
    ("wanted", "done", "value", "label"),
    [
        ("a b", "a b", 1, "efficient"),
        ("a b", "a x b x", 0.5, "excess"),
        ("a b", "a x", 0, "incomplete"),
        ("", "", 1, "efficient"),
        ("", "a", 0, "excess"),
        ("a", "", 0, "incomplete"),
    ],
)
def test_efficiency_is_expected_over_actual_steps(
    wanted: str, done: str, value: float, label: str
) -> None:
    judgement = judge("trajectory_efficiency", trajectory(*calls(done)), expected(wanted))

    assert (judgement.value, judgement.label, judgement.passed) == (value, label, None)


def test_efficiency_needs_all_steps() -> None:
    found = trajectory(*calls("a"), evidence=PARTIAL)

    assert outcome(judge("trajectory_efficiency", found, expected("a"))) == "trace_partial"
    complete = trajectory(*calls("a x"))
    assert judge("trajectory_efficiency", complete, expected("a"), threshold=0.5).passed
