"""Scores as they were recorded, for those who are told of each: in the order of the log."""

from __future__ import annotations

from typing import Protocol

import msgspec

from trialbook.services.application.views import RunView
from trialbook.services.domain.experiment import ScorerSpec
from trialbook.services.domain.run import ScoreFact


class RecordedScore(msgspec.Struct, frozen=True):
    """A score, and what it stands beside. `recorded_at` is in microseconds since the epoch.

    `trace_id` is that of the result's attempt, or of the run's start for a score of the whole run;
    it and `span_id` are empty if they are not known.
    """

    position: int
    run: RunView
    spec: ScorerSpec
    fact: ScoreFact
    recorded_at: int
    trace_id: str
    span_id: str


class ScorePage(msgspec.Struct, frozen=True):
    """Scores after a position. All of them up to `reached` are there; `more` may lie beyond."""

    rows: list[RecordedScore]
    reached: int
    more: bool


class RecordedScores(Protocol):
    """The scores of one snapshot's log."""

    def page(self, after: int, limit: int) -> ScorePage:
        """Return up to `limit` scores after a position, fewer if few of many events are scores."""
        ...
