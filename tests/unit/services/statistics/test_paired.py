from __future__ import annotations

import math
from dataclasses import astuple
from typing import Any

import numpy as np
import pytest
import scipy
from hypothesis import given, settings
from hypothesis import strategies as st

from trialbook.services.statistics.cluster import Labels, Vector
from trialbook.services.statistics.paired import PairedDifference, paired_difference

ZERO = np.zeros(15)
DARWIN = np.array([6.0, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75])
"""Heights of crossed less those of self-fertilised maize, in eighths of an inch, which Fisher (The
Design of Experiments, 1935, chapter 3) tests by t and by permutation."""


def compared(
    baseline: Any, candidate: Any, clusters: Labels | None = None, **how: Any
) -> PairedDifference:
    chosen = {"confidence": 0.95, "seed": 0, **how}
    return paired_difference(
        np.array(baseline, float), np.array(candidate, float), clusters, **chosen
    )


def values(size: int = 40) -> Any:
    """Scores of two runs, ties and differences of zero among them."""
    score = st.one_of(st.sampled_from([0.0, 0.5, 1.0]), st.floats(-100, 100, width=16))
    pairs = st.lists(st.tuples(score, score), min_size=2, max_size=size)
    return pairs.map(lambda rows: tuple(np.array(column) for column in zip(*rows, strict=True)))


def test_the_interval_is_that_of_fishers_plants() -> None:
    found = compared(ZERO, DARWIN)
    assert found.count == found.clusters == 15
    assert found.mean == pytest.approx(314 / 15)
    assert found.mean is not None
    assert found.standard_error is not None
    assert found.mean / found.standard_error == pytest.approx(2.148, abs=0.0005)
    expected = scipy.stats.ttest_rel(DARWIN, ZERO).confidence_interval(0.95)
    assert (found.lower, found.upper) == pytest.approx((expected.low, expected.high))


def test_few_differences_are_permuted_exactly_as_fisher_did() -> None:
    found = compared(ZERO, DARWIN)
    assert found.test == "permutation"
    assert found.p_value == 1726 / 2**15


def test_more_differences_are_ranked_as_scipy_does_it() -> None:
    random = np.random.default_rng(7)
    before, after = random.normal(0, 1, 60), random.normal(0.3, 1, 60)
    found = compared(before, after)
    assert found.test == "wilcoxon"
    assert found.p_value == pytest.approx(scipy.stats.wilcoxon(after, before).pvalue)


def test_the_bootstrap_agrees_with_the_spread_of_the_mean() -> None:
    random = np.random.default_rng(7)
    before, after = random.normal(0, 1, 20_000), random.normal(0.1, 1, 20_000)
    found = compared(before, after)
    assert found.lower is not None
    assert found.upper is not None
    width = found.upper - found.lower
    assert found.bootstrap_lower == pytest.approx(found.lower, abs=width / 15)
    assert found.bootstrap_upper == pytest.approx(found.upper, abs=width / 15)


def test_equal_clusters_are_as_good_as_one_value_each() -> None:
    random = np.random.default_rng(7)
    moves = random.normal(0.3, 1, 30)
    repeated = np.repeat(moves, 4)
    found = compared(np.zeros(120), repeated, np.repeat(np.arange(30), 4))
    alone = compared(np.zeros(30), moves)
    assert (found.count, found.clusters) == (120, 30)
    assert astuple(found)[2:] == pytest.approx(astuple(alone)[2:])


def test_clusters_of_several_sizes_are_weighed_by_their_sums() -> None:
    moves, labels = np.array([1.0, 3.0, 2.0, 6.0, 6.0, 0.0]), np.array([1, 1, 2, 3, 3, 4])
    found = compared(np.zeros(6), moves, labels)
    sums, sizes = np.array([4.0, 2.0, 12.0, 0.0]), np.array([2, 1, 2, 1])
    error = math.sqrt(np.square(sums - 3 * sizes).sum() * 4 / 3) / 6
    assert found.mean == 3
    assert found.standard_error == pytest.approx(error)
    assert found.upper == pytest.approx(3 + error * scipy.stats.t.ppf(0.975, 3))


def test_pairs_without_a_value_are_left_out() -> None:
    found = compared([1, math.nan, 3, 4], [2, 3, math.nan, 6])
    assert (found.count, found.mean) == (2, 1.5)


def test_without_pairs_nothing_is_said() -> None:
    assert compared([], []) == PairedDifference()
    assert compared([math.nan], [1]) == PairedDifference()


def test_one_pair_has_a_mean_alone() -> None:
    assert compared([1], [3]) == PairedDifference(1, 1, 2.0)


def test_one_cluster_has_a_mean_alone() -> None:
    assert compared([1, 1], [3, 5], np.array([9, 9])) == PairedDifference(2, 1, 3.0)


@pytest.mark.parametrize("count", [2, 50])
def test_where_all_is_equal_nothing_speaks_against_chance(count: int) -> None:
    found = compared(np.full(count, 0.1), np.full(count, 0.1))
    nothing = [0.0] * 6
    assert astuple(found)[2:] == (*nothing, 1.0, "permutation", 0.0)


def test_differences_that_are_all_the_same_have_no_spread() -> None:
    found = compared(np.zeros(50), np.full(50, 0.1))
    assert found.mean == pytest.approx(0.1)
    assert found.standard_error == 0
    assert found.lower == found.upper == found.mean
    assert found.bootstrap_lower == found.bootstrap_upper == pytest.approx(0.1)
    assert found.p_value is not None
    assert found.p_value < 1e-9


def test_differences_that_are_the_same_but_for_rounding_tie() -> None:
    before = np.tile([0.1, 0.2, 0.3, 0.6], 6)
    exactly = compared(np.zeros(24), np.where(np.arange(24) % 4 == 0, -1, 1))
    rounded = compared(before, before + np.where(np.arange(24) % 4 == 0, -0.1, 0.1))
    assert rounded.p_value == exactly.p_value
    assert compared([0.1 + 0.2] * 3, [0.3] * 3).p_value == 1


def test_the_effect_that_can_be_shown_is_two_point_eight_errors_away() -> None:
    random = np.random.default_rng(7)
    found = compared(np.zeros(5_000), random.normal(0, 1, 5_000))
    assert found.standard_error is not None
    assert found.minimum_detectable_effect == pytest.approx(2.80 * found.standard_error, rel=0.002)


def test_values_at_the_ends_of_what_scores_may_be_stay_finite() -> None:
    found = compared([-1e100, 1e100, 0.0], [1e100, -1e100, 1e100])
    assert all(math.isfinite(figure) for figure in astuple(found) if isinstance(figure, float))


@settings(max_examples=15, deadline=None)
@given(values())
def test_exchanging_the_runs_turns_the_figures_round(pair: tuple[Vector, Vector]) -> None:
    there, back = compared(*pair), compared(pair[1], pair[0])
    assert there.mean is not None
    assert back.mean == pytest.approx(-there.mean)
    for lower, upper in (("lower", "upper"), ("bootstrap_lower", "bootstrap_upper")):
        mirrored = (-getattr(back, upper), -getattr(back, lower))
        assert (getattr(there, lower), getattr(there, upper)) == pytest.approx(mirrored)
    assert there.p_value == pytest.approx(back.p_value)


@settings(max_examples=15, deadline=None)
@given(values(), st.randoms(use_true_random=False))
def test_the_order_of_the_items_does_not_matter(pair: tuple[Vector, Vector], random: Any) -> None:
    order = list(range(len(pair[0])))
    random.shuffle(order)
    shuffled = compared(pair[0][order], pair[1][order])
    assert astuple(shuffled) == pytest.approx(astuple(compared(*pair)))


@settings(max_examples=15, deadline=None)
@given(values(), st.sampled_from([0.25, 2.0, 1024.0]))
def test_the_unit_does_not_matter(pair: tuple[Vector, Vector], scale: float) -> None:
    one, other = compared(*pair), compared(pair[0] * scale, pair[1] * scale)
    assert other.p_value == pytest.approx(one.p_value)
    assert one.mean is not None
    assert other.mean == pytest.approx(one.mean * scale)
    assert one.bootstrap_lower is not None
    assert other.bootstrap_lower == pytest.approx(one.bootstrap_lower * scale)


def test_the_same_seed_gives_the_same_figures_and_another_one_others() -> None:
    before = np.random.default_rng(7).normal(0, 1, 300)
    once, again = compared(np.zeros(300), before, seed=-5), compared(np.zeros(300), before, seed=-5)
    other = compared(np.zeros(300), before, seed=6)
    assert once == again
    assert once.bootstrap_lower != other.bootstrap_lower
    assert once.lower == other.lower
