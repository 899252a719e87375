from __future__ import annotations

import math

import numpy as np
import pytest
import scipy

from trialbook.services.statistics.estimate import Estimate, estimate


def test_figures_are_those_of_scipy() -> None:
    values = np.random.default_rng(7).normal(5, 2, 101)
    found = estimate(values, confidence=0.9)
    expected = scipy.stats.ttest_1samp(values, 0).confidence_interval(0.9)
    assert found.count == 101
    assert found.mean == pytest.approx(values.mean())
    assert found.standard_deviation == pytest.approx(values.std(ddof=1))
    assert found.standard_error == pytest.approx(scipy.stats.sem(values))
    assert (found.lower, found.upper) == pytest.approx((expected.low, expected.high))


def test_trials_of_an_item_count_as_one_observation() -> None:
    moves = np.random.default_rng(7).normal(0, 1, 30)
    found = estimate(np.repeat(moves, 5), np.repeat(np.arange(30), 5), confidence=0.95)
    assert found.count == 150
    assert found.standard_error == pytest.approx(scipy.stats.sem(moves))


def test_quantiles_are_values_that_there_are() -> None:
    found = estimate(np.arange(1.0, 21.0), confidence=0.95)
    assert (found.median, found.p95) == (10, 19)


def test_values_that_are_missing_are_not_counted() -> None:
    assert estimate(np.array([math.nan, 2.0, math.nan]), confidence=0.95) == Estimate(
        1, 2.0, None, None, None, None, 2.0, 2.0
    )
    assert estimate(np.full(3, math.nan), confidence=0.95) == Estimate()
    assert estimate(np.empty(0), np.empty(0, np.int64), confidence=0.95) == Estimate()


def test_equal_values_have_no_spread() -> None:
    found = estimate(np.full(10, 0.1), confidence=0.95)
    assert found.standard_deviation == found.standard_error == 0
    assert found.lower == found.upper == found.mean
