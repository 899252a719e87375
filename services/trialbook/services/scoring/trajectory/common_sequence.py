"""The common subsequence of the largest weight, where some neighbours have no order."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trialbook.services.scoring.not_evaluable import NotEvaluable
from trialbook.services.scoring.trajectory.assignment import (
    Pairs,
    Weights,
    best_assignment,
    worth,
)

MAXIMUM_ORDERS = 720
"""How many orders of expected parallel steps are tried."""

MAXIMUM_WORK = 10_000_000
"""How large all the tables together may be of expected steps beside groups of parallel steps."""

_ENOUGH = 1e-9


class Block(NamedTuple):
    """Neighbours without an order: from `start` up to `end`, which is not among them."""

    start: int
    end: int


def blocks_of(numbers: Sequence[int]) -> list[Block]:
    """Return the blocks that rising numbers stand for."""
    blocks: list[Block] = []
    for _, group in itertools.groupby(range(len(numbers)), key=numbers.__getitem__):
        members = list(group)
        blocks.append(Block(members[0], members[-1] + 1))
    return blocks


def best_common_sequence(weights: Weights, rows: list[Block], columns: list[Block]) -> Pairs:
    """Return pairs of the largest sum that do not cross: a maximum-weight common subsequence.

    Two pairs cross if the row of one is in an earlier block than that of the other, and its column
    in a later. By dynamic programming over the columns' blocks; a block of several columns takes a
    stretch of rows, paired at best. Where both sides have blocks of several, each order of the rows
    is tried. Raise `NotEvaluable` if that is too much work.
    """
    if weights.shape[0] == weights.shape[1] and is_full(weights.diagonal()).all():
        # Each beside its own: these never cross, and no pairs can be worth more.
        return [(number, number) for number in range(len(weights))]
    if len(rows) == 1 or len(columns) == 1:
        return best_assignment(weights)
    if all(block.end - block.start == 1 for block in rows):
        return _in_order(weights, columns)
    if all(block.end - block.start == 1 for block in columns):
        return sorted((row, column) for column, row in _in_order(weights.T, rows))
    best: Pairs = []
    for order in _orders(rows):
        pairs = _in_order(weights[order], columns)
        original = [(order[row], column) for row, column in pairs]
        if worth(weights, original) > worth(weights, best) + _ENOUGH:
            best = original
    return sorted(best)


def _orders(rows: list[Block]) -> Iterator[list[int]]:
    count = math.prod(math.factorial(min(block.end - block.start, 10)) for block in rows)
    if count > MAXIMUM_ORDERS:
        raise NotEvaluable(
            "too_long",
            "So many expected steps are parallel that their orders cannot all be tried; "
            f"the limit is {MAXIMUM_ORDERS} orders.",
        )
    for choice in itertools.product(*(itertools.permutations(range(*block)) for block in rows)):
        yield [row for members in choice for row in members]


def _in_order(weights: Weights, columns: list[Block]) -> Pairs:
    """Solve it where every row is a block of its own."""
    rows = weights.shape[0]
    best = [np.zeros(rows + 1)]
    chosen: list[dict[int, Pairs]] = []
    work = 0
    for block in columns:
        candidates = np.zeros(rows + 1)
        picks: dict[int, Pairs] = {}
        if block.end - block.start == 1:
            column = weights[:, block.start]
            candidates[1:] = np.where(column > 0, best[-1][:-1] + column, 0.0)
        else:
            bag = _Bag(weights, block, work)
            bag.fill(best[-1], candidates, picks)
            work = bag.work
        chosen.append(picks)
        best.append(np.maximum.accumulate(np.maximum(best[-1], candidates)))
    return _traced_back(best, columns, chosen)


class _Bag:
    """A block of several columns, which takes a stretch of rows and pairs it at best."""

    def __init__(self, weights: Weights, block: Block, work: int) -> None:
        self._weights = weights[:, block.start : block.end]
        self._start = block.start
        self._rows: list[int] = np.flatnonzero(self._weights.any(axis=1)).tolist()
        self.work = work

    def fill(self, before: Weights, candidates: Weights, picks: dict[int, Pairs]) -> None:
        """Try stretches of rows: what each adds to the best `before` it is a candidate at its end.

        A stretch that starts later is worth trying only if more was won before it.
        """
        won = -1.0
        for first, row in enumerate(self._rows):
            if before[row] <= won + _ENOUGH:
                continue
            won = float(before[row])
            for gain, pairs, end in self._stretches(first):
                if won + gain > candidates[end]:
                    candidates[end] = won + gain
                    picks[end] = pairs

    def _stretches(self, first: int) -> Iterator[tuple[float, Pairs, int]]:
        """Yield what stretches from one row are worth, up to each end where it is more.

        Between two ends of the same worth nothing can be more, since it never falls.
        """
        shortest, longest = self._stretch(first, first), self._stretch(first, len(self._rows) - 1)
        yield shortest
        pending = [(first, shortest, len(self._rows) - 1, longest)]
        while pending:
            low, least, high, most = pending.pop()
            if most[0] <= least[0] + _ENOUGH:
                continue
            if high - low == 1:
                yield most
                continue
            middle = (low + high) // 2
            between = self._stretch(first, middle)
            pending += [(low, least, middle, between), (middle, between, high, most)]

    def _stretch(self, first: int, last: int) -> tuple[float, Pairs, int]:
        """Return what the rows from the first to the last are worth, their pairs, and their end."""
        rows = self._rows[first : last + 1]
        self.work += len(rows) * self._weights.shape[1]
        if self.work > MAXIMUM_WORK:
            raise NotEvaluable(
                "too_long", "The parallel steps leave too many ways to lay them beside others."
            )
        pairs = [(rows[row], column) for row, column in best_assignment(self._weights[rows])]
        gain = worth(self._weights, pairs)
        return gain, [(row, self._start + column) for row, column in pairs], rows[-1] + 1


def _traced_back(
    best: list[Weights], columns: list[Block], chosen: list[dict[int, Pairs]]
) -> Pairs:
    """Follow the best sums back to the pairs that they are made of."""
    pairs: Pairs = []
    row, number = len(best[0]) - 1, len(columns)
    while row and number:
        if best[number][row] == best[number - 1][row]:
            number -= 1
        elif best[number][row] == best[number][row - 1]:
            row -= 1
        else:
            number -= 1
            taken = chosen[number].get(row, [(row - 1, columns[number].start)])
            pairs += taken
            row = min(each for each, _ in taken)
    return sorted(pairs)


def stands_in_step(weights: Weights, rows: list[Block], columns: list[Block]) -> bool:
    """Tell whether all rows and all columns can be paired in full, each at its own place.

    In blocks the places may be swapped. Since the blocks of both sides cut the same line into
    stretches, a complete pairing among blocks that overlap can always be put in order.
    """
    if weights.shape[0] != weights.shape[1]:
        return False
    starts, ends = _bounds(rows)
    others_start, others_end = _bounds(columns)
    overlapping = (starts[:, None] < others_end) & (others_start < ends[:, None])
    full = np.where(overlapping & is_full(weights), 1.0, 0.0)
    return len(best_assignment(full)) == len(full)


def _bounds(blocks: list[Block]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where the block of each member starts and ends."""
    sizes = [block.end - block.start for block in blocks]
    starts = np.repeat(np.array([block.start for block in blocks], np.int64), sizes)
    return starts, np.repeat(np.array([block.end for block in blocks], np.int64), sizes)


def is_full(weights: Weights) -> NDArray[np.bool_]:
    """Return which pairs are worth all that a pair can be."""
    return weights >= 1.0 - _ENOUGH
