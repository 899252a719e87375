"""What a span is: the one engine that reads the rules of all conventions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from trialbook.services.trajectory.content import decoded
from trialbook.services.trajectory.conventions.catalogue import FOR_RULES
from trialbook.services.trajectory.conventions.rule import Convention, Rule
from trialbook.services.trajectory.span import Span


class _Key:
    """The rules that begin with one attribute, for one stretch of the order of all rules."""

    __slots__ = ("by_value", "name", "of_any_value", "rules")

    def __init__(self, name: str) -> None:
        self.name = name
        self.rules: list[Rule] = []
        self.by_value: dict[str, tuple[Rule, ...]] = {}
        self.of_any_value: tuple[Rule, ...] = ()

    def close(self) -> None:
        """Prepare the look-up by value: the rules for it and those for any, in their order."""
        self.of_any_value = tuple(rule for rule in self.rules if rule.value is None)
        for value in {rule.value for rule in self.rules if rule.value is not None}:
            self.by_value[value] = tuple(r for r in self.rules if r.value in (None, value))

    def of(self, value: Any) -> tuple[Rule, ...]:
        if type(value) is str:
            return self.by_value.get(value, self.of_any_value)
        return self.of_any_value


def _keys(conventions: Iterable[Convention]) -> tuple[_Key, ...]:
    keys: list[_Key] = []
    for convention in conventions:
        for rule in convention.rules:
            if not keys or keys[-1].name != rule.key:
                keys.append(_Key(rule.key))
            keys[-1].rules.append(rule)
    for key in keys:
        key.close()
    return tuple(keys)


_KEYS = tuple((key.name, key) for key in _keys(FOR_RULES))
_ABSENT = object()


def classify(span: Span, below_a_step: bool, children: Sequence[Span]) -> tuple[Rule, str] | None:
    """Return the first rule that fits a span and the name that it gives, None if none does."""
    attributes = span.attributes
    for key, rules in _KEYS:
        value = attributes.get(key, _ABSENT)
        if value is _ABSENT:
            continue
        for rule in rules.of(value):
            name = _fits(rule, value, span, below_a_step, children)
            if name is not None:
                return rule, name
    return None


def _fits(
    rule: Rule, value: Any, span: Span, below_a_step: bool, children: Sequence[Span]
) -> str | None:
    """Return the name if a rule fits, the empty one if the span has none."""
    attributes = span.attributes
    if rule.endings and not (type(value) is str and value.endswith(rule.endings)):
        return None
    if rule.span_name and not span.name.startswith(rule.span_name):
        return None
    if rule.top and below_a_step:
        return None
    if rule.has and not all(key in attributes for key in rule.has):
        return None
    if rule.has_any and not any(key in attributes for key in rule.has_any):
        return None
    if rule.lacks and any(key in attributes for key in rule.lacks):
        return None
    if rule.wraps_namesake and not (len(children) == 1 and children[0].name == span.name):
        return None
    if rule.named_by and _at(attributes, rule.named_by) != span.name:
        return None
    name = name_of(rule, span)
    return None if name in rule.not_named else name


def name_of(rule: Rule, span: Span) -> str:
    """Return the name that a rule gives to a span."""
    attributes = span.attributes
    for key in rule.names:
        name = attributes.get(key)
        if type(name) is str and name:
            return name
    name = span.name
    for prefix in rule.prefixes:
        if name.startswith(prefix):
            name = name[len(prefix) :]
            break
    for suffix in rule.suffixes:
        if name.endswith(suffix):
            return name[: -len(suffix)]
    return name


def _at(attributes: dict[str, Any], path: tuple[str, ...]) -> Any:
    value = attributes.get(path[0])
    for segment in path[1:]:
        value = decoded(value)
        if type(value) is not dict:
            return None
        value = value.get(segment)
    return value
