"""Merges scores into a scorer's summary."""

from __future__ import annotations

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
    values = [fact.value for fact in scores if fact.value is not None]
    mean, squares = _merge_moments(before, values)
    return msgspec.structs.astuple(
        ScorerSummaryView(
            scored=before.scored + len(values),
            failed=before.failed + _count(scores, ScoreStatus.FAILED),
            not_evaluable=before.not_evaluable + _count(scores, ScoreStatus.NOT_EVALUABLE),
            skipped=before.skipped + _count(scores, ScoreStatus.SKIPPED),
            passed=before.passed + sum(fact.passed is True for fact in scores),
            not_passed=before.not_passed + sum(fact.passed is False for fact in scores),
            mean=mean,
            squares=squares,
            minimum=_extreme(min, before.minimum, values),
            maximum=_extreme(max, before.maximum, values),
        )
    )


def _merge_moments(before: ScorerSummaryView, values: Sequence[float]) -> tuple[float, float]:
    if not values:
        return before.mean, before.squares
    count = len(values)
    mean = sum(values) / count
    squares = sum((value - mean) ** 2 for value in values)
    total = before.scored + count
    distance = mean - before.mean
    return (
        before.mean + distance * count / total,
        before.squares + squares + distance * distance * before.scored * count / total,
    )


def _count(scores: Sequence[ScoreFact], status: ScoreStatus) -> int:
    return sum(fact.status is status for fact in scores)


def _extreme(choose: Any, before: float | None, values: Sequence[float]) -> float | None:
    known = [*values] if before is None else [before, *values]
    return choose(known) if known else None
