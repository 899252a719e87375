"""How a scorer's values of one run are distributed."""

from __future__ import annotations

from dataclasses import dataclass

from trialbook.services.application import run as runs
from trialbook.services.application.comparison_terms import CONFIDENCE
from trialbook.services.application.ports import Queries
from trialbook.services.application.run_columns import RunColumns, result_scorers
from trialbook.services.domain.errors import Invalid
from trialbook.services.statistics.estimate import Estimate, estimate
from trialbook.services.statistics.histogram import Bin, histogram

_DEFAULT_BINS, _MOST_BINS = 20, 200
_MOST_LABELS = 50


@dataclass(frozen=True, slots=True)
class LoadedScores:
    """A scorer's scores of one run: its place, and how often each label was given."""

    columns: RunColumns
    place: int
    labels: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class ScoreDistribution:
    """The values in bins and by themselves, and how often each label was given."""

    bins: tuple[Bin, ...]
    values: Estimate
    labels: tuple[tuple[str, int], ...]


def bin_count(requested: int) -> int:
    """Return how many bins to make; 0 is the default. Raises Invalid."""
    if not 0 <= requested <= _MOST_BINS:
        raise Invalid.field("bins", f"{requested} is not from 1 to {_MOST_BINS}")
    return requested or _DEFAULT_BINS


def load(queries: Queries, project: str, run_id: str, scorer: str) -> LoadedScores:
    """Read a scorer's scores. Raises NotFound, Invalid."""
    view = runs.require(queries, project, run_id)
    places = result_scorers(view)
    if scorer not in places:
        known = ", ".join(places) or "none"
        raise Invalid.field(
            "scorer", f"{scorer[:80]!r} judges no results of the run; there are: {known}"
        )
    place = places[scorer]
    labels = queries.runs.label_counts(view, place, _MOST_LABELS)
    return LoadedScores(queries.runs.columns(view, [place]), place, tuple(labels))


def distribution(scores: LoadedScores, bins: int) -> ScoreDistribution:
    """Return how values are distributed. Trials of an item belong together."""
    columns, values = scores.columns, scores.columns.scores[scores.place].value
    clusters = columns.ordinal if (columns.trial > 1).any() else None
    return ScoreDistribution(
        tuple(histogram(values, bins)),
        estimate(values, clusters, confidence=CONFIDENCE),
        scores.labels,
    )
