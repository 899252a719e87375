"""Queries about scores."""

from __future__ import annotations

import msgspec

from trialbook.services.application import run as runs
from trialbook.services.application.ports import Queries
from trialbook.services.application.result_filter import current_place
from trialbook.services.application.score_reads import RunScoreView, ScoreFilter
from trialbook.services.application.views import Page, ResultView, RunView
from trialbook.services.domain.errors import NotFound
from trialbook.services.domain.judgement import ScoreStatus
from trialbook.services.domain.naming import score_name


class ScoreKey(msgspec.Struct, frozen=True):
    """Which score is meant; `place` counts the run's scorers from 1, None for the current one."""

    project: str
    run_id: str
    number: int
    alias: str
    place: int | None = None

    @property
    def name(self) -> str:
        """The resource name."""
        score_id = self.alias if self.place is None else f"{self.alias}@{self.place}"
        return score_name(self.project, self.run_id, self.number, score_id)


class Listing(msgspec.Struct, frozen=True):
    """What a listing of a run's scores asks for; an empty alias means all scorers."""

    alias: str = ""
    status: ScoreStatus | None = None
    not_passed: bool = False
    include_superseded: bool = False


def score_id(run: RunView, place: int) -> str:
    """Return what the scores of a scorer, by its place from 0, are called in names."""
    spec = run.scorers[place]
    return f"{spec.alias}@{place + 1}" if spec.superseded else spec.alias


def page(
    queries: Queries,
    project: str,
    run_id: str,
    listing: Listing,
    *,
    after: tuple[int, int],
    limit: int,
) -> tuple[RunView, Page[RunScoreView]]:
    """Return the run, and its scores after a (number, place). Raises NotFound, Invalid."""
    run = runs.require(queries, project, run_id)
    if listing.alias:
        current_place("scorer", run, listing.alias)
    places = tuple(
        place
        for place, spec in enumerate(run.scorers)
        if (listing.include_superseded or not spec.superseded) and listing.alias in ("", spec.alias)
    )
    wanted = ScoreFilter(places, listing.status, listing.not_passed)
    return run, queries.scores.page(run, wanted, after, limit)


def require(queries: Queries, key: ScoreKey) -> tuple[RunView, RunScoreView]:
    """Return a run and one of its scores. Raises NotFound."""
    run = runs.require(queries, key.project, key.run_id)
    place = _place(run, key)
    found = None if place is None else queries.scores.find(run, key.number, place)
    if found is None:
        raise NotFound(key.name)
    return run, found


def judged(queries: Queries, run: RunView, score: RunScoreView) -> ResultView | None:
    """Return the result that a score judges, with its item; None for the run as a whole."""
    if not score.number:
        return None
    return runs.result(queries, run.project, run.run_id, score.number)


def _place(run: RunView, key: ScoreKey) -> int | None:
    for place, spec in enumerate(run.scorers):
        named = not spec.superseded if key.place is None else place == key.place - 1
        if named and spec.alias == key.alias:
            return place
    return None
