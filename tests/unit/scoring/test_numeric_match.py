from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from trialbook.services.scoring.catalogue import configure
from trialbook.services.scoring.judgement import Judgement, Sample, ScoreStatus

Judge = Callable[..., Judgement]
SOLUTIONS = Path(__file__).parents[4] / "shared" / "data" / "gsm8k_model_solutions.jsonl"


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("It takes 3 days and costs $1,234,567.89.", 1234567.89),
        ("18", 18),
        (19, "19"),
        (18.0, "A: 18"),
        ("The total is 18.", "18"),
        ("about 50%", 50),
        ("x = -3", -3),
        ("\u22125 degrees", -5),
        ("-$7", -7),
        ("$-7", -7),
        ("a range of 5-10", 10),
        ("16-3", 3),
        ("6.02e23", "6.02E+23"),
        ("0.5", ".5"),
        ("3/4", 4),
        ("12345678901234567891", 12345678901234567891),
        ("\u20ac 20", 20),
    ],
)
def test_the_final_number_is_compared(judge: Judge, output: object, expected: object) -> None:
    judgement = judge("numeric_match", output, expected)

    assert (judgement.value, judgement.passed, judgement.label) == (1.0, True, "match")


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("17", 18),
        ("18 then 19", 18),
        ("0.30000000000000004", 0.3),
        (12345678901234567890, 12345678901234567891),
        ("1.000", 1000),
    ],
)
def test_different_numbers_do_not_match(judge: Judge, output: object, expected: object) -> None:
    judgement = judge("numeric_match", output, expected)

    assert (judgement.value, judgement.passed, judgement.label) == (0.0, False, "mismatch")


@pytest.mark.parametrize(
    "output",
    [
        "A: 18\nThat took 3 steps.",
        "#### 18\nChecked 2 times.",
        "2 + 2 = 4\nThe answer is 18, after 3 steps.",
        "Answer: 18 dollars every 2 days",
        "**Final answer:** $18 (of 20)",
        "A: 17\nA: 18",
        "A: 9 * 2 = 18",
        "A: eighteen, or 18",
        "A:\n18",
    ],
)
def test_the_last_answer_marker_goes_before_the_rest(judge: Judge, output: str) -> None:
    assert judge("numeric_match", output, 18).passed is True


def test_a_marker_of_ones_own_is_required_of_the_output_only(judge: Judge) -> None:
    assert judge("numeric_match", "Result> 18\n(3 steps)", 18, marker="Result>").passed is True
    assert judge("numeric_match", "A: 18", 18, marker="Result>").label == "no_number"


def test_an_empty_marker_turns_the_automatic_ones_off(judge: Judge) -> None:
    assert judge("numeric_match", "A: 18\n3 steps", 3, marker="").passed is True


@pytest.mark.parametrize("output", ["eighteen", "", None, True, {"answer": 18}, [18]])
def test_an_output_without_a_number_fails(judge: Judge, output: object) -> None:
    judgement = judge("numeric_match", output, 18)

    assert (judgement.value, judgement.passed, judgement.label) == (0.0, False, "no_number")


@pytest.mark.parametrize("expected", ["eighteen", None, False, {"answer": 18}])
def test_an_expected_value_without_a_number_is_not_evaluable(
    judge: Judge, expected: object
) -> None:
    judgement = judge("numeric_match", "18", expected)

    assert (judgement.status, judgement.label) == (ScoreStatus.NOT_EVALUABLE, "no_number")


def test_a_missing_expected_value_is_not_evaluable(judge: Judge) -> None:
    assert judge("numeric_match", "18").status is ScoreStatus.NOT_EVALUABLE


@pytest.mark.parametrize(
    ("output", "parameters", "passed"),
    [
        (10.1, {"tolerance": 0.1}, True),
        (10.1000001, {"tolerance": 0.1}, False),
        (9.5, {"relative_tolerance": 0.05}, True),
        (9.49, {"relative_tolerance": 0.05}, False),
        (9.49, {"relative_tolerance": 0.05, "tolerance": 1}, True),
    ],
)
def test_the_larger_tolerance_decides(
    judge: Judge, output: float, parameters: dict[str, float], passed: bool
) -> None:
    assert judge("numeric_match", output, 10, **parameters).passed is passed


def test_the_evidence_shows_both_numbers(judge: Judge) -> None:
    judgement = judge("numeric_match", "It is 1,200", "A: 1300")

    assert json.loads(judgement.evidence or "null") == {
        "output_number": "1200",
        "expected_number": "1300",
    }


def test_a_number_of_absurd_size_is_no_number(judge: Judge) -> None:
    assert judge("numeric_match", "1e999999999", 1, tolerance=1).label == "no_number"
    assert judge("numeric_match", "9" * 5000, 1).label == "no_number"


@pytest.mark.skipif(not SOLUTIONS.exists(), reason=f"{SOLUTIONS.name} is not beside the project")
@pytest.mark.parametrize(
    ("model", "count"),
    [
        ("6b_finetuning", 286),
        ("6b_verification", 515),
        ("175b_finetuning", 458),
        ("175b_verification", 742),
    ],
)
def test_recorded_solutions_pass_where_their_data_says_they_are_correct(
    model: str, count: int
) -> None:
    scorer = configure("numeric_match", "{}")
    with SOLUTIONS.open(encoding="utf-8") as lines:
        problems = [json.loads(line) for line in lines]

    judged = [
        scorer(
            Sample(
                output=json.dumps(problem[model]["solution"]),
                expected=json.dumps(problem["ground_truth"]),
                input=json.dumps(problem["question"]),
            )
        ).passed
        for problem in problems
    ]

    assert [problem[model]["is_correct"] for problem in problems] == judged
    assert count == sum(passed is True for passed in judged)
