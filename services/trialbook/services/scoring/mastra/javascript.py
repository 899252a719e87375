"""What JavaScript makes of numbers and of JSON, where Mastra's scores hang on it."""

from __future__ import annotations

import math
from typing import cast

_EPSILON = 2.0**-52
_LARGEST_INDEX = 2**32 - 2


def round_half_up(number: float) -> int:
    """Round to the next whole number, halves up (`Math.round`)."""
    below = math.floor(number)
    return below + 1 if number - below >= 0.5 else below


def two_decimals(score: float) -> float:
    """Round to two decimals, after adding the smallest step above 1: 0.575 becomes 0.58."""
    return plain_two_decimals(score + _EPSILON)


def plain_two_decimals(score: float) -> float:
    """Round to two decimals by the number's binary value: 0.575 becomes 0.57."""
    return round_half_up(score * 100) / 100


def shown(number: float) -> str:
    """Write a number as JavaScript does: 1.0 is 1."""
    return str(int(number)) if number == int(number) else repr(number)


def same_text(left: object, right: object) -> bool:
    """Tell whether two decoded JSON values have one text (`JSON.stringify`).

    The order of an object's keys matters, save that keys which are array indexes come first; 1
    equals 1.0.
    """
    pending = [(left, right)]
    while pending:
        one, other = pending.pop()
        if _is_number(one) and _is_number(other):
            if float(cast("float", one)) != float(cast("float", other)):
                return False
        elif isinstance(one, dict) and isinstance(other, dict):
            fields, others = _fields(one), _fields(other)
            if [name for name, _ in fields] != [name for name, _ in others]:
                return False
            pending += [(mine, its) for (_, mine), (_, its) in zip(fields, others, strict=True)]
        elif isinstance(one, list) and isinstance(other, list):
            elements, its_elements = cast("list[object]", one), cast("list[object]", other)
            if len(elements) != len(its_elements):
                return False
            pending += zip(elements, its_elements, strict=True)
        elif type(one) is not type(other) or one != other:
            return False
    return True


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _fields(value: object) -> list[tuple[str, object]]:
    fields = list(cast("dict[str, object]", value).items())
    indexes = sorted((field for field in fields if _is_index(field[0])), key=_index)
    return indexes + [field for field in fields if not _is_index(field[0])]


def _is_index(name: str) -> bool:
    if not (name.isascii() and name.isdigit() and len(name) <= 10):
        return False
    return str(int(name)) == name and int(name) <= _LARGEST_INDEX


def _index(field: tuple[str, object]) -> int:
    return int(field[0])
