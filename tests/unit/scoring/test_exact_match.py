from __future__ import annotations

from collections.abc import Callable

import pytest

from trialbook.services.scoring.judgement import Judgement, ScoreStatus

Judge = Callable[..., Judgement]


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("hello", "hello"),
        ("1", 1),
        (2, "2"),
        (None, None),
        (None, ""),
        ({"b": 1, "a": [True, None]}, {"a": [True, None], "b": 1}),
        ({"a": 1}, '{"a":1}'),
        (12345678901234567890123, 12345678901234567890123),
    ],
)
def test_values_with_the_same_text_match(judge: Judge, output: object, expected: object) -> None:
    judgement = judge("exact_match", output, expected)

    assert (judgement.value, judgement.passed, judgement.label) == (1.0, True, "match")


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("Hello", "hello"),
        (1, 1.0),
        ("hello ", "hello"),
        ([1, 2], [2, 1]),
        (None, "null"),
        (True, 1),
        (12345678901234567890123, 12345678901234567890124),
        ("\u00e9", "e\u0301"),
    ],
)
def test_values_with_different_texts_do_not_match(
    judge: Judge, output: object, expected: object
) -> None:
    judgement = judge("exact_match", output, expected)

    assert (judgement.value, judgement.passed, judgement.label) == (0.0, False, "mismatch")


@pytest.mark.parametrize(("output", "expected"), [("HELLO", "hello"), ("STRASSE", "stra\u00dfe")])
def test_case_is_folded_when_it_does_not_matter(judge: Judge, output: str, expected: str) -> None:
    assert judge("exact_match", output, expected, case_sensitive=False).passed is True


@pytest.mark.parametrize("output", [None, "", "hello"])
def test_a_missing_expected_value_is_never_a_pass(judge: Judge, output: object) -> None:
    judgement = judge("exact_match", output)

    assert ScoreStatus.NOT_EVALUABLE is judgement.status
    assert (judgement.value, judgement.passed) == (None, None)
    assert "no expected value" in judgement.reason
