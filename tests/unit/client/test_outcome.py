from __future__ import annotations

from fractions import Fraction

import pytest

from trialbook.client import FinalError, Json, NotEvaluable, RetryableError, Score, UnavailableError
from trialbook.client.models.outcome import (
    InvalidAnswer,
    failure_outcome,
    scorer_outcome,
    target_outcome,
)
from trialbook.v1 import run_pb2, score_pb2


def test_an_output_of_a_mebibyte_is_kept_and_one_byte_more_is_not() -> None:
    assert len(target_outcome("x" * (2**20 - 2)).json) == 2**20
    with pytest.raises(InvalidAnswer, match="1,048,577 bytes"):
        target_outcome("x" * (2**20 - 1))


def test_an_output_without_a_json_form_is_refused_with_a_sentence() -> None:
    with pytest.raises(InvalidAnswer, match="The output cannot be written as JSON: a object has"):
        target_outcome(object())
    with pytest.raises(InvalidAnswer, match=r"The output contains nan at \['a'\]"):
        target_outcome({"a": float("nan")})


def test_an_output_given_as_json_text_is_kept_as_it_is() -> None:
    assert target_outcome(Json("{ }")).json == "{ }"


def test_a_forgotten_async_def_is_named() -> None:
    async def later() -> int:
        return 1

    with pytest.raises(InvalidAnswer, match="declare it `async def`"):
        target_outcome(later())
    with pytest.raises(InvalidAnswer, match="declare it `async def`"):
        scorer_outcome(later())


@pytest.mark.parametrize(("value", "number"), [(1, 1.0), (0.25, 0.25), (Fraction(1, 4), 0.25)])
def test_a_number_is_a_score_that_does_not_say_passed(value: object, number: float) -> None:
    score = scorer_outcome(value)

    assert score.status == score_pb2.SCORE_STATUS_SCORED
    assert score.value == number
    assert not score.HasField("passed")


@pytest.mark.parametrize(("value", "number"), [(True, 1.0), (False, 0.0)])
def test_a_bool_is_a_score_that_says_whether_it_passed(value: bool, number: float) -> None:
    score = scorer_outcome(value)

    assert (score.value, score.passed) == (number, value)
    assert score.HasField("passed")


def test_a_score_brings_all_that_it_has() -> None:
    score = scorer_outcome(Score(0.5, passed=False, label="so", reason="why", evidence={"a": [1]}))

    assert (score.value, score.passed, score.label, score.reason) == (0.5, False, "so", "why")
    assert score.evidence.json == '{"a":[1]}'


def test_not_evaluable_has_a_reason_and_no_value() -> None:
    score = scorer_outcome(NotEvaluable("no expected value"))

    assert score.status == score_pb2.SCORE_STATUS_NOT_EVALUABLE
    assert score.reason == "no expected value"
    assert not score.HasField("value")


@pytest.mark.parametrize("value", [None, "0.5", [1], float("nan"), Score(float("inf"))])
def test_what_is_no_judgement_is_refused(value: object) -> None:
    with pytest.raises(InvalidAnswer):
        scorer_outcome(value)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ValueError("x"), run_pb2.TASK_ERROR_CODE_EXECUTION),
        (RetryableError("x"), run_pb2.TASK_ERROR_CODE_EXECUTION),
        (TimeoutError("x"), run_pb2.TASK_ERROR_CODE_EXECUTION),
        (FinalError("x"), run_pb2.TASK_ERROR_CODE_INVALID),
        (InvalidAnswer("x"), run_pb2.TASK_ERROR_CODE_INVALID),
        (UnavailableError("x"), run_pb2.TASK_ERROR_CODE_UNAVAILABLE),
    ],
)
def test_an_error_class_decides_whether_it_is_tried_again(error: Exception, code: int) -> None:
    outcome = failure_outcome(error)

    assert outcome.code == code
    assert outcome.kind == type(error).__name__


def test_an_error_is_cut_to_what_is_kept() -> None:
    def deep(level: int) -> None:
        if level:
            deep(level - 1)
        raise ValueError("m" * 10_000)

    with pytest.raises(ValueError, match="mmm") as caught:
        deep(500)
    outcome = failure_outcome(caught.value)

    assert len(outcome.message) == 4_000
    assert len(outcome.stack) <= 16_000


def test_an_error_without_a_text_is_named_by_its_kind() -> None:
    assert failure_outcome(KeyError()).message == "KeyError"
