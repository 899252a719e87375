"""Pairing the rows of a table with its columns for the largest sum."""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

Weights = NDArray[np.float64]
"""What each pair of a row and a column is worth, from 0 to 1."""

Pairs = list[tuple[int, int]]


def best_assignment(weights: Weights) -> Pairs:
    """Return a pairing of the largest sum: a maximum-weight bipartite matching.

    No row and no column is in two pairs, and no pair is worth 0; the pairs are sorted by row.
    """
    if not weights.size:
        return []
    rows, columns = scipy.optimize.linear_sum_assignment(weights, maximize=True)
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return [(row, column) for row, column in pairs if weights[row, column] > 0]


def worth(weights: Weights, pairs: Pairs) -> float:
    """Return the sum of what pairs are worth."""
    return float(sum(weights[pair] for pair in sorted(pairs, key=lambda pair: weights[pair])))
