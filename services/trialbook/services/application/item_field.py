"""The fields of items that a filter may name, and how their values compare with literals."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import msgspec

from trialbook.services.application.views import ItemView

Condition = Callable[[ItemView], bool]


class Operator(enum.StrEnum):
    """How a value and a literal are compared."""

    EQUAL = "="
    UNEQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    GREATER = ">"
    AT_LEAST = ">="
    HAS = ":"


def _exact(digits: str) -> Decimal:
    """Return a number by all its digits."""
    try:
        return Decimal(digits)
    except InvalidOperation:
        # An exponent of more than eighteen digits: as good as infinite, or nothing.
        return Decimal(float(digits))


@dataclass(frozen=True, slots=True)
class Literal:
    """What stands on the right: its text, and its value as JSON has it."""

    text: str
    value: str | int | Decimal | bool | None
    any: bool = False

    @classmethod
    def of_text(cls, text: str) -> Literal:
        """A text, in quotes or a bare word."""
        return cls(text, text)

    @classmethod
    def of_number(cls, digits: str) -> Literal:
        """A number."""
        return cls(digits, int(digits) if digits.lstrip("-").isdecimal() else _exact(digits))

    @classmethod
    def anything(cls) -> Literal:
        """`*`: whatever there is."""
        return cls("*", None, any=True)


_TEXTS: dict[str, Callable[[ItemView], str]] = {
    "item_id": lambda item: item.item_id,
    "external_id": lambda item: item.external_id,
    "split": lambda item: item.split,
    "source": lambda item: item.source or "manual",
}
_NUMBERS: dict[str, Callable[[ItemView], int]] = {
    "ordinal": lambda item: item.ordinal,
    "version": lambda item: item.version,
}
_BODIES: dict[str, Callable[[ItemView], str | None]] = {
    "input": lambda item: None if item.purged_at is not None else item.input,
    "expected": lambda item: item.expected,
    "context": lambda item: item.context,
    "metadata": lambda item: item.metadata,
}
FIELDS = (*_TEXTS, "tags", *_NUMBERS, *_BODIES)


def comparison(
    field: tuple[str, ...], operator: Operator, literal: Literal
) -> tuple[str, Condition | None]:
    """Return the condition that a field's value fits a literal; else None, and what is wrong.

    A field that an item lacks fits nothing but `!=`, which is the opposite of `=`.
    """
    name, *path = field
    if literal.any and operator is not Operator.HAS:
        return f"{operator} does not take *; write {name}:*", None
    if name in _BODIES:
        return "", _json_condition(_BODIES[name], tuple(path), operator, literal)
    if path:
        return f"{name} has no members", None
    if name in _TEXTS:
        return "", _text_condition(_TEXTS[name], operator, literal)
    if name in _NUMBERS:
        return _number_condition(name, operator, literal)
    return _tags_condition(operator, literal)


def _text_condition(
    value: Callable[[ItemView], str], operator: Operator, literal: Literal
) -> Condition:
    if literal.any:
        return lambda item: value(item) != ""
    text = literal.text
    if operator is Operator.HAS:
        return lambda item: text in value(item)
    compare = _COMPARE[operator]
    return lambda item: compare(value(item), text)


def _number_condition(
    name: str, operator: Operator, literal: Literal
) -> tuple[str, Condition | None]:
    value, number = _NUMBERS[name], literal.value
    if literal.any or isinstance(number, bool) or not isinstance(number, int | Decimal):
        return f"{name} compares with numbers only", None
    compare = _COMPARE[Operator.EQUAL if operator is Operator.HAS else operator]
    return "", lambda item: compare(value(item), number)


def _tags_condition(operator: Operator, literal: Literal) -> tuple[str, Condition | None]:
    if operator is not Operator.HAS:
        return f'tags does not take {operator}; write tags:"name"', None
    if literal.any:
        return "", lambda item: bool(item.tags)
    return "", lambda item: literal.text in item.tags


def _json_condition(
    body: Callable[[ItemView], str | None],
    path: tuple[str, ...],
    operator: Operator,
    literal: Literal,
) -> Condition:
    has = operator is Operator.HAS
    fits = _has if has else _COMPARE[Operator.EQUAL if _negates(operator) else operator]
    wanted = _ANY if literal.any else literal.value

    def holds(item: ItemView) -> bool:
        text = body(item)
        if text is None:
            return False
        return any(fits(value, wanted) for value in _values(_decoded(text), path, inside=has))

    return (lambda item: not holds(item)) if _negates(operator) else holds


def _negates(operator: Operator) -> bool:
    return operator is Operator.UNEQUAL


def _values(value: Any, path: tuple[str, ...], *, inside: bool) -> Iterator[Any]:
    """Yield what lies at a path; `inside` looks into all elements of arrays on the way."""
    if not path:
        yield value
    elif isinstance(value, dict):
        if path[0] in value:
            yield from _values(value[path[0]], path[1:], inside=inside)
    elif isinstance(value, list):
        if path[0].isdecimal() and path[0].isascii():
            if int(path[0]) < len(value):
                yield from _values(value[int(path[0])], path[1:], inside=inside)
        elif inside:
            for element in value:
                yield from _values(element, path, inside=True)


class _Anything:
    """The value of `*`."""


_ANY = _Anything()


def _has(value: Any, wanted: Any) -> bool:
    if wanted is _ANY:
        return value is not None
    if isinstance(value, list):
        return any(_equal(element, wanted) for element in value)
    if isinstance(wanted, str) and isinstance(value, str | dict):
        return wanted in value
    return _equal(value, wanted)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _equal(value: Any, wanted: Any) -> bool:
    if _is_number(value) and _is_number(wanted):
        return bool(value == wanted)
    return type(value) is type(wanted) and bool(value == wanted)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def holds(value: Any, wanted: Any) -> bool:
        comparable = (_is_number(value) and _is_number(wanted)) or (
            isinstance(value, str) and isinstance(wanted, str)
        )
        return comparable and compare(value, wanted)

    return holds


_COMPARE: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQUAL: _equal,
    Operator.UNEQUAL: lambda value, wanted: not _equal(value, wanted),
    Operator.LESS: _ordered(lambda value, wanted: bool(value < wanted)),
    Operator.AT_MOST: _ordered(lambda value, wanted: bool(value <= wanted)),
    Operator.GREATER: _ordered(lambda value, wanted: bool(value > wanted)),
    Operator.AT_LEAST: _ordered(lambda value, wanted: bool(value >= wanted)),
}


_decoder = msgspec.json.Decoder(float_hook=_exact)


# A filter asks the same text several times in turn.
@lru_cache(maxsize=4)
def _decoded(text: str) -> Any:
    try:
        return _decoder.decode(text)
    except msgspec.ValidationError:
        # Integers of thousands of digits.
        return json.loads(text, parse_int=_exact, parse_float=_exact)
