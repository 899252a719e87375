from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import pytest

from trialbook.services.application.run_columns import RunColumns
from trialbook.services.application.views import RunView
from trialbook.services.projections.run_columns import SqlRunColumns

RESULT_COLUMNS = (
    "run", "number", "ordinal", "trial", "status", "latency", "input_tokens", "output_tokens",
    "cost",
)  # fmt: skip
SCORE_COLUMNS = ("run", "number", "scorer", "status", "value", "passed")
RESULTS = [
    (1, 1, 1, 0, 1_500_000, 10, 5, 0.25),
    (2, 1, 2, 1, 250_000, None, None, None),
    (4, 3, 1, 0, 1_000_000, 0, 0, 0.0),
    (5, 3, 2, 2, None, None, None, None),
    (9, 4, 1, 0, 2_000_000, 1, 1, 1.0),
]
SCORES = [
    # Of the number 0 is the score of the run as a whole.
    (0, 1, 0, 0.9, 1),
    (1, 0, 0, 0.5, 1),
    (2, 0, 3, None, None),
    (4, 0, 0, 0.25, 0),
    (9, 0, 1, None, None),
    (9, 1, 0, 1.0, None),
]


class SmallSlices(SqlRunColumns):
    """Reads two results at a time from a database in memory."""

    _slice = 2

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._reader = cast("Any", self)

    def query(self, sql: str, params: Any = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, params).fetchall()


class Run:
    """The part of a run that reading its columns takes."""

    number = 7


@pytest.fixture
def reads() -> Iterator[SmallSlices]:
    connection = sqlite3.connect(":memory:")
    connection.execute(f"CREATE TABLE result ({','.join(RESULT_COLUMNS)})")
    connection.execute(f"CREATE TABLE score ({','.join(SCORE_COLUMNS)})")
    connection.executemany("INSERT INTO result VALUES (7,?,?,?,?,?,?,?,?)", RESULTS)
    connection.executemany("INSERT INTO score VALUES (7,?,?,?,?,?)", SCORES)
    yield SmallSlices(connection)
    connection.close()


def read(reads: SmallSlices, *places: int) -> RunColumns:
    return reads.columns(cast("RunView", Run()), places)


def test_results_come_in_order_with_nan_for_what_nobody_tells(reads: SmallSlices) -> None:
    columns = read(reads)
    assert columns.number.tolist() == [1, 2, 4, 5, 9]
    assert columns.ordinal.tolist() == [1, 1, 3, 3, 4]
    assert columns.trial.tolist() == [1, 2, 1, 2, 1]
    assert columns.status.tolist() == [0, 1, 0, 2, 0]
    assert columns.scores == {}
    nan = np.nan
    np.testing.assert_array_equal(columns.latency, [1.5, 0.25, 1.0, nan, 2.0])
    np.testing.assert_array_equal(columns.tokens, [15, nan, 0, nan, 2])
    np.testing.assert_array_equal(columns.cost, [0.25, nan, 0, nan, 1])


def test_scores_stand_beside_their_results(reads: SmallSlices) -> None:
    columns = read(reads, 0, 1, 2)
    nan = np.nan
    first, second, third = (columns.scores[place] for place in (0, 1, 2))
    assert first.status.tolist() == [0, 3, 0, -1, 1]
    np.testing.assert_array_equal(first.value, [0.5, nan, 0.25, nan, nan])
    assert first.passed.tolist() == [1, -1, 0, -1, -1]
    np.testing.assert_array_equal(second.value, [nan, nan, nan, nan, 1.0])
    assert second.passed.tolist() == [-1] * 5
    assert third.status.tolist() == [-1] * 5


def test_a_run_without_results_has_empty_columns(reads: SmallSlices) -> None:
    reads.query("DELETE FROM result")
    columns = read(reads, 0)
    assert len(columns.number) == len(columns.latency) == len(columns.scores[0].value) == 0
