from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trialbook.services.scoring.catalogue import InvalidParameters, configure
from trialbook.services.scoring.judgement import Judgement, Sample, ScoreStatus

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
    ),
    max_leaves=12,
)
OPERANDS = st.sampled_from(
    ["output", "output.a", "output_json.b", "expected", "input_json", "size(output)", "1", '"a"']
)
COMPARISONS = st.builds(
    "{} {} {}".format, OPERANDS, st.sampled_from(["==", "!=", "<", ">="]), OPERANDS
)
EXPRESSIONS = st.recursive(
    COMPARISONS | st.sampled_from(["unique(output)", "all(expected, is_null)", "is_array(input)"]),
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from(["&&", "||"]), inner)
        | inner.map("!({})".format)
    ),
    max_leaves=4,
)


def judge(
    *expressions: str,
    output: object = None,
    expected: object = None,
    given: object = None,
    **parameters: object,
) -> Judgement:
    assertions = [{"expr": expression} for expression in expressions]
    scorer = configure(
        "structured_assertions", json.dumps({"assertions": assertions, **parameters})
    )
    return scorer(Sample(json.dumps(output), json.dumps(expected), json.dumps(given)))


def holds(expression: str, **values: object) -> bool | None:
    return judge(expression, **values).passed


def assert_undecided(expression: str, **values: object) -> None:
    judgement = judge(expression, **values)
    assert (judgement.status, judgement.label) == (ScoreStatus.NOT_EVALUABLE, "input_error")


def violations(parameters: dict[str, Any]) -> list[str]:
    with pytest.raises(InvalidParameters) as refused:
        configure("structured_assertions", json.dumps(parameters))
    return [violation.path for violation in refused.value.violations]


def test_the_score_is_the_share_of_assertions_that_hold() -> None:
    judgement = judge("true", "false", "output == 1", "true", output=1, score_threshold=0.75)

    assert (judgement.value, judgement.passed, judgement.label) == (0.75, True, "pass")
    assert judgement.reason == "3/4 assertions passed."
    assert json.loads(judgement.evidence or "")["assertions"][1] == {
        "name": "assertion_2",
        "expr": "false",
        "passed": False,
    }


def test_all_must_hold_by_default() -> None:
    assert judge("true", "false").label == "fail"


@pytest.mark.parametrize(
    ("expression", "output"),
    [
        ("output.a.b == 1.0", {"a": {"b": 1}}),
        ('output == "x"', "x"),
        ("output_json.a", '{"a":true}'),
        ("output_json == 1", 1),
        ("is_string(output) && is_array(output_json)", "[]"),
        ("size(output) == 2", "\U0001f600a"),
        ("size(output) == 1", {"a": 1}),
        ("unique(output)", [1, True, "1", None, [1], {"a": 1}]),
        ("!unique(output)", [{"a": 1, "b": 2}, 3, {"b": 2.0, "a": 1}]),
        ("all(output, is_null) && !any(output, is_null)", []),
        ("any(output, is_boolean)", [1, False]),
        ("!(true == 1) && !(0 == false) && null != false", None),
        ("is_null(expected) && is_null(input.a)", None),
        ("false || 1 <= 1 && 2 > 1.5", None),
        ("is_number(output)", 2**60),
        ("output == 9007199254740991", 2**53 - 1),
    ],
)
def test_an_assertion_holds(expression: str, output: object) -> None:
    assert holds(expression, output=output, given={"a": None}) is True


@pytest.mark.parametrize(
    ("expression", "output"),
    [
        ("output.missing == null", {}),
        ("output.a.b", {"a": 1}),
        ("output.size", "text"),
        ("is_array(output_json)", "["),
        ("is_array(output_json)", '"\ud800"'),
        ("size(output)", 1),
        ("size(output)", [1]),
        ("size(output) == 1", True),
        ('output < "b"', "a"),
        ("output < 1", True),
        ("output == output", 2**53),
        ("output > 1", 1e300),
        ("unique(output)", "text"),
        ("all(output, is_null)", {}),
        ("!output", 1),
        ("output && true", 1),
        ("true && output", "true"),
        ("any(output, is_null)", [1] * 4097),
    ],
)
def test_an_assertion_that_cannot_be_decided_makes_it_not_evaluable(
    expression: str, output: object
) -> None:
    assert_undecided(expression, output=output)


def test_the_first_that_cannot_be_decided_ends_it_even_below_a_threshold_of_0() -> None:
    judgement = judge("true", "output.x", "true", output={}, score_threshold=0)

    assert judgement.status is ScoreStatus.NOT_EVALUABLE
    outcomes = json.loads(judgement.evidence or "")["assertions"]
    assert [(each["passed"], "error" in each) for each in outcomes] == [
        (True, False),
        (False, True),
    ]


@pytest.mark.parametrize("expression", ["false && output.x", "true || output.x"])
def test_what_cannot_change_the_outcome_is_not_evaluated(expression: str) -> None:
    assert judge(expression).status is ScoreStatus.SCORED


def nested(depth: int) -> object:
    value: object = None
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "output",
    [nested(64), [0] * 100_000, "a" * (1 << 20), json.dumps(nested(65))],
    ids=["depth", "values", "bytes", "depth of encoded JSON"],
)
def test_a_sample_over_a_limit_is_not_evaluable(output: object) -> None:
    assert_undecided("is_null(output_json) || true", output=output)


def test_a_sample_at_the_limits_is_evaluated() -> None:
    assert holds("is_array(output)", output=nested(63)) is True
    assert holds("size(output) == 99990", output=[0] * 99_990) is True


def test_all_assertions_share_one_budget_of_steps() -> None:
    distinct = list(range(310))

    assert holds("unique(output)", output=distinct) is True
    judgement = judge("unique(output)", "unique(output)", output=distinct)
    assert judgement.status is ScoreStatus.NOT_EVALUABLE
    assert "100,000 steps" in judgement.reason


def test_a_missing_expected_value_counts_as_null() -> None:
    scorer = configure(
        "structured_assertions", '{"assertions":[{"expr":"is_null(expected_json)"}]}'
    )

    assert scorer(Sample("1", None, "null")).passed is True


@pytest.mark.parametrize(
    ("assertions", "paths"),
    [
        ([], ["assertions"]),
        ([{"expr": "true"}] * 65, ["assertions"]),
        ({}, ["assertions"]),
        ([1], ["assertions[0]"]),
        ([{}], ["assertions[0].expr"]),
        ([{"expr": ""}], ["assertions[0].expr"]),
        ([{"expr": "true", "nam": "x"}], ["assertions[0].nam"]),
        ([{"expr": "true", "name": ""}], ["assertions[0].name"]),
        ([{"expr": "true", "name": "\u00e9" * 129}], ["assertions[0].name"]),
        ([{"expr": "true", "name": "x"}, {"expr": "true", "name": "x"}], ["assertions[1].name"]),
        ([{"expr": "true", "name": "assertion_2"}, {"expr": "true"}], ["assertions[1].name"]),
        (
            [{"expr": "("}, {"expr": "true"}, {"expr": ")"}],
            ["assertions[0].expr", "assertions[2].expr"],
        ),
    ],
)
def test_a_bad_assertion_is_refused_with_its_path(assertions: object, paths: list[str]) -> None:
    assert violations({"assertions": assertions}) == paths


@pytest.mark.parametrize("threshold", [-0.1, 1.1, "1", None])
def test_a_threshold_must_lie_between_0_and_1(threshold: object) -> None:
    parameters = {"assertions": [{"expr": "true"}], "score_threshold": threshold}

    assert violations(parameters) == ["score_threshold"]


def test_a_refusal_says_what_the_field_must_be() -> None:
    with pytest.raises(InvalidParameters, match="of 1 to 64 entries"):
        configure("structured_assertions", '{"assertions":[]}')
    with pytest.raises(InvalidParameters, match="did you mean `name`"):
        configure("structured_assertions", '{"assertions":[{"expr":"true","nam":"x"}]}')


@given(EXPRESSIONS, JSON_VALUES, JSON_VALUES, JSON_VALUES)
@settings(deadline=None, max_examples=200)
def test_any_sample_gets_a_judgement(
    expression: str, output: object, expected: object, given: object
) -> None:
    judgement = judge(expression, output=output, expected=expected, given=given)

    if judgement.status is ScoreStatus.SCORED:
        assert judgement.passed is (judgement.value == 1.0)
    else:
        assert judgement.label == "input_error"


@given(JSON_VALUES, JSON_VALUES)
@settings(deadline=None)
def test_equality_and_inequality_are_opposites_and_symmetric(one: object, other: object) -> None:
    equal = holds("output == expected", output=one, expected=other)

    if equal is not None:
        assert holds("output != expected", output=one, expected=other) is not equal
        assert holds("output == expected", output=other, expected=one) in (equal, None)
