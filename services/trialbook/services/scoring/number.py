"""Reading numbers, exactly, from JSON and from prose."""

from __future__ import annotations

import re
from collections import deque
from decimal import Decimal, InvalidOperation
from fractions import Fraction

MAXIMUM_NUMBER_LENGTH = 1000
"""How many characters a number may have."""

MAXIMUM_EXPONENT = 4000
"""How large the power of ten of a number's first digit may be, up or down."""

_PLAIN = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")

_IN_PROSE = re.compile(
    r"""
    (?P<sign> (?<![0-9A-Za-z_)\]%.]) [-\u2212+] )?        # "5-3" subtracts, "x = -3" does not
    (?: [$\u20ac\u00a3\u00a5\u20b9] \ ? (?P<inner_sign> [-\u2212] )? )?
    (?P<digits>
        (?: [0-9]{1,3} (?: ,[0-9]{3} )+ (?![0-9]) | [0-9]+ ) (?: \.[0-9]+ )?
        | (?<![0-9.]) \.[0-9]+
    )
    (?P<exponent> [eE][-\u2212+]?[0-9]+ )?
    """,
    re.VERBOSE,
)


def plain_number(text: str) -> Decimal | None:
    """Return the number that is the whole of ``text``, or ``None`` if it is not just a number.

    Decimal and scientific notation; no separators, no symbols, neither infinity nor NaN.
    """
    return _decimal(text) if _PLAIN.fullmatch(text) else None


def final_number(text: str) -> Decimal | None:
    """Return the last number in a text, or ``None`` if there is none.

    Understands ``1,234,567.89``, a currency sign before and a percent sign after the digits
    (both ignored), an ASCII or Unicode minus, and scientific notation. Nothing is calculated:
    the final number of ``3/4`` is 4.
    """
    last = deque(_IN_PROSE.finditer(text), maxlen=1)
    return _from_match(last[0]) if last else None


def leading_number(text: str) -> Decimal | None:
    """Return the number that ``text`` begins with, read as `final_number` does."""
    match = _IN_PROSE.match(text)
    return None if match is None else _from_match(match)


def from_parameter(number: float) -> Decimal:
    """Return a parameter as the decimal that was written, not as its binary neighbour."""
    return Decimal(repr(number))


def is_near(output: Decimal, expected: Decimal, absolute: Decimal, relative: Decimal) -> bool:
    """Tell whether two numbers differ by at most the larger of the two tolerances, exactly.

    ``relative`` is a fraction of the size of ``expected``.
    """
    if output == expected:
        return True
    if not absolute and not relative:
        return False
    wanted = Fraction(expected)
    allowed = max(Fraction(absolute), Fraction(relative) * abs(wanted))
    return abs(Fraction(output) - wanted) <= allowed


def _from_match(match: re.Match[str]) -> Decimal | None:
    sign = "-" if _is_minus(match["sign"]) != _is_minus(match["inner_sign"]) else ""
    exponent = (match["exponent"] or "").replace("\u2212", "-")
    return _decimal(sign + match["digits"].replace(",", "") + exponent)


def _is_minus(sign: str | None) -> bool:
    return sign in ("-", "\u2212")


def _decimal(text: str) -> Decimal | None:
    if len(text) > MAXIMUM_NUMBER_LENGTH:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if abs(number.adjusted()) <= MAXIMUM_EXPONENT else None
