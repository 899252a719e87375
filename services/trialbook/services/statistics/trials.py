"""What several trials of an item come to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from trialbook.services.statistics.cluster import Labels


@dataclass(frozen=True, slots=True)
class TrialRate:
    """What k trials come to, on average over so many items."""

    k: int
    pass_at_k: float
    pass_hat_k: float
    count: int


def trial_rates(trials: Labels, passed: Labels) -> list[TrialRate]:
    """Return for k = 1, 2 … the chances that one of k trials passes, and that all do.

    `trials` and `passed` tell of each item how many trials have a verdict, and how many passed.
    Estimated without bias from all n trials of an item, c of which passed: pass@k is
    1 - C(n - c, k) / C(n, k) (Chen et al., 2021), pass^k is C(c, k) / C(n, k) (Yao et al., 2024).
    Items with fewer than k trials are left out.
    """
    kinds, items = np.unique(np.stack([trials, passed], axis=1), axis=0, return_counts=True)
    most = int(trials.max(initial=0))
    return [_rate(k, kinds, items) for k in range(1, most + 1)]


def _rate(k: int, kinds: Labels, items: Labels) -> TrialRate:
    enough = kinds[:, 0] >= k
    trials, passed = kinds[enough].T
    weights = items[enough]
    count = int(weights.sum())
    choices = scipy.special.comb(trials, k)
    at_least_one = 1 - scipy.special.comb(trials - passed, k) / choices
    all_of_them = scipy.special.comb(passed, k) / choices
    return TrialRate(
        k, float(at_least_one @ weights) / count, float(all_of_them @ weights) / count, count
    )


def flaky(trials: Labels, passed: Labels) -> Labels:
    """Return the places of the items that passed in some trials and not in others."""
    return np.flatnonzero((passed > 0) & (passed < trials))
