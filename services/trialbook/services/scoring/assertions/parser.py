"""From the text of an assertion to its expression.

Binding from loose to tight: `||`, `&&`, one level of comparisons, then `!` and what stands alone.
Each level joins from the left.
"""

from __future__ import annotations

from trialbook.services.scoring.assertions.expression import (
    Binary,
    Call,
    Expression,
    Function,
    Literal,
    Not,
    Operator,
    Path,
    Predicate,
)
from trialbook.services.scoring.assertions.scanner import InvalidAssertion, Scanner
from trialbook.services.scoring.parameters import or_list

__all__ = ["InvalidAssertion", "parse"]

MAXIMUM_EXPRESSION_BYTES = 4096
MAXIMUM_NESTING = 32
MAXIMUM_OPERATORS = 64

ROOTS = ("input", "output", "expected")
_ENCODED = "_json"
_WORDS: dict[str, object] = {"true": True, "false": False, "null": None}
_FUNCTIONS: dict[str, Function | Predicate] = {each.value: each for each in (*Function, *Predicate)}
_ELEMENTWISE = (Function.ALL, Function.ANY)
# The longer of two operators that begin alike comes first.
_LEVELS = (
    (Operator.OR,),
    (Operator.AND,),
    (
        Operator.EQUAL,
        Operator.UNEQUAL,
        Operator.AT_MOST,
        Operator.AT_LEAST,
        Operator.LESS,
        Operator.GREATER,
    ),
)


def parse(text: str) -> Expression:
    """Read one expression. Raise `InvalidAssertion` if it is malformed or over a limit.

    The limits: 4096 bytes, 32 levels of nesting, 64 operators with two operands.
    """
    size = len(text.encode())
    if size > MAXIMUM_EXPRESSION_BYTES:
        raise InvalidAssertion(f"It has {size:,} bytes; {MAXIMUM_EXPRESSION_BYTES:,} are allowed.")
    scanner = Scanner(text)
    expression = _Parser(scanner).binary(0)
    scanner.require_end()
    return expression


class _Parser:
    """Reads one expression by recursive descent."""

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner
        self._nesting = 0
        self._operators = 0

    def binary(self, level: int) -> Expression:
        """Read operands that the operators of a level join."""
        if level == len(_LEVELS):
            return self._operand()
        left = self.binary(level + 1)
        while operator := self._operator(_LEVELS[level]):
            left = Binary(operator, left, self.binary(level + 1))
        return left

    def _operator(self, choices: tuple[Operator, ...]) -> Operator | None:
        for operator in choices:
            if self._scanner.take(operator):
                self._operators += 1
                if self._operators > MAXIMUM_OPERATORS:
                    raise self._scanner.error(f"more than {MAXIMUM_OPERATORS} operators")
                return operator
        return None

    def _operand(self) -> Expression:
        self._enter()
        operand = self._innermost()
        self._nesting -= 1
        return operand

    def _innermost(self) -> Expression:
        scanner = self._scanner
        if scanner.take("!"):
            return Not(self._operand())
        if scanner.take("("):
            inner = self.binary(0)
            scanner.require(")")
            return inner
        if scanner.at_literal():
            return Literal(scanner.literal())
        name = scanner.name()
        if name in _WORDS:
            return Literal(_WORDS[name])
        return self._call(name) if scanner.take("(") else self._path(name)

    def _call(self, name: str) -> Call:
        function = _FUNCTIONS.get(name)
        if function is None:
            raise self._scanner.name_error(
                f"`{name}` is no function; there is {or_list(_FUNCTIONS)}"
            )
        argument = self.binary(0)
        predicate = None
        if function in _ELEMENTWISE:
            self._scanner.require(",")
            predicate = self._predicate(name)
        self._scanner.require(")")
        return Call(function, argument, predicate)

    def _predicate(self, function: str) -> Predicate:
        """Read the bare name of a predicate, which may stand in parentheses."""
        self._enter()
        if self._scanner.take("("):
            predicate = self._predicate(function)
            self._scanner.require(")")
        else:
            name = self._scanner.name()
            if name not in _FUNCTIONS or not isinstance(_FUNCTIONS[name], Predicate):
                wanted = or_list(Predicate)
                raise self._scanner.name_error(f"`{function}` applies {wanted} to each element")
            predicate = Predicate(name)
        self._nesting -= 1
        return predicate

    def _path(self, name: str) -> Path:
        root = name.removesuffix(_ENCODED)
        if root not in ROOTS:
            known = or_list(each + ending for ending in ("", _ENCODED) for each in ROOTS)
            raise self._scanner.name_error(f"`{name}` is nothing known; a path begins with {known}")
        fields: list[str] = []
        while self._scanner.take("."):
            fields.append(self._scanner.name())
        return Path(root, root != name, tuple(fields))

    def _enter(self) -> None:
        self._nesting += 1
        if self._nesting > MAXIMUM_NESTING:
            raise self._scanner.error(f"more than {MAXIMUM_NESTING} levels of nesting")
