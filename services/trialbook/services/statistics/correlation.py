"""How far two series of numbers go together, from -1 to 1; None where that is not defined."""

from __future__ import annotations

import math

import numpy as np
import scipy
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
_FEWEST = 2


def pearson(first: Numbers, second: Numbers) -> float | None:
    """Return Pearson's r of pairs of finite numbers: how near they lie to a straight line.

    Not defined below two pairs, and where either series is constant.
    """
    if not _vary(first, second):
        return None
    with np.errstate(all="ignore"):
        found = float(scipy.stats.pearsonr(_scaled(first), _scaled(second)).statistic)
    return found if math.isfinite(found) else None


def spearman(first: Numbers, second: Numbers) -> float | None:
    """Return Spearman's rho of pairs of finite numbers: Pearson's r of their ranks."""
    if not _vary(first, second):
        return None
    found = float(scipy.stats.spearmanr(first, second).statistic)
    return found if math.isfinite(found) else None


def _vary(first: Numbers, second: Numbers) -> bool:
    return len(first) >= _FEWEST and all(
        bool(series.min() < series.max()) for series in (first, second)
    )


def _scaled(series: Numbers) -> Numbers:
    """Return numbers of at most 1: r stays as it is, and squares stay finite."""
    scaled: Numbers = series / np.abs(series).max()
    return scaled
