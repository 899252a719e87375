"""The difference of a quantile of two runs over the same items."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from trialbook.services.statistics.cluster import Vector

_MOST_DRAWN = 5_000
_RESAMPLES = 2_000
_VALUES_AT_A_TIME = 1_000_000
_SECTIONS = 25


@dataclass(frozen=True, slots=True)
class QuantileDifference:
    """The candidate's quantile less the baseline's; no bounds below two pairs."""

    difference: float
    lower: float | None = None
    upper: float | None = None


def paired_quantile_difference(
    baseline: Vector, candidate: Vector, quantile: float, *, confidence: float, seed: int
) -> QuantileDifference:
    """Compare a quantile, by linear interpolation, of values of the same items, at least one.

    The interval is by bootstrap over items, percentiles (Efron, 1979). Of more than 5,000 items it
    is by sectioning: items are put by lot into 25 sections, and the differences of these give the
    standard error (Asmussen and Glynn, "Stochastic Simulation", 2007, III.5). The same seed
    gives the same interval.
    """
    difference = float(_difference(baseline, candidate, quantile))
    if len(baseline) < 2:
        return QuantileDifference(difference)
    random = np.random.default_rng(abs(seed))
    if len(baseline) > _MOST_DRAWN:
        margin = _margin(baseline, candidate, quantile, confidence, random)
        return QuantileDifference(difference, difference - margin, difference + margin)
    found = scipy.stats.bootstrap(
        (baseline, candidate),
        lambda before, after, axis=-1: _difference(before, after, quantile, axis),
        n_resamples=_RESAMPLES,
        batch=max(1, _VALUES_AT_A_TIME // len(baseline)),
        vectorized=True,
        paired=True,
        confidence_level=confidence,
        method="percentile",
        rng=random,
    )
    bounds = found.confidence_interval
    return QuantileDifference(difference, float(bounds.low), float(bounds.high))


def _difference(
    baseline: Vector, candidate: Vector, quantile: float, axis: int = -1
) -> NDArray[np.float64]:
    before, after = (np.quantile(values, quantile, axis=axis) for values in (baseline, candidate))
    return np.asarray(after - before)


def _margin(
    baseline: Vector,
    candidate: Vector,
    quantile: float,
    confidence: float,
    random: np.random.Generator,
) -> float:
    sections = np.array_split(random.permutation(len(baseline)), _SECTIONS)
    told = [_difference(baseline[some], candidate[some], quantile) for some in sections]
    error = float(np.std(told, ddof=1)) / math.sqrt(_SECTIONS)
    return error * float(scipy.stats.t.ppf((1 + confidence) / 2, _SECTIONS - 1))
