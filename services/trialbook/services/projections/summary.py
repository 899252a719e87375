"""Merges scores into a scorer's summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from trialbook.services.application.views import ScorerSummaryView
from trialbook.services.domain.judgement import ScoreStatus
from trialbook.services.domain.run import ScoreFact


def merge_scores(before: ScorerSummaryView, scores: Sequence[ScoreFact]) -> tuple[Any, ...]:
    """Return the columns of a summary after more scores.

    Mean and sum of squared deviations are merged pairwise (Chan, Golub and LeVeque, 1979), which
    keeps their precision where a running sum of squares loses it.
    """
    values: list[float] = []
    statuses: Counter[ScoreStatus] = Counter()
    verdicts: Counter[bool | None] = Counter()
    for fact in scores:
        statuses[fact.status] += 1
        verdicts[fact.passed] += 1
        if fact.value is not None:
            values.append(fact.value)
    mean, squares = _merge_moments(before, values)
    return msgspec.structs.astuple(
        ScorerSummaryView(
            scored=before.scored + len(values),
            failed=before.failed + statuses[ScoreStatus.FAILED],
            not_evaluable=before.not_evaluable + statuses[ScoreStatus.NOT_EVALUABLE],
            skipped=before.skipped + statuses[ScoreStatus.SKIPPED],
            passed=before.passed + verdicts[True],
            not_passed=before.not_passed + verdicts[False],
            mean=mean,
            squares=squares,
            minimum=_extreme(min, before.minimum, values),
            maximum=_extreme(max, before.maximum, values),
        )
    )


def forget_scores(before: ScorerSummaryView, scores: Sequence[ScoreFact]) -> tuple[Any, ...]:
    """Return the columns of a summary without some scores, none of which has a value."""
    statuses = Counter(fact.status for fact in scores)
    verdicts = Counter(fact.passed for fact in scores)
    return msgspec.structs.astuple(
        msgspec.structs.replace(
            before,
            failed=before.failed - statuses[ScoreStatus.FAILED],
            not_evaluable=before.not_evaluable - statuses[ScoreStatus.NOT_EVALUABLE],
            skipped=before.skipped - statuses[ScoreStatus.SKIPPED],
            passed=before.passed - verdicts[True],
            not_passed=before.not_passed - verdicts[False],
        )
    )


def _merge_moments(before: ScorerSummaryView, values: Sequence[float]) -> tuple[float, float]:
    if not values:
        return before.mean, before.squares
    count = len(values)
    mean = sum(values) / count
    squares = sum([(value - mean) ** 2 for value in values])
    total = before.scored + count
    distance = mean - before.mean
    return (
        before.mean + distance * count / total,
        before.squares + squares + distance * distance * before.scored * count / total,
    )


def _extreme(choose: Any, before: float | None, values: Sequence[float]) -> float | None:
    known = [*values] if before is None else [before, *values]
    return choose(known) if known else None
