"""Scores of runs, and the events that a score rests on."""

from __future__ import annotations

from typing import Any

from trialbook.eventstore import Reader, RecordedEvent
from trialbook.services.application.score_reads import RecordedFact, RunScoreView, ScoreFilter
from trialbook.services.application.views import Page, RunView
from trialbook.services.domain import experiment, run
from trialbook.services.domain.fact import NAMES, fact_position, facts_of
from trialbook.services.projections.bodies import page_of
from trialbook.services.projections.columns import placeholders
from trialbook.services.projections.result_columns import (
    EVIDENCE,
    SCORE_COLUMNS,
    score_number,
)
from trialbook.services.projections.result_reads import to_score

_COLUMNS = ",".join(f"s.{column}" for column in SCORE_COLUMNS[1:])
_SELECT = f"SELECT {_COLUMNS}, r.ordinal, r.item_id, r.trial"
_WITH_ITEM = "LEFT JOIN result r ON r.run = s.run AND r.number = s.number"
_OWN_COLUMNS = len(SCORE_COLUMNS) - 1


class SqlScores:
    """Implements ScoreReads."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def page(
        self, view: RunView, wanted: ScoreFilter, after: tuple[int, int], limit: int
    ) -> Page[RunScoreView]:
        """Return scores after a (number, place), in that order."""
        where, params = "run = ? AND (number, scorer) > (?, ?)", [view.number, *after]
        if len(wanted.places) < len(view.scorers):
            where += f" AND scorer IN ({placeholders(len(wanted.places))})"
            params += wanted.places
        if wanted.status is not None:
            where += " AND status = ?"
            params.append(score_number(wanted.status))
        if wanted.not_passed:
            where += " AND passed = 0"
        # Only the keys are looked for, which an index holds: few of many may be wanted.
        keys = (
            f"SELECT run, number, scorer FROM score WHERE {where} ORDER BY number, scorer LIMIT ?"
        )
        rows = self._reader.query(
            f"{_SELECT} FROM ({keys}) k JOIN score s ON s.run = k.run AND s.number = k.number "
            f"AND s.scorer = k.scorer {_WITH_ITEM} ORDER BY s.number, s.scorer",
            (*params, limit + 1),
        )
        kept = page_of(self._reader, rows[:limit], EVIDENCE)
        return Page([_run_score(row) for row in kept], more=len(rows) > len(kept))

    def find(self, view: RunView, number: int, place: int) -> RunScoreView | None:
        """Return one score."""
        rows = self._reader.query(
            f"{_SELECT} FROM score s {_WITH_ITEM} "
            "WHERE s.run = ? AND s.number = ? AND s.scorer = ?",
            (view.number, number, place),
        )
        found = page_of(self._reader, rows, EVIDENCE)
        return _run_score(found[0]) if found else None

    def definition_facts(self, view: RunView) -> list[RecordedFact]:
        """Return what made the experiment version of a run, and all of the run's own history."""
        uid = self._reader.query("SELECT experiment_uid FROM run WHERE number = ?", (view.number,))
        # Each event of an experiment but the last, a deletion, makes a version.
        made = self._reader.query(
            "SELECT position FROM event WHERE stream = ? AND version = ?",
            (experiment.stream_of(uid[0][0]), view.experiment_version),
        )
        history = self._reader.load(run.stream_of(view.uid))
        return [_fact(recorded, 0) for recorded in (self._event(made[0][0]), *history)]

    def item_facts(self, view: RunView, ordinal: int) -> list[RecordedFact]:
        """Return what added an item, and what gave it the content that was run."""
        rows = self._reader.query(
            "SELECT DISTINCT event FROM item WHERE dataset = ? AND ordinal = ? "
            "AND (valid_from = added_version OR (valid_from <= ? AND valid_to > ?)) ORDER BY event",
            (view.dataset_number, ordinal, view.dataset_version, view.dataset_version),
        )
        events = self._reader.events_at([row[0] for row in rows])
        return [_fact_about(recorded, "ordinal", ordinal) for recorded in events]

    def outcome_facts(self, view: RunView, number: int, place: int) -> list[RecordedFact]:
        """Return what recorded a result, if it is one, and its score."""
        found: list[RecordedFact] = []
        for (event,) in self._reader.query(
            "SELECT event FROM result WHERE run = ? AND number = ?", (view.number, number)
        ):
            found.append(_fact_about(self._event(event), "number", number))
        for (event,) in self._reader.query(
            "SELECT event FROM score WHERE run = ? AND number = ? AND scorer = ?",
            (view.number, number, place),
        ):
            found.append(_fact_about(self._event(event), "number", number, scorer=place))
        return found

    def _event(self, position: int) -> RecordedEvent:
        return self._reader.events_at([position])[0]


def _run_score(row: tuple[Any, ...]) -> RunScoreView:
    ordinal, item_id, trial = row[_OWN_COLUMNS:]
    score = to_score(row[:_OWN_COLUMNS])
    if ordinal is None:
        return RunScoreView(row[0], 0, "", 0, score)
    return RunScoreView(row[0], ordinal, item_id, trial, score)


def _fact_about(recorded: RecordedEvent, field: str, value: int, **more: int) -> RecordedFact:
    """Return the fact of an event whose fields have these values; the event is known to have it."""
    wanted = {field: value, **more}
    for index, fact in enumerate(facts_of(recorded.event)):
        if all(getattr(fact, name) == value for name, value in wanted.items()):
            return _fact(recorded, index)
    raise LookupError(f"the event at {recorded.position} has no fact with {wanted}")


def _fact(recorded: RecordedEvent, index: int) -> RecordedFact:
    metadata = recorded.metadata
    return RecordedFact(
        fact_position(recorded.position, index),
        NAMES[type(recorded.event)].kind,
        recorded.event,
        facts_of(recorded.event)[index],
        metadata.actor,
        metadata.command,
        metadata.reason,
        metadata.recorded_at,
    )
