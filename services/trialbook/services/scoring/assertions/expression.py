"""The expressions of the assertion language, as the parser makes them."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Operator(enum.StrEnum):
    """The operators that take two operands, as they are written."""

    OR = "||"
    AND = "&&"
    EQUAL = "=="
    UNEQUAL = "!="
    AT_MOST = "<="
    AT_LEAST = ">="
    LESS = "<"
    GREATER = ">"


class Function(enum.StrEnum):
    """The functions that are no type predicates."""

    SIZE = "size"
    UNIQUE = "unique"
    ALL = "all"
    ANY = "any"


class Predicate(enum.StrEnum):
    """The functions that ask for a value's type, each also an argument of `all` and `any`."""

    ARRAY = "is_array"
    OBJECT = "is_object"
    STRING = "is_string"
    NUMBER = "is_number"
    BOOLEAN = "is_boolean"
    NULL = "is_null"


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that is written out; numbers, texts, true, false, null."""

    value: object


@dataclass(frozen=True, slots=True)
class Path:
    """A part of the sample: `root` is input, output or expected.

    With `encoded` a root that is a text is read as JSON first (`output_json`).
    """

    root: str
    encoded: bool
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a boolean."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands and what joins them."""

    operator: Operator
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Call:
    """A function of one value; `all` and `any` have a predicate for each element besides."""

    function: Function | Predicate
    argument: Expression
    predicate: Predicate | None = None


Expression = Literal | Path | Not | Binary | Call
