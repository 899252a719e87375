"""The words of a filter, and where in its text they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from trialbook.services.domain.errors import Invalid

_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r\n]+)
    | (?P<operator>!=|<=|>=|[=<>:])
    | (?P<bracket>[()])
    | (?P<dot>\.(?![0-9]))
    | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<number>-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![A-Za-z0-9_]))
    | (?P<minus>-)
    | (?P<star>\*)
    | (?P<word>[^\s"'()=<>!:.,*\\-][^\s"'()=<>!:.,*\\]*)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Token:
    """One word: its kind, its text (without quotes), and the column where it begins, from 1."""

    kind: str
    text: str
    column: int

    def __str__(self) -> str:
        return "its end" if self.kind == "end" else repr(self.text[:40])


def tokens(path: str, text: str) -> Iterator[Token]:
    """Yield the words of a filter and its end. Raises Invalid."""
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise refusal(path, at + 1, f"{text[at : at + 10]!r} is not understood")
        kind, word = str(found.lastgroup), found.group()
        if kind == "text":
            word = _ESCAPE.sub(r"\1", word[1:-1])
        if kind != "space":
            yield Token(kind, word, at + 1)
        at = found.end()
    yield Token("end", "", len(text) + 1)


def refusal(path: str, column: int, problem: str) -> Invalid:
    """Return the error for what stands at a column of a filter."""
    return Invalid.field(path, f"column {column}: {problem}", reason="INVALID_FILTER")
