"""Conditions of gates on the command line."""

from __future__ import annotations

import click
import pytest

from trialbook.client import Condition, GateMetric, RegressionRule
from trialbook.services.cli.gate_condition import condition_text, gate_condition

INTERVAL = RegressionRule.INTERVAL


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("pass_rate>=0.9", Condition.pass_rate(at_least=0.9)),
        ("mean( x )[ split = test ] >= .8", Condition.mean("x", at_least=0.8, split="test")),
        ("p10(x)>=-0.5", Condition.score_quantile("x", 0.1, at_least=-0.5)),
        ("min(x)[tag=hard]>=0", Condition.minimum("x", at_least=0.0, tag="hard")),
        ("failed_results<=3", Condition.failed_results(at_most=3.0)),
        ("latency_p99<=1500ms", Condition.latency(0.99, at_most=1.5)),
        ("latency<=2s", Condition.latency(at_most=2.0)),
        ("cost<=2e-2", Condition.cost(at_most=0.02)),
        ("run_score(agreement)>=0.8", Condition.run_score("agreement", at_least=0.8)),
        (
            "mean(x)>=baseline-0.01",
            Condition.mean("x", max_regression=0.01, regression_rule=INTERVAL),
        ),
        (
            "mean(x) >= baseline unless-shown",
            Condition.mean("x", max_regression=0.0, regression_rule="unless_shown"),
        ),
        (
            "latency_p95<=baseline+200ms point",
            Condition.latency(0.95, max_regression=0.2, regression_rule="point"),
        ),
    ],
)
def test_a_condition_is_read_from_its_form(text: str, condition: Condition) -> None:
    assert gate_condition(text) == condition


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("means(x)>=1", "'means' is no metric"),
        ("mean(x)>0.5", "from column 9 on"),
        ("mean(x>=0.5", "from column 7 on"),
        ("p101(x)>=1", "p0 to p100"),
        ("mean(x)>=baseline+0.1", "asks for more than no regression"),
        ("latency_p95>=baseline", "less of latency is better"),
        ("mean(x)>=0.5 point", "belongs to a comparison"),
        ("latency_p95<=2parsecs", "is not a time span"),
        ("mean(x)>=1.2.3", "'1.2.3' is not a number"),
        ("mean(x)[split=]>=1", "from column 15 on"),
        ("", "from column 1 on"),
    ],
)
def test_what_is_no_condition_is_refused_with_the_place(text: str, words: str) -> None:
    with pytest.raises(click.BadParameter, match=words):
        gate_condition(text)


@pytest.mark.parametrize(
    "text",
    [
        "pass_rate>=0.9",
        "mean(x)[split=test]>=0.8",
        "p10(x)>=0.5",
        "latency_p95<=2s",
        "latency_p0<=2s",
        "mean(x)>=baseline-0.01",
        "tokens<=baseline+10 point",
        "mean(x)>=0.123456789",
        "tokens<=1234567",
        "tokens<=1e+20",
        "mean(x)>=baseline unless-shown",
    ],
)
def test_a_condition_is_written_as_it_was_read(text: str) -> None:
    assert condition_text(gate_condition(text)) == text


def test_a_condition_names_its_metric() -> None:
    assert gate_condition("skipped_results<=0").metric is GateMetric.SKIPPED_RESULTS
