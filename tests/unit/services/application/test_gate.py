"""What a gate may demand, and how each mistake is named by its path."""

from __future__ import annotations

import math

import pytest

from trialbook.services.application.gate import check_gate
from trialbook.services.domain.gate import Condition, Gate, Metric, RegressionRule


def paths(*conditions: Condition, **more: object) -> list[str]:
    gate = Gate(conditions, **more)  # type: ignore[arg-type]
    return [violation.path for violation in check_gate("gate", gate)]


def bad(condition: Condition) -> list[str]:
    return [path.removeprefix("gate.conditions[0]").lstrip(".") for path in paths(condition)]


@pytest.mark.parametrize("metric", Metric)
def test_the_least_that_each_metric_needs_is_enough(metric: Metric) -> None:
    needs_scorer = metric in (Metric.MEAN, Metric.QUANTILE, Metric.MINIMUM, Metric.RUN_SCORE)
    condition = Condition(
        metric,
        scorer="tone" if needs_scorer else "",
        quantile=0.5 if metric is Metric.QUANTILE else None,
        at_most=1.0,
    )
    assert bad(condition) == []


@pytest.mark.parametrize(
    ("condition", "wrong"),
    [
        (Condition(Metric.MEAN, at_least=1.0), ["scorer"]),
        (Condition(Metric.RUN_SCORE, at_least=1.0), ["scorer"]),
        (Condition(Metric.MEAN, scorer="a b", at_least=1.0), ["scorer"]),
        (Condition(Metric.COST, scorer="tone", at_most=1.0), ["scorer"]),
        (Condition(Metric.SKIPPED_RESULTS, scorer="tone", at_most=1.0), ["scorer"]),
        (Condition(Metric.QUANTILE, scorer="tone", at_least=1.0), ["quantile"]),
        (Condition(Metric.LATENCY, quantile=1.1, at_most=1.0), ["quantile"]),
        (Condition(Metric.LATENCY, quantile=math.nan, at_most=1.0), ["quantile"]),
        (Condition(Metric.MEAN, scorer="tone", quantile=0.5, at_least=1.0), ["quantile"]),
        (Condition(Metric.PASS_RATE), [""]),
        (Condition(Metric.MEAN, scorer="tone", at_least=math.inf), ["at_least"]),
        (Condition(Metric.LATENCY, at_most=math.nan), ["at_most"]),
        (Condition(Metric.PASS_RATE, at_least=95.0), ["at_least"]),
        (Condition(Metric.FAILED_RESULTS, at_most=-1.0), ["at_most"]),
        (Condition(Metric.MEAN, scorer="tone", at_least=-1.0, at_most=-2.0), ["at_least"]),
        (Condition(Metric.MINIMUM, scorer="tone", max_regression=0.0), ["max_regression"]),
        (Condition(Metric.FAILED_RESULTS, max_regression=0.0), ["max_regression"]),
        (Condition(Metric.COST, max_regression=-0.1), ["max_regression"]),
        (Condition(Metric.COST, at_most=1.0, rule=RegressionRule.POINT), ["regression_rule"]),
        (Condition(Metric.PASS_RATE, at_least=1.0, split="s" * 65), ["split"]),
        (Condition(Metric.PASS_RATE, at_least=1.0, tag="a\0"), ["tag"]),
        (Condition(Metric.RUN_SCORE, scorer="tone", at_least=1.0, split="test"), ["split"]),
    ],
)
def test_a_bad_condition_is_named(condition: Condition, wrong: list[str]) -> None:
    assert bad(condition) == wrong


def test_every_bad_condition_is_told_at_once() -> None:
    assert paths(Condition(Metric.MEAN, at_least=1.0), Condition(Metric.COST)) == [
        "gate.conditions[0].scorer",
        "gate.conditions[1]",
    ]


@pytest.mark.parametrize("count", [0, 65])
def test_there_are_1_to_64_conditions(count: int) -> None:
    assert paths(*[Condition(Metric.COST, at_most=1.0)] * count) == ["gate.conditions"]


@pytest.mark.parametrize("confidence", [0.49, 1.0, math.nan])
def test_the_confidence_has_bounds(confidence: float) -> None:
    condition = Condition(Metric.COST, at_most=1.0)
    assert paths(condition, confidence=confidence) == ["gate.confidence"]


@pytest.mark.parametrize(
    ("baseline", "wrong"),
    [
        ("projects/p/runs/r", []),
        ("projects/p/experiments/e", []),
        ("projects/p/datasets/d", ["gate.baseline"]),
        ("projects/p/experiments/e/versions/1", ["gate.baseline"]),
        ("r", ["gate.baseline"]),
    ],
)
def test_a_baseline_is_a_run_or_an_experiment(baseline: str, wrong: list[str]) -> None:
    assert paths(Condition(Metric.COST, max_regression=0.0), baseline=baseline) == wrong


def test_a_comparison_needs_no_baseline_of_the_gate() -> None:
    assert bad(Condition(Metric.COST, max_regression=0.0)) == []
