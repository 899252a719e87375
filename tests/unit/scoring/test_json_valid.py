from __future__ import annotations

from collections.abc import Callable

import pytest

from trialbook.services.scoring.judgement import Judgement, ScoreStatus

Judge = Callable[..., Judgement]


@pytest.mark.parametrize(
    "output", [{"key": "value"}, None, 3, [], '{"k":"v"}', "[1, 2, 3]", " null ", '"text"', "1e400"]
)
def test_values_and_texts_of_json_are_valid(judge: Judge, output: object) -> None:
    judgement = judge("json_valid", output)

    assert (judgement.value, judgement.passed, judgement.label) == (1.0, True, "valid")


@pytest.mark.parametrize(
    "output", ["", "hello", "{not json", "[1,]", "NaN", "Infinity", "{'a': 1}", "1 2", "01"]
)
def test_other_texts_are_invalid(judge: Judge, output: str) -> None:
    judgement = judge("json_valid", output)

    assert (judgement.value, judgement.passed, judgement.label) == (0.0, False, "invalid")


def test_a_text_of_128_levels_is_valid(judge: Judge) -> None:
    assert judge("json_valid", "[" * 128 + "]" * 128).passed is True


def test_brackets_inside_strings_are_not_levels(judge: Judge) -> None:
    assert judge("json_valid", '["' + '[\\"' * 1000 + '"]').passed is True


@pytest.mark.parametrize("depth", [129, 100_000])
def test_a_text_that_nests_too_deeply_is_not_evaluable(judge: Judge, depth: int) -> None:
    judgement = judge("json_valid", "[" * depth + "]" * depth)

    assert (judgement.status, judgement.label) == (ScoreStatus.NOT_EVALUABLE, "too_deep")
