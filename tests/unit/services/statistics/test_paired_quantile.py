"""The difference of quantiles over the same items."""

from __future__ import annotations

import numpy as np
import pytest

from trialbook.services.statistics.paired_quantile import (
    QuantileDifference,
    paired_quantile_difference,
)


def compared(
    before: np.ndarray, after: np.ndarray, quantile: float = 0.95, seed: int = 1
) -> QuantileDifference:
    return paired_quantile_difference(before, after, quantile, confidence=0.95, seed=seed)


def test_one_pair_has_no_interval() -> None:
    assert compared(np.array([1.0]), np.array([3.0])) == QuantileDifference(2.0)


def test_the_same_shift_everywhere_leaves_no_doubt() -> None:
    before = np.arange(64.0)
    assert compared(before, before + 2) == QuantileDifference(2.0, 2.0, 2.0)


@pytest.mark.parametrize("count", [400, 30_000])
def test_the_interval_covers_a_shift_that_noise_hides(count: int) -> None:
    random = np.random.default_rng(7)
    before = random.normal(0, 1, count)
    after = before + 0.5 + random.normal(0, 0.2, count)
    found = compared(before, after, quantile=0.5)
    assert found.lower is not None
    assert found.upper is not None
    assert found.lower < 0.5 < found.upper
    # The standard error of a median's difference is of the order of the noise over √n.
    assert found.upper - found.lower < 8 / np.sqrt(count)
    assert found == compared(before, after, quantile=0.5)
    assert found != compared(before, after, quantile=0.5, seed=2)
