"""Conditions on items, as callers write them: a part of the filter syntax of AIP-160.

    filter      := sequence {AND sequence}
    sequence    := factor {OR factor}
    factor      := [NOT | -] (comparison | "(" filter ")")
    comparison  := field operator literal
    field       := word {"." (word | text | digits)}

OR binds tighter than AND, as in AIP-160. Nothing is said by two comparisons side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from trialbook.services.application.filter_syntax import Token, refusal, tokens
from trialbook.services.application.item_field import FIELDS, Literal, Operator, comparison
from trialbook.services.application.views import ItemView
from trialbook.services.domain.errors import Invalid

MAX_LENGTH = 2_000
MAX_DEPTH = 20

Condition = Callable[[ItemView], bool]

_NAMES = {"true": True, "false": False, "null": None}
_OPERATORS = "= != < <= > >= or :"


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """A filter that was understood."""

    text: str
    holds: Condition


def parse_filter(path: str, text: str) -> ItemFilter:
    """Return what a filter means. `path` names it in errors. Raises Invalid (INVALID_FILTER)."""
    if len(text) > MAX_LENGTH:
        raise Invalid.field(
            path,
            f"has {len(text):,} characters; write at most {MAX_LENGTH:,}",
            reason="INVALID_FILTER",
        )
    return ItemFilter(text, _Parser(path, text).parse())


class _Parser:
    """Descends through the grammar, one word ahead."""

    def __init__(self, path: str, text: str) -> None:
        self._path = path
        self._tokens = list(tokens(path, text))
        self._at = 0

    def parse(self) -> Condition:
        """Return the condition of the whole text."""
        condition = self._filter(1)
        if self._next.kind != "end":
            raise self._refusal(f"{self._next} cannot stand here; join comparisons by AND or OR")
        return condition

    def _filter(self, depth: int) -> Condition:
        return self._joined("AND", lambda: self._sequence(depth), all)

    def _sequence(self, depth: int) -> Condition:
        return self._joined("OR", lambda: self._factor(depth), any)

    def _joined(
        self, word: str, part: Callable[[], Condition], fold: Callable[[Iterable[bool]], bool]
    ) -> Condition:
        parts = [part()]
        while self._takes_word(word):
            parts.append(part())
        if len(parts) == 1:
            return parts[0]
        return lambda item: fold(condition(item) for condition in parts)

    def _factor(self, depth: int) -> Condition:
        if depth > MAX_DEPTH:
            raise self._refusal(f"is nested deeper than {MAX_DEPTH} levels; make it flatter")
        if self._takes_word("NOT") or self._takes("minus"):
            negated = self._factor(depth + 1)
            return lambda item: not negated(item)
        if self._next.kind == "bracket" and self._next.text == "(":
            self._advance()
            inner = self._filter(depth + 1)
            if self._next.text != ")" or self._next.kind != "bracket":
                raise self._refusal(f"{self._next} stands where a closing bracket is missing")
            self._advance()
            return inner
        return self._comparison()

    def _comparison(self) -> Condition:
        column = self._next.column
        field = self._field()
        if self._next.kind != "operator":
            raise self._refusal(f"{self._next} stands where one of {_OPERATORS} must")
        operator = Operator(self._advance().text)
        literal = self._literal()
        problem, condition = comparison(field, operator, literal)
        if condition is None:
            raise refusal(self._path, column, problem)
        return condition

    def _field(self) -> tuple[str, ...]:
        first = self._next
        if first.kind != "word" or first.text not in FIELDS:
            raise self._refusal(f"{first} is no field; choose of: {', '.join(FIELDS)}")
        parts = [self._advance().text]
        while True:
            # `.0` is read as a number with its point.
            if self._next.kind == "number" and self._next.text.startswith("."):
                parts.append(self._advance().text[1:])
            elif self._takes("dot"):
                if self._next.kind not in ("word", "text"):
                    raise self._refusal(f"{self._next} stands where the name of a member must")
                parts.append(self._advance().text)
            else:
                return tuple(parts)

    def _literal(self) -> Literal:
        token = self._next
        if token.kind == "text":
            return Literal.of_text(self._advance().text)
        if token.kind == "number":
            return Literal.of_number(self._advance().text)
        if token.kind == "star":
            self._advance()
            return Literal.anything()
        if token.kind == "word" and token.text not in ("AND", "OR", "NOT"):
            word = self._advance().text
            if word in _NAMES:
                return Literal(word, _NAMES[word])
            return Literal.of_text(word)
        raise self._refusal(
            f"{token} stands where a value must: a text in quotes, a number, true, null"
        )

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _advance(self) -> Token:
        self._at += 1
        return self._tokens[self._at - 1]

    def _takes(self, kind: str) -> bool:
        if self._next.kind != kind:
            return False
        self._at += 1
        return True

    def _takes_word(self, word: str) -> bool:
        if self._next.kind != "word" or self._next.text != word:
            return False
        self._at += 1
        return True

    def _refusal(self, problem: str) -> Invalid:
        return refusal(self._path, self._next.column, problem)
