"""Reading the JSON text of an output or of an expected value, within bounds."""

from __future__ import annotations

import re

import msgspec

from trialbook.services.scoring.not_evaluable import NotEvaluable

MAXIMUM_DEPTH = 128
"""How deeply arrays and objects may be nested; serde_json and most other readers stop here too."""

_VALUE_DECODER = msgspec.json.Decoder()
_GRAMMAR_DECODER = msgspec.json.Decoder(msgspec.Raw)
_SORTING_ENCODER = msgspec.json.Encoder(order="deterministic")
_UNREAD = object()

# A string whose closing quote is missing still matches to the end, so that hostile text costs
# linear time.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]+|\\.)*"?|[\[\]{}]', re.DOTALL)


class Document:
    """One JSON text, decoded once at the first need and shared by every scorer of a sample."""

    __slots__ = ("_subject", "_text", "_value", "json")

    def __init__(self, subject: str, json: str) -> None:
        """Hold ``json``; ``subject`` is its name in sentences, such as ``output``."""
        self.json = json
        self._subject = subject
        self._value: object = _UNREAD
        self._text: str | None = None

    def value(self) -> object:
        """Return the decoded value. Raise `NotEvaluable` if it cannot be read."""
        if self._value is _UNREAD:
            self._value = read_json(self.json, self._subject)
        return self._value

    def text(self) -> str:
        """Return the value as text. Raise `NotEvaluable` if it cannot be read.

        A string is itself, null is the empty text, and anything else is its compact JSON with
        sorted keys: so ``"1"`` equals ``1``, and ``1`` does not equal ``1.0``.
        """
        if self._text is None:
            self._text = as_text(self.value())
        return self._text

    def number_literal(self) -> str | None:
        """Return a number's digits as they were written, or ``None`` if the value is no number.

        Raise `NotEvaluable` if the document cannot be read.
        """
        value = self.value()
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return self.json.strip()


def as_text(value: object) -> str:
    """Return a decoded JSON value as the text that text scorers compare."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return _SORTING_ENCODER.encode(value).decode()


def read_json(json: str, subject: str) -> object:
    """Decode ``json``. Raise `NotEvaluable` if it is malformed, out of range or too deep."""
    require_bounded_depth(json, subject)
    try:
        return _VALUE_DECODER.decode(json)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise NotEvaluable("unreadable", f"The {subject} is not readable JSON: {error}.") from error
    except RecursionError as error:
        raise _too_deep(subject) from error


def is_json(text: str, subject: str) -> bool:
    """Tell whether ``text`` follows the grammar of RFC 8259. Raise `NotEvaluable` if too deep."""
    require_bounded_depth(text, subject)
    try:
        _GRAMMAR_DECODER.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return False
    except RecursionError as error:
        raise _too_deep(subject) from error
    return True


def require_bounded_depth(json: str, subject: str) -> None:
    """Raise `NotEvaluable` if ``json`` nests deeper than `MAXIMUM_DEPTH`."""
    if json.startswith('"'):
        return  # A string cannot nest, and most outputs are strings.
    if json.count("[") + json.count("{") > MAXIMUM_DEPTH and _depth(json) > MAXIMUM_DEPTH:
        raise _too_deep(subject)


def _depth(json: str) -> int:
    depth = deepest = 0
    for token in _STRING_OR_BRACKET.finditer(json):
        first = json[token.start()]
        if first in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif first in "]}":
            depth -= 1
    return deepest


def _too_deep(subject: str) -> NotEvaluable:
    return NotEvaluable(
        "too_deep", f"The {subject} nests deeper than {MAXIMUM_DEPTH} arrays and objects."
    )
