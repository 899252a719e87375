"""The expected trajectory as data."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from trialbook.services.scoring.expectation.arguments_rule import ArgumentsRule
from trialbook.services.trajectory.step import StepType


class Ordering(enum.StrEnum):
    """How the order of the expected steps counts, in Mastra's words."""

    STRICT = "strict"
    """These steps in this order, and no others."""
    RELAXED = "relaxed"
    """These steps in this order, others may stand between."""
    UNORDERED = "unordered"
    """These steps, in any order."""


@dataclass(frozen=True, slots=True)
class ExpectedStep:
    """One step that is expected.

    `args` is UNSET where nothing is said of the arguments; `rule` says how they are compared, None
    where neither the step nor its expectation does. `fields` are what else must be equal, by name:
    `output`, `success`, `model`, `agent`, `prompt_tokens`, `completion_tokens`, and what a
    trajectory's step has as `attributes`. Steps of one `parallel_group` (numbered from 1) may come
    in any order. `raw` is the object as it was written, with its own names and order of keys.
    """

    name: str
    step_type: StepType | None = None
    args: Any = msgspec.UNSET
    rule: ArgumentsRule | None = None
    fields: Mapping[str, Any] = field(default_factory=dict[str, Any])
    children: Expectation | None = None
    parallel_group: int | None = None
    raw: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def states_arguments(self) -> bool:
        """Whether anything is said of the arguments."""
        if self.rule is not None and self.rule.stands_alone:
            return True
        return self.args is not msgspec.UNSET


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a trajectory should be. What is not stated is None, or its default where it has one.

    `steps` is None where none are stated, and empty where it is stated that there shall be none.
    `max_total_duration_ms` is in milliseconds. `blacklisted_sequences` are names of steps that must
    not follow each other. `tools` says per tool how arguments are compared; the expectations of
    `children` take it over. `order` are pairs of names, the first of which must come before the
    second. `step_types` are the types of steps to look at, None for those that the steps mention.
    `stated` names the fields that were given.
    """

    steps: tuple[ExpectedStep, ...] | None = None
    ordering: Ordering = Ordering.RELAXED
    allow_repeated_steps: bool = True
    max_steps: float | None = None
    max_total_tokens: float | None = None
    max_total_duration_ms: float | None = None
    no_redundant_calls: bool | None = None
    blacklisted_tools: tuple[str, ...] = ()
    blacklisted_sequences: tuple[tuple[str, ...], ...] = ()
    max_retries_per_tool: int | None = None
    tools: Mapping[str, ArgumentsRule] = field(default_factory=dict[str, ArgumentsRule])
    order: tuple[tuple[str, str], ...] = ()
    step_types: frozenset[StepType] | None = None
    stated: frozenset[str] = frozenset()

    def walk(self) -> Iterator[ExpectedStep]:
        """Go through all expected steps, depth first, parents before children."""
        for step in self.steps or ():
            yield step
            if step.children is not None:
                yield from step.children.walk()
