from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialbook.services.application.views import ScorerSummaryView
from trialbook.services.domain.judgement import ScoreStatus
from trialbook.services.domain.run import ScoreFact
from trialbook.services.projections.summary import forget_scores, merge_scores

VALUES = st.floats(-1e6, 1e6)
SCORED = st.builds(
    lambda value, passed: ScoreFact(1, "i", 1, 0, ScoreStatus.SCORED, value, passed),
    VALUES,
    st.sampled_from([None, True, False]),
)
OTHERS = st.sampled_from([ScoreStatus.FAILED, ScoreStatus.NOT_EVALUABLE, ScoreStatus.SKIPPED]).map(
    lambda status: ScoreFact(1, "i", 1, 0, status)
)
CHUNKS = st.lists(st.lists(SCORED | OTHERS, max_size=8), max_size=8)


def merged(chunks: list[list[ScoreFact]]) -> ScorerSummaryView:
    summary = ScorerSummaryView()
    for chunk in chunks:
        summary = ScorerSummaryView(*merge_scores(summary, chunk))
    return summary


@given(CHUNKS)
def test_a_summary_is_that_of_all_scores_however_they_are_cut(
    chunks: list[list[ScoreFact]],
) -> None:
    scores = [score for chunk in chunks for score in chunk]
    values = [score.value for score in scores if score.value is not None]

    summary = merged(chunks)

    assert summary.scored == len(values)
    assert summary.passed == sum(score.passed is True for score in scores)
    assert summary.not_passed == sum(score.passed is False for score in scores)
    for status, count in (
        (ScoreStatus.FAILED, summary.failed),
        (ScoreStatus.NOT_EVALUABLE, summary.not_evaluable),
        (ScoreStatus.SKIPPED, summary.skipped),
    ):
        assert count == sum(score.status is status for score in scores)
    assert (summary.minimum, summary.maximum) == (
        (min(values), max(values)) if values else (None, None)
    )
    if values:
        assert summary.mean == pytest.approx(statistics.fmean(values), rel=1e-9, abs=1e-6)
    if len(values) > 1:
        variance = statistics.variance(values)
        assert summary.squares / (len(values) - 1) == pytest.approx(variance, rel=1e-6, abs=1e-3)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=50), st.integers(1, 7))
def test_a_large_offset_costs_no_precision(values: list[float], size: int) -> None:
    """A running sum of squares would lose all of a small spread around a large mean."""
    offset = 1e9
    scores = [ScoreFact(1, "i", 1, 0, ScoreStatus.SCORED, offset + value) for value in values]
    chunks = [scores[start : start + size] for start in range(0, len(scores), size)]

    summary = merged(chunks)

    exact = statistics.variance([offset + value for value in values])
    assert summary.squares / (len(values) - 1) == pytest.approx(exact, rel=1e-4, abs=1e-9)


def test_equal_values_have_no_spread() -> None:
    scores = [ScoreFact(1, "i", 1, 0, ScoreStatus.SCORED, 0.1)] * 10

    assert merged([scores[:3], scores[3:]]).squares == pytest.approx(0, abs=1e-30)


@pytest.mark.parametrize("size", [1, 2])
def test_very_large_scores_do_not_break_it(size: int) -> None:
    largest = 1e100
    scores = [
        ScoreFact(1, "i", 1, 0, ScoreStatus.SCORED, largest),
        ScoreFact(2, "i", 1, 0, ScoreStatus.SCORED, -largest),
    ]
    summary = merged([scores[start : start + size] for start in range(0, 2, size)])

    assert summary.scored == 2
    assert (summary.minimum, summary.maximum) == (-largest, largest)


@given(st.lists(SCORED | OTHERS, max_size=8), st.lists(OTHERS, max_size=8))
def test_what_has_no_value_is_forgotten_as_if_it_had_never_been(
    kept: list[ScoreFact], gone: list[ScoreFact]
) -> None:
    summary = forget_scores(merged([kept, gone]), gone)

    assert ScorerSummaryView(*summary) == merged([kept])
