"""Whether verdicts moved more one way than the other."""

from __future__ import annotations

import scipy

_MOST_EXACT = 1_000


def mcnemar(fixed: int, broken: int) -> float | None:
    """Return McNemar's two-sided p-value for so many moves either way; None without any.

    Exact, by the binomial distribution, up to 1,000 moves; beyond by chi-squared with continuity
    correction (McNemar, 1947; Edwards, 1948). Pairs must be independent.
    """
    moves = fixed + broken
    if not moves:
        return None
    if moves <= _MOST_EXACT:
        return float(scipy.stats.binomtest(fixed, moves).pvalue)
    statistic = max(abs(fixed - broken) - 1, 0) ** 2 / moves
    return float(scipy.stats.chi2.sf(statistic, 1))
