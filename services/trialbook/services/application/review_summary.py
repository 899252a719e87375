"""How far the reviewers of a run agree, with each other and with its scorers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from trialbook.services.application import run as runs
from trialbook.services.application.ports import Queries
from trialbook.services.application.review import OVERALL
from trialbook.services.application.review_reads import Rating
from trialbook.services.application.views import RunView
from trialbook.services.domain.review import ReviewState
from trialbook.services.statistics.agreement import (
    Level,
    cohen_kappa,
    krippendorff_alpha,
    observed_agreement,
    weighted_kappa,
)

_PAIR = 2
_FIELDS: dict[str, Callable[[Rating], Any]] = {
    "passed": lambda rating: rating.passed,
    "label": lambda rating: rating.label or None,
    "value": lambda rating: rating.value,
}

ByRater = Mapping[str | int, Mapping[int, Any]]
"""What each rater says, by the number of the result. Scorers are raters by their place."""


@dataclass(frozen=True, slots=True)
class RatingsOfRun:
    """How many entries of a run stand where, and what reviewers and current scorers say."""

    run: RunView
    counts: dict[ReviewState, int]
    reviewers: list[Rating]
    scorers: list[Rating]


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """How far two raters agree on the results that both have rated."""

    first: str
    second: str
    results: int
    observed: float
    cohen_kappa: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far raters agree on one criterion, in one kind of rating.

    `results` have at least two `ratings` of reviewers; alpha is over these.
    """

    criterion: str
    field: str
    results: int
    ratings: int
    krippendorff_alpha: float | None
    pairs: tuple[PairAgreement, ...]


def ratings(queries: Queries, project: str, run_id: str) -> RatingsOfRun:
    """Return what a summary is made of. Raises NotFound."""
    view = runs.require(queries, project, run_id)
    current = [place for place, spec in enumerate(view.scorers) if not spec.superseded]
    return RatingsOfRun(
        view,
        queries.reviews.counts(view.number),
        queries.reviews.ratings(view.number),
        queries.reviews.scorer_ratings(view.number, current, OVERALL),
    )


def agreements(told: RatingsOfRun) -> list[Agreement]:
    """Return the agreement on each criterion and kind of rating that occurs.

    On the criterion `overall` the scorers of the run are raters too.
    """
    found: list[Agreement] = []
    for criterion in sorted({rating.criterion for rating in told.reviewers}):
        for field, said in _FIELDS.items():
            chosen = [rating for rating in told.reviewers if rating.criterion == criterion]
            reviewers = _by_rater(chosen, said)
            scorers = _by_rater(told.scorers, said) if criterion == OVERALL else {}
            if reviewers:
                pairs = tuple(_pairs(told.run, reviewers, scorers, field))
                found.append(_agreement(criterion, field, reviewers, pairs))
    return found


def _by_rater(given: Iterable[Rating], said: Callable[[Rating], Any]) -> ByRater:
    found: defaultdict[str | int, dict[int, Any]] = defaultdict(dict)
    for rating in given:
        answer = said(rating)
        if answer is not None:
            found[rating.rater][rating.number] = answer
    return found


def _agreement(
    criterion: str, field: str, reviewers: ByRater, pairs: tuple[PairAgreement, ...]
) -> Agreement:
    units: defaultdict[int, list[Any]] = defaultdict(list)
    for answers in reviewers.values():
        for number, answer in answers.items():
            units[number].append(answer)
    compared = [unit for unit in units.values() if len(unit) >= _PAIR]
    level = Level.INTERVAL if field == "value" else Level.NOMINAL
    return Agreement(
        criterion,
        field,
        len(compared),
        sum(map(len, compared)),
        krippendorff_alpha(compared, level),
        pairs,
    )


def _pairs(
    run: RunView, reviewers: ByRater, scorers: ByRater, field: str
) -> Iterator[PairAgreement]:
    """Yield reviewers with each other, then with the scorers, if they have results in common."""
    names = sorted(map(str, reviewers))
    for first, second in combinations(names, _PAIR):
        yield from _pair((first, reviewers[first]), (second, reviewers[second]), field)
    for name in names:
        for place in sorted(scorers, key=int):
            scorer = f"scorer:{run.scorers[int(place)].alias}"
            yield from _pair((name, reviewers[name]), (scorer, scorers[place]), field)


def _pair(
    first: tuple[str, Mapping[int, Any]], second: tuple[str, Mapping[int, Any]], field: str
) -> Iterator[PairAgreement]:
    common: Sequence[int] = sorted(first[1].keys() & second[1].keys())
    if not common:
        return
    mine, others = ([answers[number] for number in common] for _, answers in (first, second))
    kappa = weighted_kappa(mine, others) if field == "value" else cohen_kappa(mine, others)
    observed = observed_agreement(mine, others) or 0.0
    yield PairAgreement(first[0], second[0], len(common), observed, kappa)
