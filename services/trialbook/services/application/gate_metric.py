"""What a gate's condition looks at: one number a result, and what those come to."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from trialbook.services.application.run_columns import (
    BROKEN,
    FAILED,
    NONE,
    NOT_EVALUABLE,
    NOT_SCORED,
    SCORED,
    SKIPPED,
    SUCCEEDED,
    RunColumns,
    ScoreColumns,
    result_scorers,
)
from trialbook.services.application.views import RunView, ScorerSummaryView
from trialbook.services.domain.experiment import ScorerScope
from trialbook.services.domain.gate import Condition, Metric

LATENCY_QUANTILE = 0.95
"""Which quantile of the latencies is meant where a condition names none."""

COUNTS = frozenset(
    {
        Metric.FAILED_RESULTS,
        Metric.FAILED_SCORES,
        Metric.UNSCORED_RESULTS,
        Metric.SKIPPED_RESULTS,
    }
)
"""The metrics that count, where others tell a share, a mean or a quantile."""

_NO_SCORERS = "the run has no scorers"

Values = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Unanswerable(Exception):
    """There is nothing to look at. `sentence` says why; `count` results were looked at."""

    def __init__(self, sentence: str, count: int = 0) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.count = count


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a gate is asked about: a run, its figures, and which results a split or tag has.

    `chosen` has a mask for each (split, tag) that a condition names. `less_is_better` are the
    aliases of scorers whose smaller values are better.
    """

    run: RunView
    columns: RunColumns
    chosen: dict[tuple[str, str], Mask] = field(default_factory=dict)
    less_is_better: frozenset[str] = frozenset()

    def mask(self, condition: Condition) -> Mask:
        """Return which results a condition looks at."""
        if not condition.split and not condition.tag:
            return np.ones(len(self.columns.number), np.bool_)
        return self.chosen[condition.split, condition.tag]


@dataclass(frozen=True, slots=True)
class Measured:
    """The value of a metric, and over how many results."""

    value: float
    count: int


def places_of(run: RunView, condition: Condition) -> list[int]:
    """Return the places of the scorers whose scores of results a condition looks at."""
    places = result_scorers(run)
    if condition.scorer:
        return [places[condition.scorer]] if condition.scorer in places else []
    needed = (Metric.PASS_RATE, Metric.FAILED_SCORES, Metric.UNSCORED_RESULTS)
    return list(places.values()) if condition.metric in needed else []


def measure(evidence: Evidence, condition: Condition) -> Measured:
    """Return what a run comes to by a condition's metric. Raises Unanswerable."""
    if condition.metric is Metric.RUN_SCORE:
        return _run_score(evidence.run, condition.scorer)
    if condition.metric is Metric.FAILED_SCORES:
        return _failed_scores(evidence, condition)
    values = observations(evidence, condition)
    values = values[~np.isnan(values)]
    if not len(values):
        raise Unanswerable(_nothing(condition))
    return Measured(reduced(condition, values), len(values))


def observations(evidence: Evidence, condition: Condition) -> Values:
    """Return as `observed` does, and NaN for results of another split, or without the tag."""
    return np.where(evidence.mask(condition), observed(evidence, condition), np.nan)


def reduced(condition: Condition, values: Values) -> float:
    """Return what numbers come to, at least one, none of them NaN."""
    match condition.metric:
        case Metric.QUANTILE | Metric.LATENCY:
            return float(np.quantile(values, quantile_of(condition), method="linear"))
        case Metric.MINIMUM:
            return float(values.min())
        case metric if metric in COUNTS:
            return float(values.sum())
        case _:
            return float(values.mean())


def quantile_of(condition: Condition) -> float:
    """Return which quantile a condition looks at."""
    return LATENCY_QUANTILE if condition.quantile is None else condition.quantile


def observed(evidence: Evidence, condition: Condition) -> Values:
    """Return a number for each result of the run, NaN for those that do not count.

    Raises Unanswerable if the run has no such scorer, or that gives no verdicts.
    """
    columns = evidence.columns
    told = columns.status != SKIPPED
    match condition.metric:
        case Metric.PASS_RATE:
            return _passes(evidence, condition)
        case Metric.MEAN | Metric.QUANTILE | Metric.MINIMUM:
            scores = columns.scores[_place(evidence.run, condition)]
            return np.where(told & (scores.status == SCORED), scores.value, np.nan)
        case Metric.FAILED_RESULTS:
            return np.where(told, columns.status == FAILED, np.nan)
        case Metric.SKIPPED_RESULTS:
            return np.where(told, 0.0, 1.0)
        case Metric.UNSCORED_RESULTS:
            return _unscored(evidence, condition)
        case Metric.LATENCY:
            return np.where(told, columns.latency, np.nan)
        case Metric.TOKENS:
            return np.where(told, columns.tokens, np.nan)
        case Metric.COST:
            return np.where(told, columns.cost, np.nan)
        case Metric.FAILED_SCORES | Metric.RUN_SCORE:
            raise ValueError(f"{condition.metric} is no number of a result")


def _passes(evidence: Evidence, condition: Condition) -> Values:
    """Return 1 for results that pass and 0 for others, skipped ones among them."""
    run, columns = evidence.run, evidence.columns
    succeeded = columns.status == SUCCEEDED
    if condition.scorer:
        return _passes_of(evidence, condition)
    passes: Mask = succeeded
    for place in places_of(run, condition):
        scores = columns.scores[place]
        says_no = (scores.status == SCORED) & (scores.passed == 0)
        lacks = (scores.status != SCORED) & (scores.status != NOT_EVALUABLE)
        passes = passes & ~says_no & (~lacks | _unasked(run, place, scores))
    return np.where(passes, 1.0, 0.0)


def _passes_of(evidence: Evidence, condition: Condition) -> Values:
    place = _place(evidence.run, condition)
    scores = evidence.columns.scores[place]
    succeeded = evidence.columns.status == SUCCEEDED
    scored = scores.status == SCORED
    if scored.any() and not (scores.passed[scored] != NONE).any():
        raise Unanswerable(f"{condition.scorer} gives values, but no verdicts")
    passes = (succeeded & (scores.passed == 1)).astype(np.float64)
    return np.where(succeeded & _unasked(evidence.run, place, scores), np.nan, passes)


def _unscored(evidence: Evidence, condition: Condition) -> Values:
    run, columns = evidence.run, evidence.columns
    if condition.scorer:
        lacking: Mask = np.isnan(columns.scores[_place(run, condition)].value)
    else:
        places = places_of(run, condition)
        if not places:
            raise Unanswerable(_NO_SCORERS)
        lacking = np.zeros(len(columns.number), np.bool_)
        for place in places:
            scores = columns.scores[place]
            lacking |= np.isnan(scores.value) & ~_unasked(run, place, scores)
    return np.where(columns.status == SUCCEEDED, lacking, np.nan)


def _unasked(run: RunView, place: int, scores: ScoreColumns) -> Mask:
    """Return which results a scorer leaves alone because their items do not ask for it."""
    if not run.scorers[place].per_item:
        return np.zeros(len(scores.status), np.bool_)
    return np.isin(scores.status, (NONE, NOT_SCORED))


def _failed_scores(evidence: Evidence, condition: Condition) -> Measured:
    """Count broken scores: those of results, and where no split or tag is named, of the run."""
    run, columns = evidence.run, evidence.columns
    places = places_of(run, condition)
    of_run = [] if condition.split or condition.tag else _run_summaries(run, condition.scorer)
    if not places and not of_run:
        raise Unanswerable(_no_scorer(run, condition.scorer) if condition.scorer else _NO_SCORERS)
    told = evidence.mask(condition) & (columns.status != SKIPPED)
    count = int(told.sum()) if places else len(of_run)
    if not count:
        raise Unanswerable(_nothing(condition))
    broken = sum(int((columns.scores[place].status[told] == BROKEN).sum()) for place in places)
    return Measured(float(broken + sum(summary.failed for summary in of_run)), count)


def _run_score(run: RunView, alias: str) -> Measured:
    summaries = _run_summaries(run, alias)
    if not summaries:
        raise Unanswerable(f"the run has no scorer {alias} that judges it as a whole")
    summary = summaries[0]
    if summary.scored:
        return Measured(summary.mean, run.succeeded + run.failed)
    told = (
        ("broke", summary.failed),
        ("could not judge the run", summary.not_evaluable),
        ("was skipped", summary.skipped),
    )
    happened = next((words for words, count in told if count), "has not judged the run")
    raise Unanswerable(f"{alias} {happened}")


def _run_summaries(run: RunView, alias: str) -> list[ScorerSummaryView]:
    """Return what scorers of the run as a whole said; each has one score. No alias means all."""
    return [
        summary
        for spec, summary in zip(run.scorers, run.summaries, strict=True)
        if spec.scope is ScorerScope.RUN
        and not spec.superseded
        and (not alias or spec.alias == alias)
    ]


def _place(run: RunView, condition: Condition) -> int:
    """Return the place of the scorer that a condition names. Raises Unanswerable."""
    places = places_of(run, condition)
    if not places:
        raise Unanswerable(_no_scorer(run, condition.scorer))
    return places[0]


def _no_scorer(run: RunView, alias: str) -> str:
    known = ", ".join(result_scorers(run)) or "none"
    return f"the run has no scorer {alias} that judges results (there is: {known})"


def _nothing(condition: Condition) -> str:
    """Say that nothing of what a condition looks at is there."""
    what = {
        Metric.PASS_RATE: "results",
        Metric.FAILED_RESULTS: "results that were run",
        Metric.FAILED_SCORES: "results that were run",
        Metric.SKIPPED_RESULTS: "results",
        Metric.UNSCORED_RESULTS: "succeeded results",
        Metric.LATENCY: "results with a latency",
        Metric.TOKENS: "results that tell their tokens",
        Metric.COST: "results that tell their cost",
    }.get(condition.metric, f"results with a value of {condition.scorer}")
    return f"there are no {what}{scope_of(condition)}"


def scope_of(condition: Condition) -> str:
    """Say which results a condition looks at; nothing if it looks at all of them."""
    split = f" of the split {condition.split!r}" if condition.split else ""
    tag = f" with the tag {condition.tag!r}" if condition.tag else ""
    return split + tag
