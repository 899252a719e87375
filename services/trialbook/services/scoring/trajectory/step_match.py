"""Whether a step is the one that is expected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from trialbook.services.scoring.expectation.arguments_rule import ArgumentsMode, ArgumentsRule
from trialbook.services.scoring.expectation.expectation import ExpectedStep
from trialbook.services.scoring.trajectory import arguments
from trialbook.services.scoring.trajectory.arguments import Difference
from trialbook.services.scoring.trajectory.json_equality import same
from trialbook.services.trajectory.step import Step

DEFAULT_RULE = ArgumentsRule(ArgumentsMode.SUPERSET)
"""How arguments are compared where nothing says otherwise."""

ARGUMENTS = "args"
"""What a match says that it does not know when a call's arguments were not captured."""


class Match(NamedTuple):
    """How well a step fits, from 0 to 1: at least and at most, which differ where evidence lacks.

    `unknown` names what was not captured and would tell: `args`, or a field of the step.
    """

    least: float
    most: float
    unknown: str = ""


_NONE = Match(0.0, 0.0)
_FULL = Match(1.0, 1.0)


def match_step(expected: ExpectedStep, step: Step, default: ArgumentsRule = DEFAULT_RULE) -> Match:
    """Compare a step with what is expected of it.

    It is 0 if the name, the step type or a field that is stated differs, and else the score of the
    arguments. `default` is the rule where the expectation has none. Raise `NotEvaluable` if the
    arguments are too large for the schema that they must fit.
    """
    if expected.name != step.name:
        return _NONE
    if expected.step_type is not None and expected.step_type is not step.step_type:
        return _NONE
    unknown = ""
    for name, wanted in expected.fields.items():
        actual = _actual(step, name)
        if actual is msgspec.UNSET:
            unknown = name
        elif not same(wanted, actual):
            return _NONE
    fit = _match_arguments(expected, step, default)
    if not unknown or not fit.most:
        return fit
    return Match(0.0, fit.most, unknown)


def step_differences(
    expected: ExpectedStep, step: Step, default: ArgumentsRule = DEFAULT_RULE
) -> tuple[Difference, ...]:
    """Return where a step's arguments and fields are not what is expected of them.

    A field's place is its name in front of a colon.
    """
    found = [
        Difference(f"{name}:", wanted, actual)
        for name, wanted in expected.fields.items()
        if (actual := _actual(step, name)) is not msgspec.UNSET and not same(wanted, actual)
    ]
    if expected.states_arguments and has_arguments(step):
        found += arguments.differences(expected.rule or default, expected.args, step.args)
    return tuple(found)


def has_arguments(step: Step) -> bool:
    """Tell whether it is known what a step was called with."""
    return step.args is not msgspec.UNSET and ARGUMENTS not in step.missing


def _match_arguments(expected: ExpectedStep, step: Step, default: ArgumentsRule) -> Match:
    rule = expected.rule or default
    if not expected.states_arguments or rule.mode is ArgumentsMode.IGNORE:
        return _FULL
    if not has_arguments(step):
        return Match(0.0, 1.0, ARGUMENTS)
    value = arguments.score(rule, expected.args, step.args)
    if value in (0.0, 1.0):
        return _FULL if value else _NONE
    return Match(value, value)


_READERS: dict[str, Callable[[Step], Any]] = {
    "output": lambda step: step.output,
    "success": lambda step: _known(step.success),
    "agent": lambda step: _known(step.agent),
    "model": lambda step: _known(step.model),
    "prompt_tokens": lambda step: _known(step.tokens.input if step.tokens else None),
    "completion_tokens": lambda step: _known(step.tokens.output if step.tokens else None),
}


def _actual(step: Step, name: str) -> Any:
    """Return what a step has under the name of a field, UNSET where it was not captured."""
    reader = _READERS.get(name)
    return step.attributes.get(name, msgspec.UNSET) if reader is None else reader(step)


def _known(value: Any) -> Any:
    return msgspec.UNSET if value is None else value
