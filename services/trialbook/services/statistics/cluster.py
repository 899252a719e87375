"""Values that belong together: they are drawn together, so they tell less than as many others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Labels = NDArray[np.int64]

ROUNDING = 1e-12
"""A difference smaller than this share of what it is made of is none."""


def sums_by(labels: Labels, values: Vector, *, count: int = 0) -> Vector:
    """Return the sums of the values of labels 0, 1 … up to the highest, or of `count` at least."""
    return np.bincount(labels, weights=values, minlength=count).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Clusters:
    """For each cluster, the sum of its values and how many there are.

    They come in an order that follows from what they hold, so that what is drawn from them does not
    depend on the order of the values.
    """

    sums: Vector
    sizes: Vector

    @classmethod
    def of(cls, values: Vector, labels: Labels | None = None) -> Clusters:
        """Put values of equal labels together; without labels, each stands for itself."""
        if labels is None:
            return cls(np.sort(values), np.ones(len(values)))
        _, place = np.unique(labels, return_inverse=True)
        sizes = np.bincount(place).astype(np.float64)
        # Clusters of one are their value as it is, clusters of more are added up in any order.
        in_order = np.lexsort((values, place))
        sums = sums_by(place[in_order], values[in_order])
        sums[np.abs(sums) <= ROUNDING * sums_by(place, np.abs(values))] = 0.0
        order = np.lexsort((sums, sizes))
        return cls(sums[order], sizes[order])

    def __len__(self) -> int:
        return len(self.sums)

    @property
    def mean(self) -> float:
        """The mean of the values. There must be some."""
        return float(self.sums.sum() / self.sizes.sum())

    @property
    def standard_error(self) -> float:
        """The standard error of the mean, by the sums of each cluster's deviations.

        The sandwich estimator with the correction for few clusters, G / (G - 1) (Liang and Zeger,
        1986; Cameron and Miller, 2015); for clusters of one it is that of the plain mean. There
        must be two clusters.
        """
        means = self.sums / self.sizes
        if means.min() == means.max():
            return 0.0
        deviations = self.sums - self.mean * self.sizes
        squares = float(np.square(deviations).sum())
        return float(np.sqrt(squares * len(self) / (len(self) - 1)) / self.sizes.sum())

    def negated(self) -> Clusters:
        """Return the clusters of the values with the opposite sign."""
        order = np.lexsort((-self.sums, self.sizes))
        return Clusters(-self.sums[order], self.sizes[order])
