"""structured_assertions: how many assertions about input, output and expected value hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import msgspec

from trialbook.services.scoring.assertions.evaluation import Evaluation, EvaluationError
from trialbook.services.scoring.assertions.expression import Expression
from trialbook.services.scoring.assertions.limits import MAXIMUM_BYTES, require_bounded
from trialbook.services.scoring.assertions.parser import InvalidAssertion, parse
from trialbook.services.scoring.description import BuiltInScorer, Scorer, unit_interval
from trialbook.services.scoring.json_document import read_json
from trialbook.services.scoring.judgement import Judgement, Sample, ScoreStatus
from trialbook.services.scoring.not_evaluable import NotEvaluable
from trialbook.services.scoring.parameters import InvalidParameters, Violation

_MAXIMUM_NAME_BYTES = 256
_INPUT_ERROR = "input_error"


@dataclass(frozen=True, slots=True)
class Assertion:
    """One assertion: what it is called, how it was written, and what it says."""

    name: str
    text: str
    expression: Expression


class _Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    name: str
    expr: str
    passed: bool
    error: str = ""


@dataclass(frozen=True, slots=True)
class StructuredAssertions:
    """Evaluates assertions one after the other; the first that cannot be decided ends it."""

    assertions: tuple[Assertion, ...]
    threshold: float

    def __call__(self, sample: Sample) -> Judgement:
        """Score the share of assertions that hold."""
        evaluation = Evaluation(_roots(sample))
        outcomes: list[_Outcome] = []
        for assertion in self.assertions:
            try:
                holds = evaluation.holds(assertion.expression)
            except EvaluationError as error:
                outcomes.append(_Outcome(assertion.name, assertion.text, False, str(error)))
                return _undecided(outcomes)
            outcomes.append(_Outcome(assertion.name, assertion.text, holds))
        return self._judgement(outcomes)

    def _judgement(self, outcomes: list[_Outcome]) -> Judgement:
        held = sum(outcome.passed for outcome in outcomes)
        value = held / len(outcomes)
        passed = value >= self.threshold
        return Judgement(
            ScoreStatus.SCORED,
            value,
            passed,
            "pass" if passed else "fail",
            f"{held}/{len(outcomes)} assertions passed.",
            _evidence(outcomes),
        )


def _roots(sample: Sample) -> dict[str, object]:
    texts = {
        "input": sample.input,
        "output": sample.output,
        # An expected value that is missing counts as null.
        "expected": "null" if sample.expected is None else sample.expected,
    }
    try:
        size = sum(len(text.encode()) for text in texts.values())
        if size > MAXIMUM_BYTES:
            raise NotEvaluable(_INPUT_ERROR, f"The sample has {size:,} bytes, over 1 MiB.")
        roots = {
            "input": read_json(texts["input"], "input"),
            "output": sample.output_document().value(),
            "expected": sample.expected_document().value() if sample.expected is not None else None,
        }
    except (NotEvaluable, UnicodeEncodeError) as error:
        reason = getattr(error, "reason", "A text is not Unicode.")
        raise NotEvaluable(_INPUT_ERROR, reason) from error
    require_bounded("sample", roots)
    return roots


def _undecided(outcomes: list[_Outcome]) -> Judgement:
    last = outcomes[-1]
    return Judgement(
        ScoreStatus.NOT_EVALUABLE,
        None,
        None,
        _INPUT_ERROR,
        f"{last.name} cannot be decided. {last.error}",
        _evidence(outcomes),
    )


def _evidence(outcomes: list[_Outcome]) -> str:
    return msgspec.json.encode({"assertions": outcomes}).decode()


def configure(parameters: Mapping[str, object]) -> Scorer:
    """Make the scorer. Raise `InvalidParameters` with every assertion that cannot be used."""
    given = cast("list[dict[str, str]]", parameters["assertions"])
    assertions: list[Assertion] = []
    violations: list[Violation] = []
    for index, each in enumerate(given):
        name = each.get("name", f"assertion_{index + 1}")
        violations += _name_violations(index, name, [before.name for before in assertions])
        try:
            assertions.append(Assertion(name, each["expr"], parse(each["expr"])))
        except InvalidAssertion as error:
            path = f"assertions[{index}].expr"
            violations.append(Violation(path, f"`{path}` is no assertion. {error}"))
    if violations:
        raise InvalidParameters(tuple(violations))
    threshold = cast("float", parameters.get("score_threshold", 1.0))
    return StructuredAssertions(tuple(assertions), threshold)


def _name_violations(index: int, name: str, earlier: list[str]) -> list[Violation]:
    path = f"assertions[{index}].name"
    if name in earlier:
        return [Violation(path, f"`{path}` is the name of another assertion; names are unique.")]
    if len(name.encode()) > _MAXIMUM_NAME_BYTES:
        return [Violation(path, f"`{path}` must have at most {_MAXIMUM_NAME_BYTES} bytes.")]
    return []


_ASSERTION: dict[str, object] = {
    "type": "object",
    "properties": {
        "name": {
            "type": "string",
            "minLength": 1,
            "maxLength": _MAXIMUM_NAME_BYTES,
            "description": "What to call it; `assertion_<n>` by default, n counting from 1.",
        },
        "expr": {
            "type": "string",
            "minLength": 1,
            "maxLength": 4096,
            "description": "A boolean expression, such as `size(output_json) == 3`.",
        },
    },
    "required": ["expr"],
    "additionalProperties": False,
}

STRUCTURED_ASSERTIONS = BuiltInScorer(
    unit_interval(
        "structured_assertions",
        "The share of assertions that hold: boolean expressions over `input`, `output` and "
        "`expected`, with `_json` behind them to read a text as JSON, fields after dots, the "
        "operators `! && || == != < <= > >=`, and the functions size, unique, all, any, is_array, "
        "is_object, is_string, is_number, is_boolean and is_null. An assertion that cannot be "
        "decided makes the whole not evaluable.",
        {
            "assertions": {
                "type": "array",
                "items": _ASSERTION,
                "minItems": 1,
                "maxItems": 64,
                "description": "The assertions; all are read before any is evaluated.",
            },
            "score_threshold": {
                "type": "number",
                "minimum": 0,
                "maximum": 1,
                "default": 1,
                "description": "The least share that passes.",
            },
        },
        required=("assertions",),
    ),
    configure,
)
