"""An expected trajectory beside an actual one, line by line."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from trialbook.services.scoring.abridged import abridged
from trialbook.services.scoring.expectation.expectation import ExpectedStep
from trialbook.services.scoring.expectation.reading import read_expectation
from trialbook.services.scoring.trajectory.alignment import AlignedPair, Alignment, align
from trialbook.services.scoring.trajectory.arguments import Difference
from trialbook.services.trajectory.trajectory import Trajectory

NOT_CAPTURED = "what it was called with was not captured, so that nobody can tell whether it fits"


class StepMatch(enum.Enum):
    """What became of one expected or actual step."""

    MATCHED = enum.auto()
    MISSING = enum.auto()
    EXTRA = enum.auto()
    OUT_OF_ORDER = enum.auto()
    DIFFERENT = enum.auto()


@dataclass(frozen=True, slots=True)
class StepDifference:
    """One line. `expected` is JSON text, None if nothing was.

    `step` is the place among all steps of the trajectory, depth first, from 1; 0 if none was done.
    `differences` are sentences.
    """

    match: StepMatch
    expected: str | None
    step: int
    differences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrajectoryDiff:
    """The lines in the order of what was done, and how far the two agree, from 0 to 1."""

    lines: tuple[StepDifference, ...]
    precision: float
    recall: float


def diff(expected: str, trajectory: Trajectory) -> TrajectoryDiff:
    """Lay an expectation, as JSON text, beside a trajectory.

    Raises InvalidExpectation, and NotEvaluable if it states no steps, or there are too many.
    """
    alignment = align(read_expectation(expected), trajectory)
    lines = tuple(line for _, line in sorted(_placed(alignment), key=lambda placed: placed[0]))
    return TrajectoryDiff(lines, alignment.precision, alignment.recall)


def _placed(alignment: Alignment) -> Iterator[tuple[tuple[int, int, int], StepDifference]]:
    """Yield the lines, each with what it is sorted by.

    A line of a step stands where the step does; one of a missing step behind the nearest one that
    was expected before it and done.
    """
    pairs = {pair.step: (match, pair) for match, found in _pairs(alignment) for pair in found}
    for number, position in enumerate(alignment.positions):
        match, pair = pairs.get(number, (StepMatch.EXTRA, None))
        if pair is None:
            yield (number, 0, 0), StepDifference(match, None, position + 1)
        else:
            expected = _written(alignment.expected[pair.expected])
            sentences = tuple(_sentences(pair))
            yield (number, 0, 0), StepDifference(match, expected, position + 1, sentences)
    beside = {pair.expected: pair.step for _, pair in pairs.values()}
    anchor = -1
    for number, step in enumerate(alignment.expected):
        if number in beside:
            anchor = beside[number]
        else:
            yield (anchor, 1, number), StepDifference(StepMatch.MISSING, _written(step), 0)


def _pairs(alignment: Alignment) -> Iterator[tuple[StepMatch, tuple[AlignedPair, ...]]]:
    yield StepMatch.MATCHED, alignment.matched
    yield StepMatch.OUT_OF_ORDER, alignment.out_of_order
    yield StepMatch.DIFFERENT, alignment.differing


def _written(step: ExpectedStep) -> str:
    return msgspec.json.encode(step.raw or {"name": step.name}).decode()


def _sentences(pair: AlignedPair) -> Iterator[str]:
    if pair.score is None:
        yield NOT_CAPTURED
    yield from map(_sentence, pair.differences)


def _sentence(difference: Difference) -> str:
    place = difference.path.removesuffix(":") or "what it was called with"
    if difference.message:
        return f"{place}: {difference.message}"
    expected, actual = difference.expected, difference.actual
    if actual is msgspec.UNSET:
        return f"{place} is not there; {abridged(expected)!r} was expected"
    if expected is msgspec.UNSET:
        return f"{place} is {abridged(actual)!r}, and was not expected"
    return f"{place} is {abridged(actual)!r}, not {abridged(expected)!r}"
