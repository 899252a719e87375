"""Time spans and scorers on the command line."""

from __future__ import annotations

import click
import pytest

from trialbook.services.cli.arguments import ScorerArgument, scorer_argument, time_span


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("30s", 30), ("5m", 300), ("1h30m", 5400), ("2.5", 2.5), ("1m 30s", None)],
)
def test_time_spans(text: str, seconds: float | None) -> None:
    if seconds is None:
        with pytest.raises(click.BadParameter, match="30s"):
            time_span(text)
    else:
        assert time_span(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "s", "-1s", "1y", "1s2", "∞"])
def test_what_is_no_time_span_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        time_span(text)


@pytest.mark.parametrize(
    ("text", "scorer"),
    [
        ("exact_match", ScorerArgument("exact_match", "", {})),
        ('levenshtein:{"threshold": 0.8}', ScorerArgument("levenshtein", "", {"threshold": 0.8})),
        ("near=levenshtein", ScorerArgument("levenshtein", "near", {})),
        ('a=b:{"x": "="}', ScorerArgument("b", "a", {"x": "="})),
        ('contains:{"x": "a:b\\n"}', ScorerArgument("contains", "", {"x": "a:b\n"})),
    ],
)
def test_scorers_with_alias_and_parameters(text: str, scorer: ScorerArgument) -> None:
    assert scorer_argument(text) == scorer


@pytest.mark.parametrize("text", ["", ":{}", "a:", "a:{b}", "a:[1]", "a b", "a:{"])
def test_what_is_no_scorer_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        scorer_argument(text)
