"""How values are distributed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trialbook.services.statistics.cluster import Vector


@dataclass(frozen=True, slots=True)
class Bin:
    """How many values lie from `lower` on, below `upper`; up to it in the last bin."""

    lower: float
    upper: float
    count: int


def histogram(values: Vector, bins: int) -> list[Bin]:
    """Return bins of equal width from the smallest to the largest value; NaN is none.

    One bin where all values are the same, or too close for so many; none without values.
    """
    values = values[~np.isnan(values)]
    if not len(values):
        return []
    edges = np.linspace(values.min(), values.max(), bins + 1)
    if not (np.diff(edges) > 0).all():
        return [Bin(float(edges[0]), float(edges[-1]), len(values))]
    counts, edges = np.histogram(values, edges)
    return [
        Bin(float(lower), float(upper), int(count))
        for lower, upper, count in zip(edges[:-1], edges[1:], counts, strict=True)
    ]
