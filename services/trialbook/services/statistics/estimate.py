"""What some values come to: their mean with its interval, their spread, and where most lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trialbook.services.statistics.cluster import Labels, Vector
from trialbook.services.statistics.interval import mean_interval


@dataclass(frozen=True, slots=True)
class Estimate:
    """Figures of some values; None where there are too few."""

    count: int = 0
    mean: float | None = None
    standard_deviation: float | None = None
    standard_error: float | None = None
    lower: float | None = None
    upper: float | None = None
    median: float | None = None
    p95: float | None = None


def estimate(values: Vector, clusters: Labels | None = None, *, confidence: float) -> Estimate:
    """Return the figures of values; NaN is none. Quantiles are values that there are.

    Values of equal labels in `clusters` belong together.
    """
    known = ~np.isnan(values)
    if not known.any():
        return Estimate()
    values = values[known]
    labels = None if clusters is None else clusters[known]
    found = mean_interval(values, labels, confidence=confidence)
    median, p95 = np.quantile(values, (0.5, 0.95), method="inverted_cdf")
    return Estimate(
        found.count,
        found.mean,
        _deviation(values),
        found.standard_error,
        found.lower,
        found.upper,
        float(median),
        float(p95),
    )


def _deviation(values: Vector) -> float | None:
    if len(values) < 2:
        return None
    return 0.0 if values.min() == values.max() else float(np.std(values, ddof=1))
