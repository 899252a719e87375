"""Reading how arguments are compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from trialbook.services.scoring.expectation.arguments_rule import ArgumentsMode, ArgumentsRule
from trialbook.services.scoring.expectation.fields import Fields
from trialbook.services.scoring.expectation.invalid_expectation import InvalidExpectation, wanted
from trialbook.services.scoring.pattern import InvalidPattern, Pattern, compile_pattern
from trialbook.services.scoring.schema_validator import (
    InvalidSchema,
    SchemaValidator,
    compile_schema,
)

RULE_NAMES: dict[str, str] = {
    "args_mode": "args_mode",
    "argsMode": "args_mode",
    "arg_paths": "arg_paths",
    "argPaths": "arg_paths",
    "args_schema": "args_schema",
    "argsSchema": "args_schema",
    "args_patterns": "args_patterns",
    "argsPatterns": "args_patterns",
}
"""The fields of a rule, by their names."""

_NEEDS = {
    ArgumentsMode.PATHS: "arg_paths",
    ArgumentsMode.SCHEMA: "args_schema",
    ArgumentsMode.REGEX: "args_patterns",
}


def read_rule(fields: Fields, *, has_args: bool = False) -> ArgumentsRule | None:
    """Return the rule that an object states, None if it states none.

    Without `args_mode` it is told from what else is given. Raise `InvalidExpectation` if what the
    mode needs is missing, if what is given is of no use to it, or if it is not clear what is meant.
    """
    mode = fields.word("args_mode", ArgumentsMode)
    given = [(each, field) for each, field in _NEEDS.items() if fields.states(field)]
    if mode is None:
        if not given:
            return None
        if len(given) > 1 or (has_args and given[0][0] is not ArgumentsMode.PATHS):
            raise InvalidExpectation(
                fields.place("args_mode"),
                f"`{fields.place('args_mode')}` is needed: say which of what is given counts.",
            )
        mode = given[0][0]
    for other, field in given:
        if other is not mode:
            place = fields.place(field)
            raise InvalidExpectation(place, f"`{place}` is of no use to the mode `{mode}`.")
    if mode in _NEEDS and not given:
        place = fields.place(_NEEDS[mode])
        raise InvalidExpectation(place, f"`{place}` is needed by the mode `{mode}`.")
    return ArgumentsRule(mode, _paths(fields), _schema(fields), _patterns(fields))


def read_rules(value: object, path: str) -> dict[str, ArgumentsRule]:
    """Return the rules of an object that has one per tool."""
    if not isinstance(value, dict):
        raise wanted(path, "an object with a rule per tool")
    rules: dict[str, ArgumentsRule] = {}
    for tool, stated in cast("dict[str, object]", value).items():
        place = f"{path}.{tool[:100]}"
        rule = read_rule(Fields(stated, place, RULE_NAMES))
        if rule is None:
            raise wanted(place, "a rule: give at least `args_mode`")
        rules[tool] = rule
    return rules


def _paths(fields: Fields) -> tuple[str, ...]:
    paths = fields.list("arg_paths")
    place = fields.place("arg_paths")
    if fields.states("arg_paths") and not paths:
        raise wanted(place, "a list of at least one JSON Pointer")
    return tuple(_pointer(path, f"{place}[{index}]") for index, path in enumerate(paths))


def _schema(fields: Fields) -> SchemaValidator | None:
    if not fields.states("args_schema"):
        return None
    place = fields.place("args_schema")
    schema = fields.raw("args_schema")
    if not isinstance(schema, dict | bool):
        raise wanted(place, "a JSON Schema: an object, true or false")
    try:
        return compile_schema(cast("object", schema))
    except InvalidSchema as error:
        inner = place + error.path.replace("/", ".")
        raise InvalidExpectation(inner, f"`{inner}` cannot be used. {error}") from error


def _patterns(fields: Fields) -> tuple[tuple[str, str, Pattern], ...]:
    if not fields.states("args_patterns"):
        return ()
    place = fields.place("args_patterns")
    stated = fields.raw("args_patterns")
    if not isinstance(stated, dict) or not stated:
        raise wanted(place, "an object with a regular expression per JSON Pointer")
    return tuple(
        _pattern(_pointer(pointer, place), expression, f"{place}.{pointer[:100]}")
        for pointer, expression in cast("Mapping[str, object]", stated).items()
    )


def _pattern(pointer: str, expression: object, place: str) -> tuple[str, str, Pattern]:
    if not isinstance(expression, str):
        raise wanted(place, "a regular expression")
    try:
        return pointer, expression, compile_pattern(expression)
    except InvalidPattern as error:
        raise InvalidExpectation(place, f"`{place}` cannot be used: {error}.") from error


def _pointer(value: object, place: str) -> str:
    if not isinstance(value, str) or (value and not value.startswith("/")):
        raise wanted(place, "a JSON Pointer, such as `/city` or the empty text for the whole")
    return value
