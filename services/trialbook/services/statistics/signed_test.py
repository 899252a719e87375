"""Whether differences can be chance: tests of what lies evenly on both sides of zero."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from trialbook.services.statistics.cluster import Vector

WILCOXON = "wilcoxon"
PERMUTATION = "permutation"

_FEWEST_FOR_RANKS = 20
_RESAMPLES = 2**15
_MANTISSA_BITS = 36


@dataclass(frozen=True, slots=True)
class SignedTest:
    """The chance of differences at least as large if there were none, and what told it."""

    p_value: float
    test: str


def signed_test(differences: Vector, *, seed: int) -> SignedTest:
    """Test that differences lie evenly on both sides of zero, two-sided.

    From 20 differences that are not zero by Wilcoxon's signed ranks, zeros left out; below by
    permutation of the signs, exact up to 15 of them. Without any, or with one, nothing speaks
    against chance: p = 1. Differences that are the same but for rounding tie.
    """
    moved = np.sort(differences[differences != 0.0])
    if len(moved) < 2:
        # A single difference is as large with the other sign.
        return SignedTest(1.0, PERMUTATION)
    if len(moved) >= _FEWEST_FOR_RANKS:
        found = scipy.stats.wilcoxon(_without_rounding(moved))
        return SignedTest(float(found.pvalue), WILCOXON)
    # Both signs lead to the same draws, so that the order of two runs does not matter.
    mirrored = moved if moved.sum() >= 0 else np.sort(-moved)
    permuted = scipy.stats.permutation_test(
        (mirrored / np.abs(mirrored).max(),),
        _total,
        permutation_type="samples",
        vectorized=True,
        n_resamples=_RESAMPLES,
        rng=np.random.default_rng(abs(seed)),
    )
    return SignedTest(float(permuted.pvalue), PERMUTATION)


def _total(differences: Vector, axis: int = -1) -> NDArray[np.float64]:
    return np.asarray(np.sum(differences, axis=axis))


def _without_rounding(differences: Vector) -> Vector:
    """Return differences to 36 binary digits, so that 0.3 - 0.2 is as large as 0.2 - 0.1."""
    mantissa, exponent = np.frexp(differences)
    whole = np.rint(np.ldexp(mantissa, _MANTISSA_BITS))
    return np.asarray(np.ldexp(whole, exponent - _MANTISSA_BITS))
