"""Comparing the arguments of a call with those expected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import cast

import msgspec

from trialbook.services.scoring.abridged import abridged
from trialbook.services.scoring.expectation.arguments_rule import ArgumentsMode, ArgumentsRule
from trialbook.services.scoring.json_document import as_text
from trialbook.services.scoring.not_evaluable import NotEvaluable
from trialbook.services.scoring.safe_keywords import StepsExhausted
from trialbook.services.scoring.schema_validator import pointer
from trialbook.services.scoring.trajectory.json_equality import at, escaped, leaves, same

_MOST_DIFFERENCES = 20


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where arguments are not the expected ones.

    `path` is a JSON Pointer into the arguments. `expected` and `actual` are UNSET where there is
    nothing; `message` says more, where a schema or a pattern is not fulfilled.
    """

    path: str
    expected: object = msgspec.UNSET
    actual: object = msgspec.UNSET
    message: str = ""


def score(rule: ArgumentsRule, expected: object, actual: object) -> float:
    """Return how far arguments are the expected ones, from 0 to 1.

    Every mode but `partial` gives 0 or 1; `partial` gives the leaves that are equal over the leaves
    of both together, and 1 where there is none. `expected` is UNSET where nothing is said of the
    values. Raise `NotEvaluable` if the arguments are too large for the schema.
    """
    match rule.mode:
        case ArgumentsMode.IGNORE:
            return 1.0
        case ArgumentsMode.SCHEMA:
            return 0.0 if _schema_differences(rule, actual) else 1.0
        case ArgumentsMode.REGEX:
            return 0.0 if _pattern_differences(rule, actual) else 1.0
        case _ if expected is msgspec.UNSET:
            return 1.0
        case ArgumentsMode.EXACT:
            return float(same(expected, actual))
        case ArgumentsMode.SUPERSET:
            return float(_contains(actual, expected))
        case ArgumentsMode.SUBSET:
            return float(_contains(expected, actual))
        case ArgumentsMode.PATHS:
            return float(all(_same_at(path, expected, actual) for path in rule.paths))
        case ArgumentsMode.PARTIAL:
            return _share_of_leaves(expected, actual)


def differences(rule: ArgumentsRule, expected: object, actual: object) -> tuple[Difference, ...]:
    """Return where arguments are not the expected ones, as far as the rule looks; at most 20."""
    if rule.mode is ArgumentsMode.IGNORE:
        return ()
    if rule.mode is ArgumentsMode.SCHEMA:
        return _schema_differences(rule, actual)
    if rule.mode is ArgumentsMode.REGEX:
        return _pattern_differences(rule, actual)
    if expected is msgspec.UNSET:
        return ()
    if rule.mode is ArgumentsMode.PATHS:
        return tuple(
            Difference(path, _found(expected, path), _found(actual, path))
            for path in rule.paths
            if not _same_at(path, expected, actual)
        )[:_MOST_DIFFERENCES]
    found = _inner_differences(rule.mode, "", expected, actual)
    return tuple(islice(found, _MOST_DIFFERENCES))


def _inner_differences(
    mode: ArgumentsMode, path: str, expected: object, actual: object
) -> Iterator[Difference]:
    if isinstance(expected, dict) and isinstance(actual, dict):
        wanted, there = cast("dict[str, object]", expected), cast("dict[str, object]", actual)
        for name in dict.fromkeys([*wanted, *there]):
            place = f"{path}/{escaped(name)}"
            if name in wanted and name in there:
                yield from _inner_differences(mode, place, wanted[name], there[name])
            elif name in wanted and mode is not ArgumentsMode.SUBSET:
                yield Difference(place, expected=wanted[name])
            elif name in there and mode is not ArgumentsMode.SUPERSET:
                yield Difference(place, actual=there[name])
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        pairs = zip(cast("list[object]", expected), cast("list[object]", actual), strict=True)
        for index, (one, other) in enumerate(pairs):
            yield from _inner_differences(mode, f"{path}/{index}", one, other)
    elif not same(expected, actual):
        yield Difference(path, expected, actual)


def _contains(larger: object, smaller: object) -> bool:
    """Tell whether an object has all that another has; other values must be the same."""
    if isinstance(smaller, dict) and isinstance(larger, dict):
        there = cast("dict[str, object]", larger)
        wanted = cast("dict[str, object]", smaller)
        return all(
            name in there and _contains(there[name], value) for name, value in wanted.items()
        )
    if isinstance(smaller, list) and isinstance(larger, list):
        entries, others = cast("list[object]", larger), cast("list[object]", smaller)
        return len(entries) == len(others) and all(map(_contains, entries, others))
    return same(larger, smaller)


def _share_of_leaves(expected: object, actual: object) -> float:
    # An object without properties has no leaves to share.
    one = {} if expected == {} else leaves(expected)
    other = {} if actual == {} else leaves(actual)
    equal = sum(place in other and same(leaf, other[place]) for place, leaf in one.items())
    together = len(one.keys() | other.keys())
    return equal / together if together else 1.0


def _same_at(path: str, expected: object, actual: object) -> bool:
    (in_expected, one), (in_actual, other) = at(expected, path), at(actual, path)
    return in_expected == in_actual and same(one, other)


def _found(value: object, path: str) -> object:
    there, found = at(value, path)
    return found if there else msgspec.UNSET


def _schema_differences(rule: ArgumentsRule, actual: object) -> tuple[Difference, ...]:
    assert rule.schema is not None
    try:
        errors = rule.schema.errors(abridged(actual))
    except (StepsExhausted, RecursionError) as error:
        raise NotEvaluable(
            "too_large", "Checking a call's arguments against their schema takes too many steps."
        ) from error
    return tuple(
        Difference(pointer(error), actual=_found(actual, pointer(error)), message=error.message)
        for error in errors[:_MOST_DIFFERENCES]
    )


def _pattern_differences(rule: ArgumentsRule, actual: object) -> tuple[Difference, ...]:
    found: list[Difference] = []
    for path, expression, pattern in rule.patterns:
        there, value = at(actual, path)
        if not there or pattern.search(as_text(value)) is None:
            message = f"does not match {expression!r}" if there else f"is absent: {expression!r}"
            found.append(Difference(path, actual=_found(actual, path), message=message))
    return tuple(found[:_MOST_DIFFERENCES])
