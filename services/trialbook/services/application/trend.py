"""How the runs of an experiment went, one after the other."""

from __future__ import annotations

import math
from dataclasses import dataclass

from trialbook.services.application import experiment as experiments
from trialbook.services.application.ports import Queries
from trialbook.services.application.views import RunView, ScorerSummaryView
from trialbook.services.domain.experiment import ScorerSpec
from trialbook.services.statistics.estimate import Estimate
from trialbook.services.statistics.interval import bounded

_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class TrendValue:
    """What a scorer said of one run."""

    spec: ScorerSpec
    value: Estimate
    pass_rate: float | None


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """A run that has ended, and what its scorers said, superseded ones left out."""

    run: RunView
    values: tuple[TrendValue, ...]


def page(
    queries: Queries, project: str, experiment_id: str, before: int, limit: int, *, scorer: str = ""
) -> list[TrendPoint]:
    """Return ended runs of an experiment with numbers below `before`, newest first.

    Only values of one scorer, if it is named. Raises NotFound.
    """
    experiments.require(queries, project, experiment_id)
    found: list[RunView] = []
    while len(found) < limit:
        views = queries.runs.page(project, before, limit, experiment_id)
        found += [view for view in views if view.status.ended]
        if len(views) < limit:
            break
        before = views[-1].number
    return [_point(queries, view, scorer) for view in found[:limit]]


def _point(queries: Queries, run: RunView, scorer: str) -> TrendPoint:
    values = [
        _value(queries, run, place)
        for place, spec in enumerate(run.scorers)
        if not spec.superseded and scorer in ("", spec.alias)
    ]
    return TrendPoint(run, tuple(values))


def _value(queries: Queries, run: RunView, place: int) -> TrendValue:
    summary = run.summaries[place]
    told = summary.passed + summary.not_passed
    return TrendValue(
        run.scorers[place],
        _estimate(queries, run, place, summary),
        summary.passed / told if told else None,
    )


def _estimate(queries: Queries, run: RunView, place: int, summary: ScorerSummaryView) -> Estimate:
    """Return the mean of a scorer's values. Trials of an item belong together."""
    if not summary.scored:
        return Estimate()
    clusters, squares = summary.scored, summary.squares
    if run.settings.trials > 1:
        clusters, squares = queries.runs.item_squares(run, place, summary.mean)
    error = None
    if clusters > 1:
        error = math.sqrt(squares * clusters / (clusters - 1)) / summary.scored
    found = bounded(summary.scored, clusters, summary.mean, error, confidence=_CONFIDENCE)
    deviation = math.sqrt(summary.squares / (summary.scored - 1)) if summary.scored > 1 else None
    return Estimate(
        found.count, found.mean, deviation, found.standard_error, found.lower, found.upper
    )
