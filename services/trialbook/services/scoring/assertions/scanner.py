"""Cutting an assertion into words, one at a time, as the parser asks for them."""

from __future__ import annotations

import re

import msgspec

_SPACE = re.compile(r"[ \t\r\n\x0b\x0c]*")
_NAME = re.compile(r"[A-Za-z0-9_]+")
_TEXT = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_DECODER = msgspec.json.Decoder()


class InvalidAssertion(Exception):
    """An expression that is not of the language; the text says where and why."""


class Scanner:
    """A place in the text of one expression."""

    def __init__(self, text: str) -> None:
        """Start before the first character."""
        self._text = text
        self._position = 0
        self._name_start = 0

    def take(self, word: str) -> bool:
        """Step over `word` if it comes next, white space before it aside."""
        self._skip_space()
        if not self._text.startswith(word, self._position):
            return False
        self._position += len(word)
        return True

    def name(self) -> str:
        """Step over a name of ASCII letters, digits and underscores, and return it."""
        self._skip_space()
        match = _NAME.match(self._text, self._position)
        if match is None:
            raise self.error(f"a name is expected, not {self._next()}")
        self._name_start, self._position = match.span()
        return match[0]

    def at_literal(self) -> bool:
        """Tell whether a text or a number comes next."""
        self._skip_space()
        return self._text[self._position : self._position + 1] in tuple('"-0123456789')

    def literal(self) -> object:
        """Step over a text or a number in JSON's notation, and return its value."""
        pattern = _TEXT if self._text[self._position] == '"' else _NUMBER
        match = pattern.match(self._text, self._position)
        if match is None:
            raise self.error("this is neither a JSON text nor a JSON number")
        try:
            value = _DECODER.decode(match[0])
        except (msgspec.DecodeError, UnicodeEncodeError) as error:
            raise self.error(f"this literal cannot be read: {error}") from error
        self._position = match.end()
        return value

    def require(self, word: str) -> None:
        """Step over `word`. Raise `InvalidAssertion` if something else comes next."""
        if not self.take(word):
            raise self.error(f"`{word}` is expected, not {self._next()}")

    def require_end(self) -> None:
        """Raise `InvalidAssertion` if anything is left."""
        self._skip_space()
        if self._position < len(self._text):
            raise self.error(f"nothing may follow here, but {self._next()} does")

    def error(self, reason: str) -> InvalidAssertion:
        """Return the refusal of what comes next."""
        return InvalidAssertion(f"At character {self._position + 1}: {reason}.")

    def name_error(self, reason: str) -> InvalidAssertion:
        """Return the refusal of the name that was stepped over last."""
        return InvalidAssertion(f"At character {self._name_start + 1}: {reason}.")

    def _skip_space(self) -> None:
        match = _SPACE.match(self._text, self._position)
        assert match is not None, "white space may be empty"
        self._position = match.end()

    def _next(self) -> str:
        following = self._text[self._position : self._position + 1]
        return f"`{following}`" if following else "the end"
