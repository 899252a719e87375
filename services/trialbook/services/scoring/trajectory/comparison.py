"""Every expected step against every step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trialbook.services.scoring.expectation.arguments_rule import ArgumentsRule
from trialbook.services.scoring.expectation.expectation import Expectation, ExpectedStep
from trialbook.services.scoring.not_evaluable import NotEvaluable
from trialbook.services.scoring.trajectory.assignment import Weights
from trialbook.services.scoring.trajectory.common_sequence import Block, blocks_of
from trialbook.services.scoring.trajectory.scope import Scope
from trialbook.services.scoring.trajectory.sequence import (
    StepSequence,
    expected_sequence,
    flatten,
    step_types,
    without_run,
)
from trialbook.services.scoring.trajectory.step_match import match_step
from trialbook.services.trajectory.step import StepType
from trialbook.services.trajectory.trajectory import Trajectory

MAXIMUM_LENGTH = 2_000
"""How many steps a trajectory may have, of those looked at, to be laid beside an expectation."""

MAXIMUM_PAIRS = 250_000
"""Of how many pairs of an expected and an actual step the arguments are compared."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How well each step (column) fits each expected step (row).

    `least` and `most` bound the fit where evidence is missing, and are the same array where none
    is; `unknown` names what was not captured.
    """

    expected: tuple[ExpectedStep, ...]
    rows: list[Block]
    sequence: StepSequence
    columns: list[Block]
    types: frozenset[StepType]
    least: Weights
    most: Weights
    unknown: frozenset[str]
    rule: ArgumentsRule


def compare(expectation: Expectation, trajectory: Trajectory, scope: Scope) -> Comparison:
    """Compare all the steps that are expected, at any depth, with the steps that are looked at.

    Raise `NotEvaluable` if the expectation states no steps, or there are more than 2,000.
    """
    if expectation.steps is None:
        raise NotEvaluable("no_expectation", "The expectation does not say which steps to expect.")
    types = step_types(expectation, scope.steps)
    expected, numbers = expected_sequence(expectation)
    names = {step.name for step in expected}
    inside, scope = without_run(trajectory, scope, names)
    sequence = flatten(inside, types, scope)
    if len(sequence) > MAXIMUM_LENGTH:
        raise NotEvaluable(
            "too_long",
            f"A trajectory of {len(sequence):,} steps is over the limit of {MAXIMUM_LENGTH:,} "
            "for a comparison.",
        )
    least, most, unknown = _weigh(expected, sequence, scope.rule)
    return Comparison(
        expected,
        blocks_of(numbers),
        sequence,
        blocks_of(sequence.blocks),
        types,
        least,
        most,
        unknown,
        scope.rule,
    )


def _require_bounded(expected: tuple[ExpectedStep, ...], by_name: Mapping[str, list[int]]) -> None:
    pairs = sum(len(by_name.get(wanted.name, ())) for wanted in expected if wanted.states_arguments)
    if pairs > MAXIMUM_PAIRS:
        raise NotEvaluable(
            "too_long",
            f"The arguments of {pairs:,} pairs of an expected and an actual step would have to be "
            f"compared; the limit is {MAXIMUM_PAIRS:,}.",
        )


def _weigh(
    expected: tuple[ExpectedStep, ...], sequence: StepSequence, rule: ArgumentsRule
) -> tuple[Weights, Weights, frozenset[str]]:
    by_name: dict[str, list[int]] = {}
    for column, step in enumerate(sequence.steps):
        by_name.setdefault(step.name, []).append(column)
    least = np.zeros((len(expected), len(sequence)))
    possible: dict[tuple[int, int], float] = {}
    unknown: set[str] = set()
    _require_bounded(expected, by_name)
    for row, wanted in enumerate(expected):
        for column in by_name.get(wanted.name, ()):
            match = match_step(wanted, sequence.steps[column], rule)
            least[row, column] = match.least
            if match.unknown:
                possible[row, column] = match.most
                unknown.add(match.unknown)
    most = least if not possible else least.copy()
    for pair, weight in possible.items():
        most[pair] = weight
    return least, most, frozenset(unknown)
