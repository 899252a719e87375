"""A mean, and between which bounds the true one is expected."""

from __future__ import annotations

from dataclasses import dataclass

import scipy

from trialbook.services.statistics.cluster import Clusters, Labels, Vector

POWER = 0.8
"""The chance with which a minimum detectable effect would be shown."""


@dataclass(frozen=True, slots=True)
class MeanInterval:
    """A mean with its standard error and bounds; None where there are too few values."""

    count: int
    clusters: int
    mean: float | None = None
    standard_error: float | None = None
    lower: float | None = None
    upper: float | None = None


def mean_interval(
    values: Vector, clusters: Labels | None = None, *, confidence: float
) -> MeanInterval:
    """Return the mean of values with its interval by Student's t, over clusters if there are any.

    Values of equal labels in `clusters` belong together.
    """
    return interval_of(Clusters.of(values, clusters), confidence=confidence)


def interval_of(clusters: Clusters, *, confidence: float) -> MeanInterval:
    """Return the mean of clusters with its interval by Student's t."""
    count = int(clusters.sizes.sum())
    if not count:
        return MeanInterval(0, 0)
    error = clusters.standard_error if len(clusters) > 1 else None
    return bounded(count, len(clusters), clusters.mean, error, confidence=confidence)


def bounded(
    count: int, clusters: int, mean: float, error: float | None, *, confidence: float
) -> MeanInterval:
    """Return a mean whose standard error is known, or None below two clusters, with its bounds."""
    if error is None:
        return MeanInterval(count, clusters, mean)
    margin = error * _student_t((1 + confidence) / 2, clusters - 1)
    return MeanInterval(count, clusters, mean, error, mean - margin, mean + margin)


def minimum_detectable_effect(error: float, clusters: int, *, confidence: float) -> float:
    """Return the smallest true effect that would be shown with a chance of 80 %.

    The standard error times the sum of two quantiles of Student's t: that of the two-sided test,
    and that of the power (Bloom, 1995).
    """
    freedom = clusters - 1
    return error * (_student_t((1 + confidence) / 2, freedom) + _student_t(POWER, freedom))


def _student_t(probability: float, freedom: int) -> float:
    """Return a quantile of Student's t. Unlike scipy.stats, this loads at once."""
    return float(scipy.special.stdtrit(freedom, probability))
