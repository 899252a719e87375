from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from trialbook.services.scoring.catalogue import InvalidParameters, Violation, configure
from trialbook.services.scoring.judgement import Judgement, Sample, ScoreStatus

Judge = Callable[..., Judgement]
PERSON = {
    "type": "object",
    "required": ["name", "age"],
    "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0}},
}


def refusal(schema: object) -> Violation:
    with pytest.raises(InvalidParameters) as caught:
        configure("json_schema", json.dumps({"schema": schema}))
    (violation,) = caught.value.violations
    return violation


def evidence(judgement: Judgement) -> dict[str, list[dict[str, str]]]:
    decoded: dict[str, list[dict[str, str]]] = json.loads(judgement.evidence or "null")
    return decoded


@pytest.mark.parametrize(
    ("schema", "output"),
    [
        (PERSON, {"name": "Ada", "age": 30}),
        (PERSON, '{"name": "Ada", "age": 30.0}'),
        (True, None),
        ({"multipleOf": 0.1}, 0.3),
        ({"pattern": "^a$"}, '"a"'),
        ({"patternProperties": {"^x": {"type": "string"}}}, {"x": "1", "y": 2}),
        ({"uniqueItems": True}, [1, True, "1", [1], [True], {"a": 1}]),
        ({"$defs": {"n": {"type": "null"}}, "$ref": "#/$defs/n"}, None),
        ({"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"const": 1}]}, [1, 2]),
        ({"format": "email"}, {"not": "asserted"}),
    ],
)
def test_an_output_that_fits_is_valid(judge: Judge, schema: object, output: object) -> None:
    judgement = judge("json_schema", output, schema=schema)

    assert (judgement.value, judgement.passed, judgement.label) == (1.0, True, "valid")


@pytest.mark.parametrize(
    ("schema", "output", "path"),
    [
        (PERSON, {"name": "Ada", "age": -1}, "/age"),
        (PERSON, {"name": "Ada"}, ""),
        (PERSON, {"name": "Ada", "age": True}, "/age"),
        (False, {}, ""),
        ({"pattern": "^a$"}, '"b"', ""),
        ({"patternProperties": {"^x": {"type": "string"}}}, {"x/y": 1}, "/x~1y"),
        ({"properties": {"a": {}}, "additionalProperties": False}, {"a": 1, "b": 2}, ""),
        ({"additionalProperties": {"type": "string"}}, {"a": 1}, "/a"),
        (
            {"patternProperties": {"^x": {}}, "additionalProperties": False},
            {"x1": 1, "y": 2},
            "",
        ),
        ({"uniqueItems": True}, [{"a": [1]}, {"a": [1.0]}], ""),
        ({"multipleOf": 0.1}, 0.35, ""),
        ({"properties": {"a": True}, "unevaluatedProperties": False}, {"b": 1}, ""),
    ],
)
def test_an_output_that_does_not_fit_is_invalid_at_a_path(
    judge: Judge, schema: object, output: object, path: str
) -> None:
    judgement = judge("json_schema", output, schema=schema)

    assert (judgement.value, judgement.passed, judgement.label) == (0.0, False, "invalid")
    assert [path] == [error["path"] for error in evidence(judgement)["errors"]]


def test_a_text_that_is_not_json_is_a_parse_error(judge: Judge) -> None:
    judgement = judge("json_schema", "{not json", schema={"type": "object"})

    assert (judgement.value, judgement.passed, judgement.label) == (0.0, False, "parse_error")


def test_the_evidence_holds_at_most_50_errors_and_says_so(judge: Judge) -> None:
    judgement = judge("json_schema", ["x"] * 60, schema={"items": {"type": "integer"}})

    assert len(evidence(judgement)["errors"]) == 50
    assert evidence(judgement)["truncated"]
    assert judgement.reason == "At /0: 'x' is not of type 'integer'."


def test_a_large_output_is_described_briefly(judge: Judge) -> None:
    judgement = judge("json_schema", list(range(10_000)), schema={"type": "string"})

    assert judgement.reason == "an array of 10,000 items is not of type 'string'."


@pytest.mark.parametrize(
    ("schema", "path", "hint"),
    [
        ("not a schema", "schema", "must be an object or true or false"),
        ({"type": "strin"}, "schema.type", "not a valid JSON Schema"),
        ({"properties": {"a": {"minimum": "1"}}}, "schema.properties.a.minimum", "not a valid"),
        ({"$ref": "https://example.com/schema.json"}, "schema", "nothing is fetched"),
        ({"properties": {"a": {"$ref": "#/$defs/missing"}}}, "schema", "no place in the schema"),
        ({"properties": {"a": {"$ref": "#/x"}}, "x": {"type": "strin"}}, "schema.type", "not a"),
        ({"$ref": "#"}, "schema", "leads back to itself"),
        ({"pattern": "(?=ahead)"}, "schema", "no look-around"),
        ({"patternProperties": {r"(a)\1": {}}}, "schema", "no back-references"),
        ({"$schema": "http://json-schema.org/draft-03/schema#"}, "schema.$schema", "use one of"),
        ({"not": {"$schema": "http://json-schema.org/draft-07/schema#"}}, "schema", "outermost"),
        (
            {"unevaluatedProperties": False, "allOf": [{"patternProperties": {"a": {}}}]},
            "schema",
            "use `additionalProperties`",
        ),
    ],
)
def test_an_unusable_schema_is_refused(schema: object, path: str, hint: str) -> None:
    violation = refusal(schema)

    assert path == violation.path
    assert hint in violation.message


def doubling(levels: int) -> dict[str, object]:
    """A small schema that takes two to the power of ``levels`` steps."""
    steps: dict[str, object] = {"s0": {"type": "string"}}
    for level in range(1, levels + 1):
        below = {"$ref": f"#/$defs/s{level - 1}"}
        steps[f"s{level}"] = {"anyOf": [below, below]}
    return steps


def test_a_schema_that_multiplies_itself_is_refused() -> None:
    schema = {"$defs": doubling(40), "$ref": "#/$defs/s40"}

    assert "multiply without bound" in refusal(schema).message


def test_an_output_that_takes_too_many_steps_is_not_evaluable(judge: Judge) -> None:
    schema = {"$defs": doubling(40), "properties": {"a": {"$ref": "#/$defs/s40"}}}
    judgement = judge("json_schema", {"a": 1}, schema=schema)

    assert (judgement.status, judgement.label) == (ScoreStatus.NOT_EVALUABLE, "too_large")


@pytest.mark.parametrize("keyword", ["pattern", "patternProperties", "additionalProperties"])
def test_a_pattern_that_would_backtrack_for_ever_ends(judge: Judge, keyword: str) -> None:
    hostile = "(a+)+$"
    schemas: dict[str, object] = {
        "pattern": {"pattern": hostile},
        "patternProperties": {"patternProperties": {hostile: False}},
        "additionalProperties": {"patternProperties": {hostile: {}}, "additionalProperties": True},
    }
    text = "a" * 10_000 + "!"
    output = json.dumps(text) if keyword == "pattern" else {text: 1}

    assert judge("json_schema", output, schema=schemas[keyword]).status is ScoreStatus.SCORED


@pytest.mark.parametrize(("depth", "status"), [(128, "scored"), (129, "not_evaluable")])
def test_an_output_is_followed_128_levels_deep(depth: int, status: str) -> None:
    schema = {"type": "object", "properties": {"below": {"$ref": "#"}}}
    scorer = configure("json_schema", json.dumps({"schema": schema}))
    output = '{"below":' * (depth - 1) + "{}" + "}" * (depth - 1)

    assert status == scorer(Sample(output, None, "null")).status


def test_a_very_long_output_is_not_evaluable(judge: Judge) -> None:
    judgement = judge("json_schema", "x" * 1_000_001, schema={})

    assert (judgement.status, judgement.label) == (ScoreStatus.NOT_EVALUABLE, "too_large")
