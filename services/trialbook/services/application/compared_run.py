"""One of the runs that are compared: what is read of it, and what it comes to by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trialbook.services.application import run as runs
from trialbook.services.application import scorer as scorers
from trialbook.services.application.comparison_terms import ComparisonTerms
from trialbook.services.application.item_group import ItemGroups, item_groups, marked_items
from trialbook.services.application.pairing import RunItems
from trialbook.services.application.ports import Queries
from trialbook.services.application.run_columns import NONE, RunColumns, result_scorers
from trialbook.services.application.views import RunView
from trialbook.services.scoring.description import Direction
from trialbook.services.statistics.cluster import Labels
from trialbook.services.statistics.estimate import Estimate, estimate
from trialbook.services.statistics.trials import TrialRate, flaky, trial_rates


@dataclass(frozen=True, slots=True)
class LoadedRun:
    """A run with its figures, those of its items that are wanted, and their clusters.

    `places` are those of its scorers by alias. None stands for all items, and for items that each
    stand for themselves.
    """

    view: RunView
    columns: RunColumns
    places: dict[str, int]
    lower_is_better: frozenset[str]
    wanted: Labels | None
    groups: ItemGroups | None

    def labels(self, ordinals: Labels) -> Labels | None:
        """Return which items belong together; None if each stands for itself."""
        return None if self.groups is None else self.groups.labels(ordinals)


@dataclass(frozen=True, slots=True)
class FlakyItem:
    """An item whose trials disagree."""

    ordinal: int
    passed: int
    trials: int


@dataclass(frozen=True, slots=True)
class TrialSummary:
    """What several trials of the items say of one scorer's verdicts."""

    scorer: str
    rates: tuple[TrialRate, ...]
    flaky_items: tuple[FlakyItem, ...]
    flaky_count: int


@dataclass(frozen=True, slots=True)
class ComparedRun:
    """A run by itself. Latencies are in seconds, costs in US dollars."""

    view: RunView
    latency: Estimate
    tokens: Estimate
    cost: Estimate
    trials: tuple[TrialSummary, ...]


def load_run(queries: Queries, project: str, run_id: str, terms: ComparisonTerms) -> LoadedRun:
    """Read a run. Raises NotFound."""
    view = runs.require(queries, project, run_id)
    places = result_scorers(view)
    wanted = {place for alias, place in places.items() if alias in (terms.scorers or places)}
    limited = bool(terms.splits or terms.tags)
    path = terms.cluster_path
    return LoadedRun(
        view,
        queries.runs.columns(view, sorted(wanted)),
        places,
        lower_is_better(queries, view),
        marked_items(queries, view, terms.splits, terms.tags) if limited else None,
        item_groups(queries, view, path) if path else None,
    )


def lower_is_better(queries: Queries, run: RunView) -> frozenset[str]:
    """Return the aliases of the scorers of a run whose smaller values are better."""
    lower = {
        scorers.scorer_id(scorer)
        for scorer in scorers.listing(queries, run.project)
        if scorer.direction == Direction.LOWER_IS_BETTER
    }
    return frozenset(spec.alias for spec in run.scorers if spec.scorer in lower)


def by_itself(run: LoadedRun, columns: RunColumns, terms: ComparisonTerms) -> ComparedRun:
    """Return what some results of a run come to. Trials of an item belong together."""
    repeated = run.view.settings.trials > 1
    clusters = run.labels(columns.ordinal)
    if clusters is None and repeated:
        clusters = columns.ordinal
    latency, tokens, cost = (
        estimate(values, clusters, confidence=terms.confidence)
        for values in (columns.latency, columns.tokens, columns.cost)
    )
    trials = _trials(run, columns, terms.most_items) if repeated else ()
    return ComparedRun(run.view, latency, tokens, cost, trials)


def _trials(run: LoadedRun, columns: RunColumns, most: int) -> tuple[TrialSummary, ...]:
    items = RunItems.of(columns)
    found = []
    for alias, place in run.places.items():
        if place not in columns.scores:
            continue
        passed = columns.scores[place].passed
        told, good = items.counts(passed != NONE), items.counts(passed == 1)
        if not told.any():
            continue
        disagreeing = flaky(told, good)
        named = tuple(
            FlakyItem(int(items.ordinals[at]), int(good[at]), int(told[at]))
            for at in disagreeing[:most]
        )
        rates = tuple(trial_rates(told, good))
        found.append(TrialSummary(alias, rates, named, len(disagreeing)))
    return tuple(found)


def wanted_columns(run: LoadedRun, wanted: Labels | None) -> RunColumns:
    """Return the results of some of a run's items; None stands for all of them."""
    if wanted is None:
        return run.columns
    return run.columns.where(np.isin(run.columns.ordinal, wanted))
