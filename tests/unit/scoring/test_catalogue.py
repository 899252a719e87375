from __future__ import annotations

import contextlib
import json
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from trialbook.services.domain.experiment import ScorerScope
from trialbook.services.scoring.catalogue import (
    Direction,
    InvalidParameters,
    UnknownScorer,
    Violation,
    configure,
    describe,
    descriptions,
)
from trialbook.services.scoring.judgement import Sample, ScoreStatus

NAMES = [
    "contains",
    "exact_match",
    "json_schema",
    "json_valid",
    "levenshtein",
    "numeric_match",
    "numeric_range",
    "regex_match",
    "structured_assertions",
]
USABLE_PARAMETERS: dict[str, dict[str, object]] = {
    "contains": {"pattern": "a"},
    "json_schema": {"schema": {"type": ["object", "array", "string"], "minLength": 2}},
    "levenshtein": {"threshold": 0.5},
    "numeric_match": {"tolerance": 0.5, "relative_tolerance": 0.5},
    "numeric_range": {"min": 0, "max": 1e300},
    "regex_match": {"pattern": "(a|b)*c"},
    "structured_assertions": {"assertions": [{"expr": "output_json == expected || true"}]},
}
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
NUMBER_LIKE = st.text(alphabet="0123456789.,-+eE$% \nA:#=\u2212", max_size=30).map(json.dumps)
JSON_TEXTS = VALUES.map(json.dumps) | VALUES.map(json.dumps).map(json.dumps) | NUMBER_LIKE
ANY_TEXTS = JSON_TEXTS | st.text() | st.text(alphabet='[]{}":,\\u0d89 ', max_size=300)


def violations(name: str, params_json: str) -> tuple[Violation, ...]:
    with pytest.raises(InvalidParameters) as caught:
        configure(name, params_json)
    return caught.value.violations


def test_the_descriptions_are_sorted_by_name() -> None:
    names = [description.name for description in descriptions()]

    assert names == sorted(names)


def test_these_scorers_judge_results() -> None:
    assert [each.name for each in descriptions() if each.scope is ScorerScope.ITEM] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_scorer_declares_schema_direction_and_range(name: str) -> None:
    description = describe(name)

    assert description is not None
    Draft202012Validator.check_schema(description.params_schema)
    assert description.params_schema["additionalProperties"] is False
    assert (
        description.direction,
        description.minimum,
        description.maximum,
        description.version,
    ) == (Direction.HIGHER_IS_BETTER, 0.0, 1.0, 1)


def test_only_the_comparing_scorers_need_an_expected_value() -> None:
    assert {"agreement", "exact_match", "levenshtein", "numeric_match"} == {
        description.name for description in descriptions() if description.needs_expected
    }


def test_an_unknown_name_has_no_description() -> None:
    assert describe("no_such_scorer") is None


def test_an_unknown_scorer_is_refused_with_what_comes_near() -> None:
    with pytest.raises(UnknownScorer, match="Did you mean `exact_match`") as caught:
        configure("exact_macth", "{}")

    assert caught.value.suggestions[0] == "exact_match"


def test_a_scorer_without_parameters_takes_empty_text() -> None:
    assert configure("exact_match", "")(Sample("1", "1", "null")).passed is True


def test_an_unknown_parameter_is_refused_with_what_comes_near() -> None:
    (violation,) = violations("contains", '{"pattern":"a","case_sensitiv":true}')

    assert violation.path == "case_sensitiv"
    assert "did you mean `case_sensitive`?" in violation.message


def test_a_scorer_without_parameters_says_so() -> None:
    (violation,) = violations("json_valid", '{"strict":true}')

    assert violation.message == "json_valid takes no parameters; leave out `strict`."


def test_every_violation_is_reported_at_once() -> None:
    found = violations("contains", '{"case_sensitive":"yes","colour":"red"}')

    assert [violation.path for violation in found] == ["pattern", "case_sensitive", "colour"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "params_json",
    ["[]", "null", "1", '"text"', "{", "{]", pytest.param("[" * 100_000, id="deep")],
)
def test_parameters_that_are_no_object_are_refused(name: str, params_json: str) -> None:
    (violation,) = violations(name, params_json)

    assert violation.path == ""


def test_parameters_of_more_than_100_000_characters_are_refused() -> None:
    (violation,) = violations("contains", json.dumps({"pattern": "a" * 100_000}))

    assert "at most 100,000" in violation.message


@given(st.sampled_from(NAMES), ANY_TEXTS, st.none() | ANY_TEXTS)
@settings(deadline=None, max_examples=500)
def test_a_scorer_never_raises(name: str, output: str, expected: str | None) -> None:
    scorer = configure(name, json.dumps(USABLE_PARAMETERS.get(name, {})))

    judgement = scorer(Sample(output, expected, "null"))

    assert judgement.reason
    if judgement.status is ScoreStatus.SCORED:
        assert judgement.value is not None
        assert 0.0 <= judgement.value <= 1.0
    else:
        assert (
            judgement.status,
            judgement.value,
            judgement.passed,
        ) == (ScoreStatus.NOT_EVALUABLE, None, None)
    if judgement.evidence is not None:
        json.loads(judgement.evidence)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "output",
    [
        pytest.param("[" * 100_000, id="unclosed"),
        pytest.param("[" * 5000 + "]" * 5000, id="arrays"),
        pytest.param('{"a":' * 200 + "1" + "}" * 200, id="objects"),
    ],
)
def test_hostile_nesting_gets_a_judgement(name: str, output: str) -> None:
    scorer = configure(name, json.dumps(USABLE_PARAMETERS.get(name, {})))

    assert scorer(Sample(output, '"1"', "null")).status is ScoreStatus.NOT_EVALUABLE


@pytest.mark.parametrize("name", NAMES)
def test_malformed_output_is_not_evaluable(name: str) -> None:
    scorer = configure(name, json.dumps(USABLE_PARAMETERS.get(name, {})))

    for output in ("", "{", "nul", '"\\ud800"', "1e400", '"\ud800"'):
        assert scorer(Sample(output, '"1"', "null")).status is ScoreStatus.NOT_EVALUABLE


@given(st.sampled_from(NAMES), st.dictionaries(st.text(max_size=8), VALUES, max_size=3))
@settings(deadline=None)
def test_parameters_are_accepted_or_refused_but_never_break(
    name: str, parameters: dict[str, object]
) -> None:
    given_parameters = USABLE_PARAMETERS.get(name, {}) | parameters
    description = describe(name)

    assert description is not None
    if Draft202012Validator(description.params_schema).is_valid(cast("Any", given_parameters)):
        configure(name, json.dumps(given_parameters))
    else:
        assert violations(name, json.dumps(given_parameters))


@given(VALUES)
@settings(deadline=None)
def test_any_schema_is_accepted_or_refused_but_never_breaks(value: object) -> None:
    with contextlib.suppress(InvalidParameters):
        configure("json_schema", json.dumps({"schema": value}))


def test_the_input_of_a_sample_is_decoded_by_no_scorer() -> None:
    assert configure("exact_match", "")(Sample("1", "1", "not json")).passed is True
