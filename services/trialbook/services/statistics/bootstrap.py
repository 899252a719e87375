"""Intervals of means by drawing again from what there is."""

from __future__ import annotations

import math

import numpy as np
import scipy
from numpy.typing import NDArray

from trialbook.services.statistics.cluster import Clusters, Vector, sums_by

_FEWEST_RESAMPLES = 5_000
_MOST_RESAMPLES = 50_000
_RESAMPLES_BEYOND_A_BOUND = 25
_MOST_UNITS = 1_000
_AT_A_TIME = 500


def bootstrap_interval(clusters: Clusters, *, confidence: float, seed: int) -> tuple[float, float]:
    """Return the percentile interval of the mean, drawing whole clusters (Efron, 1979).

    More than 1,000 clusters are put together by lot into 1,000 groups, and groups are drawn: that
    keeps variance and skewness of the mean, as groups are sums of clusters that were drawn
    independently, and takes the same time for any number. The same seed gives the same interval,
    whatever the order of the values; opposite values give the opposite interval.
    """
    if _leans_down(clusters):
        lower, upper = _percentiles(clusters.negated(), confidence, seed)
        return -upper, -lower
    return _percentiles(clusters, confidence, seed)


def _leans_down(clusters: Clusters) -> bool:
    """Say whether to draw from the opposite values: of both, one is chosen that both lead to."""
    total = clusters.sums.sum()
    scale = np.abs(clusters.sums).max()
    lean = total if total or not scale else np.power(clusters.sums / scale, 3).sum()
    return bool(lean < 0)


def _percentiles(clusters: Clusters, confidence: float, seed: int) -> tuple[float, float]:
    means = clusters.sums / clusters.sizes
    if means.min() == means.max():
        return float(means[0]), float(means[0])
    random = np.random.default_rng(abs(seed))
    sums, sizes = _units(clusters, random)
    equal = sizes.min() == sizes.max()
    found = scipy.stats.bootstrap(
        (sums / sizes[0],) if equal else (sums, sizes),
        np.mean if equal else _ratio,
        n_resamples=_resamples(confidence),
        batch=_AT_A_TIME,
        vectorized=True,
        paired=not equal,
        confidence_level=confidence,
        method="percentile",
        rng=random,
    )
    return float(found.confidence_interval.low), float(found.confidence_interval.high)


def _units(clusters: Clusters, random: np.random.Generator) -> tuple[Vector, Vector]:
    if len(clusters) <= _MOST_UNITS:
        return clusters.sums, clusters.sizes
    group = random.permutation(len(clusters)) % _MOST_UNITS
    return sums_by(group, clusters.sums), sums_by(group, clusters.sizes)


def _ratio(sums: Vector, sizes: Vector, axis: int = -1) -> NDArray[np.float64]:
    return np.asarray(np.sum(sums, axis=axis) / np.sum(sizes, axis=axis))


def _resamples(confidence: float) -> int:
    """Return how many draws it takes so that some lie beyond each bound."""
    wanted = math.ceil(_RESAMPLES_BEYOND_A_BOUND / ((1 - confidence) / 2))
    return min(max(wanted, _FEWEST_RESAMPLES), _MOST_RESAMPLES)
