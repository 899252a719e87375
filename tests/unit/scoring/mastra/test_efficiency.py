from __future__ import annotations

from typing import Any

import pytest

from trialbook.services.scoring.mastra.efficiency import Efficiency, check_efficiency
from trialbook.services.scoring.mastra.javascript import plain_two_decimals, two_decimals
from trialbook.services.scoring.mastra.reading import read_trajectory
from trialbook.services.scoring.not_evaluable import NotEvaluable


def step(name: str = "a", step_type: str = "tool_call", **fields: Any) -> dict[str, Any]:
    return {"stepType": step_type, "name": name, **fields}


def check(*steps: dict[str, Any], total: object = None, **budgets: Any) -> Efficiency:
    budgets.setdefault("no_redundant_calls", False)
    return check_efficiency(
        read_trajectory({"steps": list(steps), "totalDurationMs": total}), **budgets
    )


@pytest.mark.parametrize(
    ("steps", "limit", "score"),
    [(1, 2, 1), (2, 2, 1), (3, 2, 0.5), (5, 2, 0), (1, 0, 0), (0, 0, 1)],
)
def test_a_budget_counts_by_how_far_it_is_exceeded(steps: int, limit: int, score: float) -> None:
    assert check(*[step()] * steps, max_steps=limit).score == score


def test_without_a_dimension_the_score_is_1() -> None:
    assert check(step()).score == 1


@pytest.mark.parametrize("args", [[{"x": 1}, {"x": 1}, {"x": 1}], [None, None, None]])
def test_each_call_that_repeats_the_one_before_counts_a_fifth_less(args: list[Any]) -> None:
    steps = [step(toolArgs=each) if each else step() for each in args]

    found = check(*steps, step(toolArgs={"x": 2}), no_redundant_calls=True)
    assert (found.score, [call.index for call in found.redundant_calls]) == (0.6, [1, 2])


@pytest.mark.parametrize(
    "between", [step("b"), step(step_type="mcp_tool_call"), step(toolArgs={"x": 2})]
)
def test_only_equal_neighbours_are_redundant(between: dict[str, Any]) -> None:
    assert check(step(), between, step(), no_redundant_calls=True).redundant_calls == []


def test_steps_that_call_no_tool_are_never_redundant() -> None:
    model = step(step_type="model_generation")

    assert check(model, model, no_redundant_calls=True).score == 1


def test_tokens_count_at_every_depth_and_steps_at_the_top() -> None:
    model = step("m", "model_generation", promptTokens=10, completionTokens=5)
    found = check(step("p", "agent_run", children=[model, model]), max_total_tokens=30)

    assert (found.total_steps, found.total_tokens, found.over_token_budget) == (1, 30, False)


def test_the_duration_of_the_whole_goes_before_the_sum_of_the_steps() -> None:
    steps = [step(durationMs=5), step(durationMs=6)]

    assert check(*steps, total=30, max_total_duration_ms=20).total_duration_ms == 30
    assert check(*steps, max_total_duration_ms=20).total_duration_ms == 11


@pytest.mark.parametrize(
    ("steps", "budgets", "message"),
    [
        ([], {"max_steps": -1}, "Invalid maxSteps budget: expected a finite nonnegative number"),
        ([], {"max_total_tokens": "5"}, "Invalid maxTotalTokens budget: expected a finite"),
        (
            [step("m", "model_generation", promptTokens=1)],
            {"max_total_tokens": 5},
            'Cannot evaluate token budget: model generation "m" has missing or invalid token',
        ),
        (
            [step("m", "model_generation", promptTokens=1, completionTokens=-1)],
            {"max_total_tokens": 5},
            'Cannot evaluate token budget: model generation "m" has missing or invalid token',
        ),
        (
            [step()],
            {"max_total_tokens": 5},
            "Cannot evaluate token budget: missing model-generation measurements or invalid total",
        ),
        (
            [step(durationMs=1), step()],
            {"max_total_duration_ms": 5},
            "Cannot evaluate duration budget: missing or invalid duration measurements",
        ),
        (
            [],
            {"max_total_duration_ms": 5},
            "Cannot evaluate duration budget: missing or invalid duration measurements",
        ),
    ],
)
def test_what_cannot_be_measured_is_not_evaluable_in_mastras_words(
    steps: list[dict[str, Any]], budgets: dict[str, Any], message: str
) -> None:
    with pytest.raises(NotEvaluable) as refused:
        check(*steps, **budgets)
    assert refused.value.reason.startswith(message)


def test_measurements_that_no_budget_asks_for_may_be_missing() -> None:
    assert check(step("m", "model_generation"), max_steps=1).total_tokens == 0


def test_scores_round_half_up_with_and_without_the_smallest_step() -> None:
    assert (two_decimals(0.575), plain_two_decimals(0.575)) == (0.58, 0.57)
    assert (two_decimals(0.125), plain_two_decimals(0.125)) == (0.13, 0.13)
