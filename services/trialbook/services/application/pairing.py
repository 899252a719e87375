"""Brings the results of two runs together by item, the trials of an item averaged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trialbook.services.application.item_match import ItemMatches
from trialbook.services.application.run_columns import NONE, RunColumns
from trialbook.services.statistics.cluster import Labels, Vector, sums_by


@dataclass(frozen=True, slots=True)
class RunItems:
    """The items of a run by ordinal, ascending, and of each result which of them it is of."""

    ordinals: Labels
    place: Labels

    @classmethod
    def of(cls, columns: RunColumns) -> RunItems:
        """Return the items that a run has results of."""
        ordinals, place = np.unique(columns.ordinal, return_inverse=True)
        return cls(ordinals, place)

    def counts(self, chosen: NDArray[np.bool_]) -> Labels:
        """Return how many results of each item are chosen."""
        return np.bincount(self.place[chosen], minlength=len(self.ordinals))

    def means(self, values: Vector) -> Vector:
        """Return the mean of each item's values; NaN is none, and where there are none."""
        known = ~np.isnan(values)
        counts = self.counts(known)
        sums = sums_by(self.place[known], values[known], count=len(self.ordinals))
        means = np.full(len(sums), np.nan)
        np.divide(sums, counts, out=means, where=counts > 0)
        return means

    def verdicts(self, passed: NDArray[np.int8]) -> NDArray[np.int8]:
        """Say of each item whether all its verdicts are passes: 1, 0, or NONE without any."""
        told, good = self.counts(passed != NONE), self.counts(passed == 1)
        return np.where(told > 0, good == told, NONE).astype(np.int8)


@dataclass(frozen=True, slots=True)
class ItemPairs:
    """Items that two runs have both, by their places among the items of either."""

    baseline: RunItems
    candidate: RunItems
    baseline_place: Labels
    candidate_place: Labels

    def __len__(self) -> int:
        return len(self.baseline_place)

    @property
    def ordinals(self) -> Labels:
        """What the pairs' items are in the baseline's dataset."""
        return self.baseline.ordinals[self.baseline_place]

    def means(self, baseline: Vector, candidate: Vector) -> tuple[Vector, Vector]:
        """Return a mean for each pair of either run's values, NaN where an item has none."""
        return (
            self.baseline.means(baseline)[self.baseline_place],
            self.candidate.means(candidate)[self.candidate_place],
        )

    def verdicts(
        self, baseline: NDArray[np.int8], candidate: NDArray[np.int8]
    ) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
        """Return for each pair whether all verdicts of either run are passes."""
        return (
            self.baseline.verdicts(baseline)[self.baseline_place],
            self.candidate.verdicts(candidate)[self.candidate_place],
        )


def paired_items(
    baseline: RunColumns,
    candidate: RunColumns,
    matches: ItemMatches,
    *,
    include_changed: bool = False,
) -> ItemPairs:
    """Pair the items of two runs that match, in the order of the baseline's dataset.

    Items whose content has changed between the runs are left out unless they are asked for.
    """
    before, after = RunItems.of(baseline), RunItems.of(candidate)
    wanted = np.ones(len(matches.baseline), np.bool_) if include_changed else ~matches.changed
    return ItemPairs(
        before,
        after,
        np.searchsorted(before.ordinals, matches.baseline[wanted]),
        np.searchsorted(after.ordinals, matches.candidate[wanted]),
    )
