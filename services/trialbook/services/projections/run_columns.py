"""Reads a run's figures as columns, without making anything of each row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trialbook.eventstore import Reader
from trialbook.services.application.run_columns import NONE, RunColumns, ScoreColumns
from trialbook.services.application.views import RunView
from trialbook.services.projections.columns import placeholders

_MICROSECONDS = 1e6
_RESULTS = """
    SELECT number, ordinal, trial, status, latency, input_tokens + output_tokens, cost
    FROM result WHERE run = ? AND number > ? ORDER BY number LIMIT ?
"""
_SCORES = """
    SELECT number, scorer, status, value, passed
    FROM score WHERE run = ? AND number >= ? AND number <= ? AND scorer IN ({})
"""
_ITEM_SQUARES = """
    SELECT COUNT(*), SUM(deviation * deviation) FROM (
        SELECT SUM(s.value - ?) AS deviation
        FROM score AS s JOIN result AS r ON r.run = s.run AND r.number = s.number
        WHERE s.run = ? AND s.scorer = ? AND s.value IS NOT NULL
        GROUP BY r.ordinal
    ) AS item
"""

Matrix = NDArray[np.float64]


class SqlRunColumns:
    """The part of RunReads that feeds statistics."""

    _reader: Reader
    # So many results are rows at a time, which bounds what a large run takes beside its columns.
    _slice = 20_000

    def columns(self, run: RunView, places: Sequence[int]) -> RunColumns:
        """Return the figures of all results, with the scores of the scorers at these places."""
        results: list[Matrix] = []
        scores: dict[int, list[ScoreColumns]] = {place: [] for place in places}
        for some in self._result_slices(run.number):
            results.append(some)
            for place, columns in self._score_slice(run.number, places, some[:, 0]).items():
                scores[place].append(columns)
        return _columns(results, scores)

    def label_counts(self, run: RunView, place: int, limit: int) -> list[tuple[str, int]]:
        """Return how often a scorer gave each label, the most frequent first."""
        rows = self._reader.query(
            "SELECT label, COUNT(*) FROM score WHERE run = ? AND scorer = ? AND label <> '' "
            "GROUP BY label ORDER BY COUNT(*) DESC, label LIMIT ?",
            (run.number, place, limit),
        )
        return [(label, count) for label, count in rows]

    def item_squares(self, run: RunView, place: int, mean: float) -> tuple[int, float]:
        """Return how many items a scorer has values of, and the sum of their squared deviations.

        The deviation of an item is the sum of those of its trials' values from the mean.
        """
        rows = self._reader.query(_ITEM_SQUARES, (mean, run.number, place))
        count, squares = rows[0]
        return int(count), float(squares or 0.0)

    def _result_slices(self, run: int) -> Iterator[Matrix]:
        after = 0
        while rows := self._reader.query(_RESULTS, (run, after, self._slice)):
            after = rows[-1][0]
            yield _matrix(rows, 7)

    def _score_slice(
        self, run: int, places: Sequence[int], numbers: Matrix
    ) -> dict[int, ScoreColumns]:
        if not places:
            return {}
        bounds = (run, int(numbers[0]), int(numbers[-1]))
        sql = _SCORES.format(placeholders(len(places)))
        rows = _matrix(self._reader.query(sql, (*bounds, *places)), 5)
        # A score is recorded after its result, or with it: each has its place among the numbers.
        at = np.searchsorted(numbers, rows[:, 0])
        return {
            place: _scores(rows[rows[:, 1] == place], at[rows[:, 1] == place], len(numbers))
            for place in places
        }


def _matrix(rows: Sequence[tuple[Any, ...]], width: int) -> Matrix:
    """Return rows of numbers as a matrix; NULL is NaN."""
    return np.array(rows, dtype=np.float64).reshape(-1, width)


def _scores(rows: Matrix, at: NDArray[np.int64], count: int) -> ScoreColumns:
    status = np.full(count, NONE, np.int8)
    value = np.full(count, np.nan)
    passed = np.full(count, NONE, np.int8)
    status[at] = rows[:, 2]
    value[at] = rows[:, 3]
    passed[at] = np.nan_to_num(rows[:, 4], nan=NONE)
    return ScoreColumns(status, value, passed)


def _columns(results: Sequence[Matrix], scores: dict[int, list[ScoreColumns]]) -> RunColumns:
    rows = np.concatenate([_matrix((), 7), *results])
    number, ordinal, trial, status, latency, tokens, cost = (
        np.ascontiguousarray(column) for column in rows.T
    )
    return RunColumns(
        number.astype(np.int64),
        ordinal.astype(np.int64),
        trial.astype(np.int32),
        status.astype(np.int8),
        latency / _MICROSECONDS,
        tokens,
        cost,
        {place: _joined(some) for place, some in scores.items()},
    )


def _joined(slices: Sequence[ScoreColumns]) -> ScoreColumns:
    none = np.empty(0, np.int8)
    return ScoreColumns(
        np.concatenate([none, *(some.status for some in slices)]),
        np.concatenate([np.empty(0), *(some.value for some in slices)]),
        np.concatenate([none, *(some.passed for some in slices)]),
    )
