"""The digest of a Mastra snapshot: SHA-256 over RFC 8785 canonical JSON, items by identity."""

from __future__ import annotations

import hashlib
import json
import math
from decimal import Decimal
from typing import Any

from trialbook.services.formats.row import Unreadable

_MOST_DIGITS = 21
"""ECMAScript writes numbers below 10**21 without an exponent."""
_LEAST_EXPONENT = -6


def digest_of(data: bytes) -> str:
    """Return the digest of a snapshot's content in hex. Raises Unreadable for doubled fields."""
    try:
        document = json.loads(
            data,
            object_pairs_hook=_without_doubles,
            parse_int=float,
            parse_constant=_refuse_constant,
        )
        document.pop("digest", None)
        document["items"] = sorted(document["items"], key=lambda item: _order(item["itemIdentity"]))
        canonical = _canonical(document)
        return hashlib.sha256(canonical.encode()).hexdigest()
    except (AttributeError, TypeError, KeyError, ValueError, RecursionError) as error:
        raise Unreadable(f"is no Mastra snapshot of formatVersion 1: {error}") from error


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        doubled = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"an object has two fields {doubled!r}")
    return members


def _refuse_constant(text: str) -> float:
    raise ValueError(f"{text} is no JSON number")


def _order(text: str) -> bytes:
    """RFC 8785 sorts by UTF-16 code units."""
    return text.encode("utf-16-be")


def _canonical(value: Any) -> str:
    if isinstance(value, dict):
        members = (
            f"{_string(name)}:{_canonical(value[name])}" for name in sorted(value, key=_order)
        )
        return f"{{{','.join(members)}}}"
    if isinstance(value, list):
        return f"[{','.join(map(_canonical, value))}]"
    if isinstance(value, float):
        return number_text(value)
    return _string(value)


def _string(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def number_text(value: float) -> str:
    """Return a number as ECMAScript writes it. Raises ValueError for what is not finite."""
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    if value == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits))
    point = len(text) + exponent
    return ("-" if sign else "") + _placed(text, point)


def _placed(digits: str, point: int) -> str:
    """Put the decimal point after so many digits, or write an exponent."""
    if len(digits) <= point <= _MOST_DIGITS:
        return digits + "0" * (point - len(digits))
    if 0 < point <= _MOST_DIGITS:
        return f"{digits[:point]}.{digits[point:]}"
    if _LEAST_EXPONENT < point <= 0:
        return f"0.{'0' * -point}{digits}"
    mantissa = digits[0] + (f".{digits[1:]}" if len(digits) > 1 else "")
    return f"{mantissa}e{point - 1:+d}"
