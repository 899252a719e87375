"""JSON Schema keywords whose work is bounded, whatever the schema and the instance.

The library's own keywords match patterns with a backtracking engine, and compare every pair of
items for uniqueness; a hostile output could hold the server for hours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from fractions import Fraction
from typing import Any, cast

from jsonschema import ValidationError

from trialbook.services.scoring.pattern import compile_pattern

Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError] | None]
"""A keyword as the library calls it: validator, the keyword's value, instance, whole schema."""


class StepsExhausted(Exception):
    """A validation that took more steps than it may."""


class Steps:
    """How many keywords one validation may still apply."""

    def __init__(self, remaining: int) -> None:
        """Allow ``remaining`` steps."""
        self._remaining = remaining

    def take(self) -> None:
        """Count one. Raise `StepsExhausted` if there is none left."""
        if self._remaining <= 0:
            raise StepsExhausted
        self._remaining -= 1


STEPS: ContextVar[Steps] = ContextVar("STEPS")
"""The steps of the validation that is running in this thread or task."""


def counted(keyword: Keyword) -> Keyword:
    """Return ``keyword``, taking one step at each application."""

    def apply(
        validator: Any, value: Any, instance: Any, schema: Any
    ) -> Iterator[ValidationError] | None:
        STEPS.get().take()
        return keyword(validator, value, instance, schema)

    return apply


def pattern(_: Any, expression: str, instance: Any, __: Any) -> Iterator[ValidationError]:
    """Apply ``pattern``."""
    if isinstance(instance, str) and not compile_pattern(expression).search(instance):
        yield ValidationError(f"{instance!r} does not match {expression!r}")


def pattern_properties(
    validator: Any, schemas: Mapping[str, Any], instance: Any, _: Any
) -> Iterator[ValidationError]:
    """Apply ``patternProperties``."""
    if not isinstance(instance, dict):
        return
    for expression, schema in schemas.items():
        compiled = compile_pattern(expression)
        for name, value in instance.items():
            if compiled.search(name):
                yield from validator.descend(value, schema, path=name, schema_path=expression)


def additional_properties(
    validator: Any, schema: Any, instance: Any, parent: Mapping[str, Any]
) -> Iterator[ValidationError]:
    """Apply ``additionalProperties``."""
    if not isinstance(instance, dict):
        return
    declared = parent.get("properties", {})
    patterns = [compile_pattern(each) for each in parent.get("patternProperties", {})]
    for name, value in instance.items():
        if name in declared or any(each.search(name) for each in patterns):
            continue
        if schema is False:
            yield ValidationError(f"The property {name!r} is not allowed here")
        else:
            yield from validator.descend(value, schema, path=name)


def unique_items(_: Any, wanted: Any, instance: Any, __: Any) -> Iterator[ValidationError]:
    """Apply ``uniqueItems``."""
    if wanted and isinstance(instance, list):
        items = cast("list[object]", instance)
        if len({_equality_key(item) for item in items}) < len(items):
            yield ValidationError("The items are not all different")


def multiple_of(_: Any, divisor: Any, instance: Any, __: Any) -> Iterator[ValidationError]:
    """Apply ``multipleOf``, exactly: 0.3 is a multiple of 0.1."""
    if isinstance(instance, bool) or not isinstance(instance, int | float):
        return
    if Fraction(repr(instance)) % Fraction(repr(divisor)):
        yield ValidationError(f"{instance!r} is not a multiple of {divisor!r}")


def _equality_key(value: object) -> object:
    """Return a key that is equal for equal JSON values only: 1 is 1.0, but never true."""
    if isinstance(value, list):
        items = cast("list[object]", value)
        return ("array", tuple(_equality_key(item) for item in items))
    if isinstance(value, dict):
        properties = cast("dict[str, object]", value)
        members = frozenset((name, _equality_key(each)) for name, each in properties.items())
        return ("object", members)
    return ("boolean", value) if isinstance(value, bool) else value


SAFE_KEYWORDS: dict[str, Keyword] = {
    "pattern": pattern,
    "patternProperties": pattern_properties,
    "additionalProperties": additional_properties,
    "uniqueItems": unique_items,
    "multipleOf": multiple_of,
}
