"""What the scorers of this package have in common: what to look at, and what is expected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from trialbook.services.scoring.expectation.arguments_rule import ArgumentsMode, ArgumentsRule
from trialbook.services.scoring.expectation.expectation import Expectation
from trialbook.services.scoring.expectation.invalid_expectation import InvalidExpectation
from trialbook.services.scoring.expectation.reading import expectation_of, read_expectation
from trialbook.services.scoring.not_evaluable import NotEvaluable
from trialbook.services.scoring.parameters import InvalidParameters, invalid
from trialbook.services.scoring.trajectory.gap import NO_EXPECTATION
from trialbook.services.scoring.trajectory.step_match import DEFAULT_RULE
from trialbook.services.scoring.trajectory_sample import TrajectorySample
from trialbook.services.trajectory.step import StepType

_WITHOUT_NEEDS = (
    ArgumentsMode.EXACT,
    ArgumentsMode.SUPERSET,
    ArgumentsMode.SUBSET,
    ArgumentsMode.IGNORE,
    ArgumentsMode.PARTIAL,
)
STEPS: dict[str, object] = {
    "type": "array",
    "items": {"enum": [str(each) for each in StepType]},
    "minItems": 1,
    "uniqueItems": True,
    "description": "The step types to look at. By default those that the expectation mentions, "
    "where a step without a type means a tool call; else calls of tools, over MCP or not.",
}
AGENT: dict[str, object] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 1000,
    "description": "Look only at what this agent did itself; by default at every agent's steps.",
}
ARGS_MODE: dict[str, object] = {
    "enum": [str(each) for each in _WITHOUT_NEEDS],
    "default": "superset",
    "description": "How arguments are compared where the expectation does not say.",
}
EXPECTED: dict[str, object] = {
    "type": ["object", "array"],
    "description": "What is expected, in place of the item's expected trajectory: an expectation, "
    "or a list of steps.",
}
THRESHOLD: dict[str, object] = {
    "type": ["number", "null"],
    "minimum": 0,
    "maximum": 1,
    "default": None,
    "description": "The least value that passes; without it there is no verdict.",
}


@dataclass(frozen=True, slots=True)
class Scope:
    """What to look at: step types and an agent, None for the default and for every agent.

    `rule` is how arguments are compared where the expectation does not say. Steps below one whose
    name is in `closed` are not looked at. `first` is where the first step stands among those of a
    larger trajectory that this one was taken from.
    """

    steps: frozenset[StepType] | None = None
    agent: str | None = None
    rule: ArgumentsRule = DEFAULT_RULE
    closed: frozenset[str] = frozenset()
    first: int = 0


EVERYTHING = Scope()
"""The defaults: every agent, and the step types that go without saying."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Where a scorer takes its expectation from: its parameters, else the item."""

    given: Expectation | None = None

    def find(self, sample: TrajectorySample) -> Expectation | None:
        """Return the expectation, None if there is none. Raise `InvalidExpectation`."""
        if self.given is not None:
            return self.given
        text = sample.expected_trajectory
        return None if text is None or text.strip() == "null" else read_expectation(text)

    def of(self, sample: TrajectorySample) -> Expectation:
        """Return the expectation. Raise `NotEvaluable` if there is none."""
        expectation = self.find(sample)
        if expectation is None:
            raise NotEvaluable(NO_EXPECTATION.label, NO_EXPECTATION.reason)
        return expectation


def read_scope(parameters: Mapping[str, object]) -> Scope:
    """Return what the common parameters say, those that a scorer has."""
    steps = cast("list[str] | None", parameters.get("steps"))
    return Scope(
        steps=None if steps is None else frozenset(map(StepType, steps)),
        agent=cast("str | None", parameters.get("agent")),
        rule=ArgumentsRule(ArgumentsMode(cast("str", parameters.get("args_mode", "superset")))),
    )


def read_expected(parameters: Mapping[str, object]) -> Expected:
    """Return where the expectation comes from. Raise `InvalidParameters` at what is wrong in it."""
    if "expected" not in parameters:
        return Expected()
    try:
        return Expected(expectation_of(parameters["expected"], "expected"))
    except InvalidExpectation as error:
        raise refused(error) from error


def refused(error: InvalidExpectation) -> InvalidParameters:
    """Return the refusal of a parameter that holds an expectation or a part of one."""
    return invalid(error.path, error.message)
