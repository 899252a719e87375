"""Scorers on the command line."""

from __future__ import annotations

import click
import pytest

from trialbook.client import ScorerScope
from trialbook.services.cli.records import record_of
from trialbook.services.cli.scorer_argument import ScorerArgument, scorer_argument, scorer_text


@pytest.mark.parametrize(
    ("text", "scorer"),
    [
        ("exact_match", ScorerArgument("exact_match", "", {})),
        ('levenshtein:{"threshold": 0.8}', ScorerArgument("levenshtein", "", {"threshold": 0.8})),
        ("near=levenshtein", ScorerArgument("levenshtein", "near", {})),
        ('a=b:{"x": "="}', ScorerArgument("b", "a", {"x": "="})),
        ("agreement@run", ScorerArgument("agreement", "", {}, ScorerScope.RUN)),
        (
            'a=b@step:fetch data:{"x": 1}',
            ScorerArgument("b", "a", {"x": 1}, ScorerScope.STEP, "fetch data"),
        ),
        ("mine@caller", ScorerArgument("mine", "", {}, by_caller=True)),
        ('contains:{"x": "a:b\\n"}', ScorerArgument("contains", "", {"x": "a:b\n"})),
    ],
)
def test_scorers_with_alias_and_parameters(text: str, scorer: ScorerArgument) -> None:
    assert scorer_argument(text) == scorer


@pytest.mark.parametrize(
    "text", ["", ":{}", "a:", "a:{b}", "a:[1]", "a b", "a:{", "a@", "a@step", "a@x"]
)
def test_what_is_no_scorer_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        scorer_argument(text)


@pytest.mark.parametrize(
    "text", ["exact_match", 'near=levenshtein@step:fetch:{"threshold":0.8}', "x@run", "y@caller"]
)
def test_a_scorer_is_told_as_it_is_given(text: str) -> None:
    assert scorer_text(record_of(scorer_argument(text).scorer)) == text
