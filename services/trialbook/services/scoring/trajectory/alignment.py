"""An expected trajectory laid beside an actual one."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from trialbook.services.scoring.expectation.expectation import (
    Expectation,
    ExpectedStep,
    Ordering,
)
from trialbook.services.scoring.trajectory.arguments import Difference
from trialbook.services.scoring.trajectory.assignment import (
    Pairs,
    Weights,
    best_assignment,
    worth,
)
from trialbook.services.scoring.trajectory.common_sequence import best_common_sequence
from trialbook.services.scoring.trajectory.comparison import Comparison, compare
from trialbook.services.scoring.trajectory.scope import EVERYTHING, Scope
from trialbook.services.scoring.trajectory.step_match import step_differences
from trialbook.services.trajectory.step import Step
from trialbook.services.trajectory.trajectory import Trajectory


@dataclass(frozen=True, slots=True)
class AlignedPair:
    """An expected step and the step beside it, by their numbers in the alignment.

    `score` is how well it fits, from 0 to 1, None where evidence is missing that would tell.
    `differences` are the places where arguments or fields are not what is expected.
    """

    expected: int
    step: int
    score: float | None
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Alignment:
    """Which expected step is which step, and which have none.

    `expected` are the expected steps and `steps` the steps that were looked at, both in a row,
    depth first; `positions` says where each of these stands among all steps of the trajectory.
    `matched` count. `out_of_order` fit, but not where they stand. `differing` have the name of an
    expected step but do not fit; they are among `missing` (numbers of expected steps) and `extra`
    (numbers of steps) as well. `least` and `most` bound the sum of what the matched pairs are
    worth; they differ where evidence is missing, of which `unknown` names what.
    """

    expected: tuple[ExpectedStep, ...]
    steps: tuple[Step, ...]
    positions: tuple[int, ...]
    matched: tuple[AlignedPair, ...]
    out_of_order: tuple[AlignedPair, ...]
    differing: tuple[AlignedPair, ...]
    missing: tuple[int, ...]
    extra: tuple[int, ...]
    least: float
    most: float
    unknown: frozenset[str]

    @property
    def certain(self) -> bool:
        """Whether no missing argument or field could change the figures."""
        return self.least == self.most

    @property
    def precision(self) -> float:
        """The matched weight over the number of steps; 1 where there is nothing to match at all."""
        return _share(self.least, len(self.steps), len(self.expected))

    @property
    def recall(self) -> float:
        """The matched weight over the number of expected steps, likewise."""
        return _share(self.least, len(self.expected), len(self.steps))

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall: 2S / (E + A)."""
        count = len(self.expected) + len(self.steps)
        return 2 * self.least / count if count else 1.0


def align(
    expectation: Expectation,
    trajectory: Trajectory,
    *,
    ordered: bool | None = None,
    scope: Scope = EVERYTHING,
) -> Alignment:
    """Lay an expectation's steps beside a trajectory's.

    Where it is `ordered`, the matched pairs are the common subsequence of the largest weight; else
    the bipartite matching of the largest weight. None takes the expectation's word. Raise
    `NotEvaluable` if the expectation states no steps or there are too many.
    """
    if ordered is None:
        ordered = expectation.ordering is not Ordering.UNORDERED
    return alignment_of(compare(expectation, trajectory, scope), ordered)


def alignment_of(comparison: Comparison, ordered: bool) -> Alignment:
    """Return the alignment that a comparison comes to."""
    matched = _matching(comparison, comparison.most, ordered)
    most = worth(comparison.most, matched)
    least = most
    if comparison.most is not comparison.least:
        least = worth(comparison.least, _matching(comparison, comparison.least, ordered))
    missing, extra = _rest(comparison, matched)
    moved = _among(comparison.most, missing, extra) if ordered else []
    missing, extra = _rest(comparison, matched + moved)
    differing = _same_names(comparison, missing, extra)
    return Alignment(
        comparison.expected,
        comparison.sequence.steps,
        comparison.sequence.positions,
        _aligned(comparison, matched),
        _aligned(comparison, moved),
        _aligned(comparison, differing),
        tuple(missing),
        tuple(extra),
        least,
        most,
        comparison.unknown,
    )


def _matching(comparison: Comparison, weights: Weights, ordered: bool) -> Pairs:
    if ordered:
        return best_common_sequence(weights, comparison.rows, comparison.columns)
    return best_assignment(weights)


def _rest(comparison: Comparison, pairs: Pairs) -> tuple[list[int], list[int]]:
    rows, columns = {row for row, _ in pairs}, {column for _, column in pairs}
    return (
        [row for row in range(len(comparison.expected)) if row not in rows],
        [column for column in range(len(comparison.sequence)) if column not in columns],
    )


def _among(weights: Weights, rows: list[int], columns: list[int]) -> Pairs:
    if not rows or not columns:
        return []
    pairs = best_assignment(weights[np.ix_(rows, columns)])
    return [(rows[row], columns[column]) for row, column in pairs]


def _same_names(comparison: Comparison, rows: list[int], columns: list[int]) -> Pairs:
    """Pair what is left by name and step type, each with the first that is free."""
    free: dict[str, deque[int]] = {}
    for column in columns:
        free.setdefault(comparison.sequence.steps[column].name, deque()).append(column)
    pairs: Pairs = []
    for row in rows:
        wanted = comparison.expected[row]
        candidates = free.get(wanted.name)
        if not candidates:
            continue
        found = comparison.sequence.steps[candidates[0]]
        if wanted.step_type in (None, found.step_type):
            pairs.append((row, candidates.popleft()))
    return pairs


def _aligned(comparison: Comparison, pairs: Pairs) -> tuple[AlignedPair, ...]:
    aligned: list[AlignedPair] = []
    for pair in pairs:
        row, column = pair
        least, most = float(comparison.least[pair]), float(comparison.most[pair])
        differences = (
            step_differences(
                comparison.expected[row], comparison.sequence.steps[column], comparison.rule
            )
            if most < 1.0
            else ()
        )
        aligned.append(AlignedPair(row, column, most if least == most else None, differences))
    return tuple(aligned)


def _share(weight: float, of: int, other: int) -> float:
    if of:
        return weight / of
    return 0.0 if other else 1.0
