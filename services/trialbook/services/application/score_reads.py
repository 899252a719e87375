"""What the application asks of storage about scores."""

from __future__ import annotations

from typing import Protocol

import msgspec

from trialbook.services.application.views import Page, RunView, ScoreView
from trialbook.services.domain.judgement import ScoreStatus


class RunScoreView(msgspec.Struct, frozen=True):
    """A score with the place of its result in the run: 0, empty and 0 for the run as a whole.

    `ordinal` is the item's place in the dataset.
    """

    number: int
    ordinal: int
    item_id: str
    trial: int
    score: ScoreView


class ScoreFilter(msgspec.Struct, frozen=True):
    """Which scores are wanted: of these scorers, by place, of this status, or with this verdict."""

    places: tuple[int, ...]
    status: ScoreStatus | None = None
    not_passed: bool = False


class RecordedFact(msgspec.Struct, frozen=True):
    """One fact as it stands in the log, at a position of facts, with the event that carries it."""

    position: int
    kind: str
    event: msgspec.Struct
    fact: msgspec.Struct
    author: str
    command: str
    reason: str
    recorded_at: int


class ScoreReads(Protocol):
    """Scores of one snapshot."""

    def page(
        self, view: RunView, wanted: ScoreFilter, after: tuple[int, int], limit: int
    ) -> Page[RunScoreView]:
        """Return scores after a (number, place), in that order."""
        ...

    def find(self, view: RunView, number: int, place: int) -> RunScoreView | None:
        """Return one score."""
        ...

    def definition_facts(self, view: RunView) -> list[RecordedFact]:
        """Return what made the experiment version of a run, and all of the run's own history.

        Without results, scores and reviews; in the order of the log.
        """
        ...

    def item_facts(self, view: RunView, ordinal: int) -> list[RecordedFact]:
        """Return what added an item, and what gave it the content that was run."""
        ...

    def outcome_facts(self, view: RunView, number: int, place: int) -> list[RecordedFact]:
        """Return what recorded a result, if it is one, and its score."""
        ...
