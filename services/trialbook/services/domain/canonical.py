"""When two contents are the same: JSON by its values, whatever its spaces and the order of keys."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable

import msgspec

DIGEST_SIZE = 16
"""Bytes. Enough that no two of a billion contents meet by chance."""

_LONGEST_INTEGER = 40
_LONGEST_EXPONENT = 18
_NUMBER = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]\+?(-?[0-9]+))?")


def _exact(text: str) -> int | msgspec.Raw:
    """Return a number so that equal ones are encoded alike, whatever its size."""
    match = _NUMBER.fullmatch(text)
    assert match is not None
    sign, whole, fraction, exponent = match.groups("")
    digits = (whole + fraction).lstrip("0")
    figures = digits.rstrip("0")
    if not figures:
        return 0
    if len(exponent) > _LONGEST_EXPONENT:
        return msgspec.Raw(text.lower().encode())
    power = int(exponent or 0) - len(fraction) + len(digits) - len(figures)
    if 0 <= power <= _LONGEST_INTEGER - len(figures):
        return int(sign + figures + "0" * power)
    return msgspec.Raw(f"{sign}{figures}e{power}".encode())


_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(float_hook=_exact)


def canonical_json(text: str) -> bytes:
    """Return the same bytes for every JSON text of the same value, `text` being checked JSON.

    Keys are ordered, spaces dropped, escapes resolved; 1, 1.0 and 1e0 are one number. Numbers are
    compared by all their digits, not as the doubles that they might become.
    """
    try:
        value = _decoder.decode(text)
    except msgspec.DecodeError:
        # An integer of thousands of digits, which is JSON nevertheless.
        value = json.loads(text, parse_int=_exact, parse_float=_exact)
    return _encoder.encode(value)


def content_digest(parts: Iterable[str | None]) -> bytes:
    """Return what tells a content, given part by part as JSON texts; None where a part is absent.

    An absent part and `null` are the same.
    """
    return hashlib.blake2b(
        b"".join([_ABSENT if part is None else _framed(canonical_json(part)) for part in parts]),
        digest_size=DIGEST_SIZE,
    ).digest()


def _framed(part: bytes) -> bytes:
    """Return a part so that no two lists of parts come to the same bytes."""
    return len(part).to_bytes(4, "big") + part


_ABSENT = _framed(b"null")
