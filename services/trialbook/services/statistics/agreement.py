"""How far raters agree beyond what chance would give. 1 is perfect, 0 is chance.

Figures that are not defined, since chance alone gives full agreement or there is nothing to
compare, are None.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

_PAIR = 2


class Level(enum.Enum):
    """How the difference between two ratings is measured."""

    NOMINAL = "nominal"
    """They are the same, or not."""
    INTERVAL = "interval"
    """By their squared distance. Ratings are finite numbers."""


def observed_agreement(first: Sequence[Hashable], second: Sequence[Hashable]) -> float | None:
    """Return the share of cases on which two raters say the same."""
    _require_pairs(first, second)
    if not first:
        return None
    return sum(a == b for a, b in zip(first, second, strict=True)) / len(first)


def cohen_kappa(first: Sequence[Hashable], second: Sequence[Hashable]) -> float | None:
    """Return Cohen's kappa of two raters, who rate case by case, for categories without order.

    (p_o - p_e) / (1 - p_e), with p_e from each rater's own shares of the categories: J. Cohen, "A
    coefficient of agreement for nominal scales", Educational and Psychological Measurement 20
    (1960), 37-46. Raises ValueError for sequences of different lengths.
    """
    observed = observed_agreement(first, second)
    if observed is None:
        return None
    shares, others = Counter(first), Counter(second)
    # In whole numbers, so that full agreement by chance is seen exactly.
    total = len(first) ** 2
    by_chance = sum(count * others[category] for category, count in shares.items())
    if by_chance == total:
        return None
    expected = by_chance / total
    return (observed - expected) / (1 - expected)


def weighted_kappa(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Return Cohen's kappa of two raters for numbers, weighted by squared distance.

    1 less the mean squared distance of the pairs over the mean squared distance that independent
    raters with the same values would have: J. Cohen, "Weighted kappa", Psychological Bulletin 70
    (1968), 213-220, with quadratic weights, for which no categories need be given. Raises
    ValueError for sequences of different lengths.
    """
    _require_pairs(first, second)
    if not first:
        return None
    a, b = _scaled(np.array([first, second], dtype=np.float64))
    by_chance = float(a.var() + b.var() + (a.mean() - b.mean()) ** 2)
    if by_chance == 0:
        return None
    return 1 - float(np.mean((a - b) ** 2)) / by_chance


def krippendorff_alpha(units: Iterable[Sequence[Hashable]], level: Level) -> float | None:
    """Return Krippendorff's alpha of any number of raters, of whom not all need rate everything.

    `units` are the ratings that each case got, in any order; cases with fewer than two are left
    out. 1 less observed over expected disagreement, both from the coincidences of values within
    units: K. Krippendorff, "Computing Krippendorff's alpha-reliability" (2011).
    """
    pairable = [unit for unit in units if len(unit) >= _PAIR]
    if level is Level.NOMINAL:
        return _nominal_alpha(pairable)
    return _interval_alpha(cast("list[Sequence[float]]", pairable))


def _nominal_alpha(units: Sequence[Sequence[Hashable]]) -> float | None:
    totals: Counter[Hashable] = Counter()
    disagreeing = 0.0
    for unit in units:
        counts = Counter(unit)
        totals.update(counts)
        size = len(unit)
        # The coincidences of unlike values: all ordered pairs less those of like ones.
        unlike = size * size - sum(count * count for count in counts.values())
        disagreeing += unlike / (size - 1)
    number = totals.total()
    by_chance = number * number - sum(count * count for count in totals.values())
    if by_chance == 0:
        return None
    return 1 - (number - 1) * disagreeing / by_chance


def _interval_alpha(units: Sequence[Sequence[float]]) -> float | None:
    if not units:
        return None
    values = _scaled(np.concatenate([np.asarray(unit, dtype=np.float64) for unit in units]))
    sizes = np.array([len(unit) for unit in units])
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    means = np.add.reduceat(values, starts) / sizes
    within = np.add.reduceat((values - np.repeat(means, sizes)) ** 2, starts)
    # Over ordered pairs of m values, squared distances add up to 2 m times the squared deviations.
    observed = float(np.sum(2 * sizes * within / (sizes - 1)))
    by_chance = float(2 * len(values) * np.sum((values - values.mean()) ** 2))
    if by_chance == 0:
        return None
    return 1 - (len(values) - 1) * observed / by_chance


def _scaled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values moved and stretched to -1 … 1, which changes no agreement.

    Their squares then neither overflow nor vanish; values that are all the same become exactly 0.
    """
    largest = float(np.abs(values).max())
    if largest == 0:
        return values
    parts = values / largest
    low, high = float(parts.min()), float(parts.max())
    return np.zeros_like(parts) if low == high else (2 * parts - low - high) / (high - low)


def _require_pairs(first: Sequence[Hashable], second: Sequence[Hashable]) -> None:
    if len(first) != len(second):
        raise ValueError(f"{len(first)} ratings cannot be paired with {len(second)}")
