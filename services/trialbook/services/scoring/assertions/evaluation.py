"""What an assertion comes to for one sample."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import cast

from trialbook.services.scoring.assertions.expression import (
    Binary,
    Call,
    Expression,
    Function,
    Literal,
    Not,
    Operator,
    Path,
    Predicate,
)
from trialbook.services.scoring.assertions.limits import require_bounded
from trialbook.services.scoring.json_document import read_json
from trialbook.services.scoring.not_evaluable import NotEvaluable

MAXIMUM_STEPS = 100_000
"""How many steps all the assertions of one sample may take together."""

MAXIMUM_ELEMENTS = 4096
"""How many elements `all`, `any` and `unique` go through."""

LARGEST_INTEGER = 2**53 - 1
"""The largest size that a number may have in a comparison: beyond it, integers are not exact."""


class EvaluationError(Exception):
    """An assertion that cannot be decided for this sample; the text says why."""


class Evaluation:
    """Evaluates the assertions of one sample, with one budget of steps for all of them."""

    def __init__(self, roots: Mapping[str, object]) -> None:
        """Take the decoded input, output and expected value by name."""
        self._roots = roots
        self._decoded: dict[str, object] = {}
        self._steps_left = MAXIMUM_STEPS

    def holds(self, expression: Expression) -> bool:
        """Tell whether an assertion holds. Raise `EvaluationError` if that cannot be said."""
        return _boolean(self._value(expression))

    def _value(self, expression: Expression) -> object:
        self._spend()
        match expression:
            case Literal(value):
                return value
            case Path():
                return self._at(expression)
            case Not(operand):
                return not _boolean(self._value(operand))
            case Binary():
                return self._joined(expression)
            case Call():
                return self._called(expression)

    def _at(self, path: Path) -> object:
        value = self._root(path)
        for field in path.fields:
            if not isinstance(value, dict) or field not in value:
                raise EvaluationError(f"There is no field `{field}` in `{path.root}`.")
            value = cast("dict[str, object]", value)[field]
        return value

    def _root(self, path: Path) -> object:
        value = self._roots[path.root]
        if not path.encoded or not isinstance(value, str):
            return value
        if path.root not in self._decoded:
            try:
                decoded = read_json(value, f"{path.root}'s text")
                require_bounded(f"{path.root}'s text", decoded)
            except NotEvaluable as error:
                raise EvaluationError(error.reason) from error
            self._decoded[path.root] = decoded
        return self._decoded[path.root]

    def _joined(self, expression: Binary) -> bool:
        operator = expression.operator
        if operator in (Operator.AND, Operator.OR):
            left = _boolean(self._value(expression.left))
            decided = left is (operator is Operator.OR)
            return left if decided else _boolean(self._value(expression.right))
        left_value, right_value = self._value(expression.left), self._value(expression.right)
        if operator in (Operator.EQUAL, Operator.UNEQUAL):
            return self._equal(left_value, right_value) is (operator is Operator.EQUAL)
        return _ORDERINGS[operator](_number(left_value), _number(right_value))

    def _called(self, call: Call) -> object:
        value = self._value(call.argument)
        match call.function:
            case Predicate():
                return has_type(value, call.function)
            case Function.SIZE:
                return _size(value)
            case Function.UNIQUE:
                return self._unique(_elements(value))
            case Function.ALL | Function.ANY:
                assert call.predicate is not None, "the parser requires one"
                wanted = call.function is Function.ANY
                answers = (has_type(each, call.predicate) for each in _elements(value))
                return any(answers) if wanted else all(answers)

    def _unique(self, elements: list[object]) -> bool:
        for index, element in enumerate(elements):
            for earlier in elements[:index]:
                self._spend()
                if self._equal(element, earlier):
                    return False
        return True

    def _equal(self, left: object, right: object) -> bool:
        """Compare by structure: 1 equals 1.0, and the order of an object's fields is nothing."""
        self._spend()
        if has_type(left, Predicate.NUMBER):
            return has_type(right, Predicate.NUMBER) and _number(left) == _number(right)
        if isinstance(left, list):
            return isinstance(right, list) and self._equal_elements(left, right)
        if isinstance(left, dict):
            return isinstance(right, dict) and self._equal_fields(left, right)
        return type(left) is type(right) and left == right

    def _equal_elements(self, left: list[object], right: list[object]) -> bool:
        return len(left) == len(right) and all(map(self._equal, left, right))

    def _equal_fields(self, left: dict[str, object], right: dict[str, object]) -> bool:
        return len(left) == len(right) and all(
            field in right and self._equal(left[field], right[field]) for field in sorted(left)
        )

    def _spend(self) -> None:
        self._steps_left -= 1
        if self._steps_left < 0:
            raise EvaluationError(f"The assertions take more than {MAXIMUM_STEPS:,} steps.")


def has_type(value: object, predicate: Predicate) -> bool:
    """Tell whether a decoded JSON value has the type that a predicate asks for."""
    match predicate:
        case Predicate.ARRAY:
            return isinstance(value, list)
        case Predicate.OBJECT:
            return isinstance(value, dict)
        case Predicate.STRING:
            return isinstance(value, str)
        case Predicate.NUMBER:
            return isinstance(value, int | float) and not isinstance(value, bool)
        case Predicate.BOOLEAN:
            return isinstance(value, bool)
        case Predicate.NULL:
            return value is None


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise EvaluationError(f"A boolean is needed, not {_described(value)}.")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise EvaluationError(f"Only numbers can be put in order, not {_described(value)}.")
    if not math.isfinite(value) or abs(value) > LARGEST_INTEGER:
        raise EvaluationError(f"A number is larger than {LARGEST_INTEGER}, which is not exact.")
    return value


def _size(value: object) -> int:
    if not isinstance(value, list | dict | str):
        raise EvaluationError(f"`size` needs an array, an object or a text: {_described(value)}.")
    return len(cast("list[object]", value))


def _elements(value: object) -> list[object]:
    if not isinstance(value, list):
        raise EvaluationError(f"An array is needed, not {_described(value)}.")
    elements = cast("list[object]", value)
    if len(elements) > MAXIMUM_ELEMENTS:
        raise EvaluationError(f"An array has more than {MAXIMUM_ELEMENTS:,} elements.")
    return elements


def _described(value: object) -> str:
    word = next(each for each in Predicate if has_type(value, each)).removeprefix("is_")
    return word if word == "null" else f"{'an' if word[0] in 'ao' else 'a'} {word}"


_ORDERINGS: dict[Operator, Callable[[float, float], bool]] = {
    Operator.AT_MOST: lambda left, right: left <= right,
    Operator.AT_LEAST: lambda left, right: left >= right,
    Operator.LESS: lambda left, right: left < right,
    Operator.GREATER: lambda left, right: left > right,
}
