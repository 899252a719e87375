from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from trialbook.services.scoring.catalogue import InvalidParameters, configure
from trialbook.services.scoring.judgement import Judgement

Judge = Callable[..., Judgement]


@pytest.mark.parametrize(
    ("output", "pattern"),
    [
        ("write to user@example.com", r"[\w.]+@[\w.]+\.\w+"),
        (["a", 1], r'^\["a",1\]$'),
        ("caf\u00e9", r"\pL{4}"),
        ("two\nlines", r"(?m)^lines$"),
    ],
)
def test_a_pattern_matches_anywhere_in_the_text(judge: Judge, output: object, pattern: str) -> None:
    judgement = judge("regex_match", output, pattern=pattern)

    assert (judgement.value, judgement.passed, judgement.label) == (1.0, True, "match")


@pytest.mark.parametrize(("output", "pattern"), [("abcdef", r"^\d+$"), ("12\n", r"^\d+$")])
def test_a_pattern_that_matches_nowhere_fails(judge: Judge, output: str, pattern: str) -> None:
    judgement = judge("regex_match", output, pattern=pattern)

    assert (judgement.value, judgement.passed, judgement.label) == (0.0, False, "no_match")


def test_case_is_ignored_when_it_does_not_matter(judge: Judge) -> None:
    assert judge("regex_match", "HELLO", pattern="^hello$", case_sensitive=False).passed is True


@pytest.mark.parametrize(
    "pattern",
    [
        "[invalid",
        "(?=ahead)",
        r"(a)\1",
        "(",
        "(a{1000}){1000}",
        pytest.param("a" * 4097, id="long"),
    ],
)
def test_an_unusable_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidParameters) as caught:
        configure("regex_match", json.dumps({"pattern": pattern}))

    assert [violation.path for violation in caught.value.violations] == ["pattern"]


def test_the_refusal_of_look_around_says_why() -> None:
    with pytest.raises(InvalidParameters, match="no look-around and no back-references"):
        configure("regex_match", json.dumps({"pattern": "(?!never)"}))


def test_a_pattern_that_would_backtrack_for_ever_ends(judge: Judge) -> None:
    assert judge("regex_match", "a" * 100_000 + "!", pattern="(a+)+$").passed is False
