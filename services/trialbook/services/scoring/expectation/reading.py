"""Reading an expected trajectory from JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, cast

from trialbook.services.scoring.expectation.arguments_reading import read_rules
from trialbook.services.scoring.expectation.arguments_rule import ArgumentsRule
from trialbook.services.scoring.expectation.expectation import (
    Expectation,
    ExpectedStep,
    Ordering,
)
from trialbook.services.scoring.expectation.fields import Fields, list_of, text_of, texts_of
from trialbook.services.scoring.expectation.invalid_expectation import InvalidExpectation, wanted
from trialbook.services.scoring.expectation.precedence import require_no_circle
from trialbook.services.scoring.expectation.step_reading import (
    read_step,
    step_fields,
    step_type_of,
)
from trialbook.services.scoring.json_document import read_json
from trialbook.services.scoring.not_evaluable import NotEvaluable
from trialbook.services.trajectory.step import StepType

MAXIMUM_STEPS = 1_000
"""How many steps may be expected, those below others counted."""

MAXIMUM_DEPTH = 32
"""How deeply expectations of children may nest."""

_NAMES: dict[str, str] = {
    "steps": "steps",
    "ordering": "ordering",
    "allowRepeatedSteps": "allow_repeated_steps",
    "maxSteps": "max_steps",
    "maxTotalTokens": "max_total_tokens",
    "maxTotalDurationMs": "max_total_duration_ms",
    "noRedundantCalls": "no_redundant_calls",
    "blacklistedTools": "blacklisted_tools",
    "blacklistedSequences": "blacklisted_sequences",
    "maxRetriesPerTool": "max_retries_per_tool",
    "tools": "tools",
    "order": "order",
    "stepTypes": "step_types",
}
_NAMES |= {meaning: meaning for meaning in _NAMES.values()}
_PARALLEL = frozenset({"parallel"})


@lru_cache(maxsize=256)
def read_expectation(text: str) -> Expectation:
    """Return the expectation in an item's `expected_trajectory`, JSON text.

    It is an object with Mastra's fields of a trajectory expectation or ours, each in camelCase or
    snake_case, or a list of steps alone. Raise `InvalidExpectation` with the path of the first
    thing that is wrong; a field that is not known is refused.
    """
    try:
        value = read_json(text, "expected trajectory")
    except NotEvaluable as error:
        raise InvalidExpectation("", error.reason) from error
    return expectation_of(value)


def expectation_of(value: object, path: str = "") -> Expectation:
    """Return the expectation that a decoded JSON value states, likewise.

    `path` is where the value stands, such as `expected`.
    """
    return _Reading().expectation(value, path, 1, {})


class _Reading:
    """Reads one expectation and counts its steps."""

    def __init__(self) -> None:
        self._steps = 0

    def expectation(
        self, value: object, path: str, depth: int, inherited: Mapping[str, ArgumentsRule]
    ) -> Expectation:
        if depth > MAXIMUM_DEPTH:
            raise InvalidExpectation(path, f"`{path}` nests deeper than {MAXIMUM_DEPTH} levels.")
        if isinstance(value, list):
            steps = self._listed(cast("object", value), path or "steps", depth, inherited)
            return Expectation(steps=steps, tools=inherited, stated=frozenset({"steps"}))
        fields = Fields(value, path, _NAMES)
        rules = dict(inherited)
        if fields.states("tools"):
            rules |= read_rules(fields.raw("tools"), fields.place("tools"))
        stated_steps = fields.states("steps")
        return Expectation(
            steps=self._listed(fields.raw("steps"), fields.place("steps"), depth, rules)
            if stated_steps
            else None,
            tools=rules,
            **_limits(fields),
        )

    def _listed(
        self, value: object, path: str, depth: int, rules: Mapping[str, ArgumentsRule]
    ) -> tuple[ExpectedStep, ...]:
        steps: list[ExpectedStep] = []
        groups = 0
        for index, entry in enumerate(list_of(value, path)):
            place = f"{path}[{index}]"
            if isinstance(entry, dict) and cast("dict[str, object]", entry).keys() == _PARALLEL:
                groups += 1
                inner = f"{place}.parallel"
                members = list_of(cast("dict[str, object]", entry)["parallel"], inner)
                steps += [
                    self._step(member, f"{inner}[{number}]", depth, rules, groups)
                    for number, member in enumerate(members)
                ]
            else:
                steps.append(self._step(entry, place, depth, rules, None))
        return tuple(steps)

    def _step(
        self,
        value: object,
        path: str,
        depth: int,
        rules: Mapping[str, ArgumentsRule],
        parallel_group: int | None,
    ) -> ExpectedStep:
        self._steps += 1
        if self._steps > MAXIMUM_STEPS:
            raise InvalidExpectation(
                path, f"`{path}` is over the limit of {MAXIMUM_STEPS:,} steps."
            )
        fields = step_fields(value, path)
        step = read_step(fields, rules, parallel_group)
        if not fields.states("children"):
            return step
        place = fields.place("children")
        below = self.expectation(fields.raw("children"), place, depth + 1, rules)
        return replace(step, children=below)


def _limits(fields: Fields) -> dict[str, Any]:
    """Return the fields of an expectation beside its steps, by the names of the dataclass."""
    allowed = fields.flag("allow_repeated_steps")
    return {
        "ordering": fields.word("ordering", Ordering) or Ordering.RELAXED,
        "allow_repeated_steps": allowed is not False,
        "max_steps": fields.amount("max_steps"),
        "max_total_tokens": fields.amount("max_total_tokens"),
        "max_total_duration_ms": fields.amount("max_total_duration_ms"),
        "no_redundant_calls": fields.flag("no_redundant_calls"),
        "blacklisted_tools": fields.texts("blacklisted_tools"),
        "blacklisted_sequences": _sequences(fields),
        "max_retries_per_tool": fields.count("max_retries_per_tool"),
        "order": read_order(fields.list("order"), fields.place("order")),
        "step_types": _step_types(fields),
        "stated": fields.stated,
    }


def _sequences(fields: Fields) -> tuple[tuple[str, ...], ...]:
    place = fields.place("blacklisted_sequences")
    return tuple(
        texts_of(names, f"{place}[{index}]")
        for index, names in enumerate(fields.list("blacklisted_sequences"))
    )


def _step_types(fields: Fields) -> frozenset[StepType] | None:
    if not fields.states("step_types"):
        return None
    place = fields.place("step_types")
    words = enumerate(fields.list("step_types"))
    types = frozenset(step_type_of(word, f"{place}[{index}]") for index, word in words)
    if not types:
        raise wanted(place, "a list of at least one step type")
    return types


def read_order(value: object, path: str) -> tuple[tuple[str, str], ...]:
    """Return pairs of names, the first of which must come before the second.

    Raise `InvalidExpectation` if they are no such pairs, or lead in a circle.
    """
    pairs: list[tuple[str, str]] = []
    for index, entry in enumerate(list_of(value, path)):
        place = f"{path}[{index}]"
        names = list_of(entry, place)
        if len(names) != 2:
            raise wanted(place, "two names, `[before, after]`")
        before, after = (
            text_of(name, f"{place}[{position}]") for position, name in enumerate(names)
        )
        pairs.append((before, after))
    require_no_circle(pairs, path)
    return tuple(pairs)
