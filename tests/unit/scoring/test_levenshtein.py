from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trialbook.services.scoring.catalogue import InvalidParameters, configure
from trialbook.services.scoring.judgement import Judgement, Sample, ScoreStatus

Judge = Callable[..., Judgement]


@pytest.mark.parametrize(
    ("output", "expected", "value"),
    [
        ("hello", "hello", 1.0),
        ("hello", "hallo", 0.8),
        ("", "", 1.0),
        ("", "abc", 0.0),
        ("\u00e9", "e", 0.0),
        ("h\u00e9llo", "hello", 0.8),
        ("\U0001f600a", "\U0001f601a", 0.5),
        (None, "", 1.0),
        ([1, 2], "[1,2]", 1.0),
    ],
)
def test_similarity_counts_edits_over_the_longer_length_in_code_points(
    judge: Judge, output: object, expected: object, value: float
) -> None:
    assert value == judge("levenshtein", output, expected).value


@pytest.mark.parametrize("threshold", [{}, {"threshold": None}])
def test_there_is_no_verdict_without_a_threshold(judge: Judge, threshold: dict[str, None]) -> None:
    judgement = judge("levenshtein", "hello", "hallo", **threshold)

    assert (judgement.status, judgement.passed) == (ScoreStatus.SCORED, None)


@pytest.mark.parametrize(("threshold", "passed"), [(0.7, True), (0.8, True), (0.9, False)])
def test_a_similarity_of_the_threshold_or_more_passes(
    judge: Judge, threshold: float, passed: bool
) -> None:
    assert judge("levenshtein", "hello", "hallo", threshold=threshold).passed is passed


def test_case_is_folded_when_it_does_not_matter(judge: Judge) -> None:
    assert judge("levenshtein", "HELLO", "hello", case_sensitive=False).value == 1.0
    assert judge("levenshtein", "HELLO", "hello").value == 0.0


def test_the_evidence_shows_distance_and_length(judge: Judge) -> None:
    judgement = judge("levenshtein", "hello", "hallo")

    assert json.loads(judgement.evidence or "null") == {"distance": 1, "length": 5}
    assert judgement.reason == "Distance 1 over 5 characters: similarity 80.00%."


def test_a_missing_expected_value_is_not_evaluable(judge: Judge) -> None:
    assert judge("levenshtein", "").status is ScoreStatus.NOT_EVALUABLE


@pytest.mark.parametrize(("length", "status"), [(50_000, "scored"), (50_001, "not_evaluable")])
def test_texts_may_have_50_000_code_points(judge: Judge, length: int, status: str) -> None:
    assert status == judge("levenshtein", "a" * length, "b").status


@pytest.mark.parametrize("threshold", ["0.9", -0.1, 1.1, True])
def test_a_threshold_must_lie_between_0_and_1(threshold: object) -> None:
    with pytest.raises(InvalidParameters, match="`threshold` must be a number or null from 0 to 1"):
        configure("levenshtein", json.dumps({"threshold": threshold}))


@given(st.text(max_size=30), st.text(max_size=30))
@settings(deadline=None)
def test_similarity_is_symmetric_in_range_and_1_for_equal_texts_only(one: str, two: str) -> None:
    scorer = configure("levenshtein", "{}")
    there = scorer(Sample(json.dumps(one), json.dumps(two), "null")).value
    back = scorer(Sample(json.dumps(two), json.dumps(one), "null")).value

    assert there is not None
    assert there == back
    assert 0.0 <= there <= 1.0
    assert (there == 1.0) is (one == two)
