"""The difference of two runs over the same items."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trialbook.services.statistics.bootstrap import bootstrap_interval
from trialbook.services.statistics.cluster import ROUNDING, Clusters, Labels, Vector
from trialbook.services.statistics.interval import interval_of, minimum_detectable_effect
from trialbook.services.statistics.signed_test import signed_test


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """The candidate's mean less the baseline's; None where there are too few pairs.

    `test` tells what gave the p-value: "wilcoxon", "permutation", or nothing.
    """

    count: int = 0
    clusters: int = 0
    mean: float | None = None
    standard_error: float | None = None
    lower: float | None = None
    upper: float | None = None
    bootstrap_lower: float | None = None
    bootstrap_upper: float | None = None
    p_value: float | None = None
    test: str = ""
    minimum_detectable_effect: float | None = None


def differences(baseline: Vector, candidate: Vector) -> Vector:
    """Return the candidate's values less the baseline's; 0 for values equal but for rounding."""
    moved = candidate - baseline
    size = np.maximum(np.abs(baseline), np.abs(candidate))
    return np.where(np.abs(moved) <= ROUNDING * size, 0.0, moved)


def paired_difference(
    baseline: Vector,
    candidate: Vector,
    clusters: Labels | None = None,
    *,
    confidence: float,
    seed: int,
) -> PairedDifference:
    """Compare values of the same items, place by place. Pairs of which one is NaN are left out.

    Pairs of equal labels in `clusters` belong together. The interval is by Student's t, with the
    clusters' standard error, and by bootstrap; the test is of the clusters' sums.
    """
    known = ~(np.isnan(baseline) | np.isnan(candidate))
    labels = None if clusters is None else clusters[known]
    grouped = Clusters.of(differences(baseline[known], candidate[known]), labels)
    found = interval_of(grouped, confidence=confidence)
    if found.standard_error is None:
        return PairedDifference(found.count, found.clusters, found.mean)
    error = found.standard_error
    lower, upper = bootstrap_interval(grouped, confidence=confidence, seed=seed)
    told = signed_test(grouped.sums, seed=seed)
    return PairedDifference(
        found.count,
        found.clusters,
        found.mean,
        error,
        found.lower,
        found.upper,
        lower,
        upper,
        told.p_value,
        told.test,
        minimum_detectable_effect(error, found.clusters, confidence=confidence),
    )
