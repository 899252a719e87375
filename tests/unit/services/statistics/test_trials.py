from __future__ import annotations

import itertools

import numpy as np
import pytest

from trialbook.services.statistics.trials import flaky, trial_rates


def test_rates_are_those_of_all_choices_of_k_trials() -> None:
    items = [[1, 1, 0, 0], [1, 1, 1, 1], [0, 0, 0, 0], [1, 0, 0, 0]]
    found = trial_rates(np.full(4, 4), np.array([sum(item) for item in items]))
    assert [rate.k for rate in found] == [1, 2, 3, 4]
    for rate in found:
        choices = [list(itertools.combinations(item, rate.k)) for item in items]
        some = [np.mean([any(choice) for choice in chosen]) for chosen in choices]
        every = [np.mean([all(choice) for choice in chosen]) for chosen in choices]
        assert rate.pass_at_k == pytest.approx(np.mean(some))
        assert rate.pass_hat_k == pytest.approx(np.mean(every))
        assert rate.count == 4


def test_items_with_too_few_verdicts_are_left_out() -> None:
    found = trial_rates(np.array([3, 1, 0]), np.array([3, 0, 0]))
    assert [(rate.count, rate.pass_at_k, rate.pass_hat_k) for rate in found] == [
        (2, 0.5, 0.5),
        (1, 1.0, 1.0),
        (1, 1.0, 1.0),
    ]


def test_a_hundred_trials_keep_their_precision() -> None:
    last = trial_rates(np.array([100]), np.array([50]))[49]
    assert last.pass_at_k == pytest.approx(1)
    assert 0 < last.pass_hat_k < 1e-28


def test_items_whose_trials_disagree_are_flaky() -> None:
    assert flaky(np.array([3, 3, 3, 0]), np.array([0, 3, 1, 0])).tolist() == [2]


def test_without_verdicts_there_are_no_rates() -> None:
    assert trial_rates(np.zeros(2, np.int64), np.zeros(2, np.int64)) == []
    assert trial_rates(np.empty(0, np.int64), np.empty(0, np.int64)) == []
