"""Results as rows of a table: which columns there are, and what stands in their cells.

A column `input_json` holds the JSON of the input, and so on. Each scorer has five columns:
`score.{alias}` is its value, `score.{alias}.passed` its verdict, and then status, label and reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from trialbook.services.formats.result_row import (
    ResultRow,
    ScoreRow,
    review_fields,
    seconds_of,
    time_of,
)

Kind = Literal["text", "json", "integer", "real", "truth", "time"]

_encode = msgspec.json.Encoder().encode


class ResultColumn(NamedTuple):
    """A column of a table of results; `repeated` says that few different values stand in it."""

    name: str
    kind: Kind
    repeated: bool = False


_FIRST = (
    ResultColumn("name", "text"),
    ResultColumn("number", "integer"),
    ResultColumn("item_id", "text"),
    ResultColumn("trial", "integer"),
    ResultColumn("status", "text", repeated=True),
    ResultColumn("skip_reason", "text", repeated=True),
    ResultColumn("round", "integer"),
    ResultColumn("input_json", "json"),
    ResultColumn("expected_json", "json"),
    ResultColumn("output_json", "json"),
    ResultColumn("error_code", "text", repeated=True),
    ResultColumn("error_message", "text"),
    ResultColumn("error_kind", "text", repeated=True),
    ResultColumn("attempts", "integer"),
    ResultColumn("latency", "real"),
    ResultColumn("input_tokens", "integer"),
    ResultColumn("output_tokens", "integer"),
    ResultColumn("cost", "real"),
    ResultColumn("steps_json", "json"),
    ResultColumn("trace_id", "text"),
    ResultColumn("worker_id", "text", repeated=True),
    ResultColumn("record_time", "time"),
)
_LAST = (ResultColumn("reviews_json", "json"),)
_PARTS: tuple[tuple[str, Kind, bool], ...] = (
    ("", "real", False),
    (".passed", "truth", False),
    (".status", "text", True),
    (".label", "text", True),
    (".reason", "text", False),
)
_NO_SCORE = (None,) * len(_PARTS)
_NO_ERROR = (None,) * 3
_NO_USAGE = (None,) * 3


class ResultTable:
    """The columns of a run's results, whose scores have these keys."""

    def __init__(self, scorers: Sequence[str]) -> None:
        self._scorers = tuple(scorers)
        self.columns = (*_FIRST, *_score_columns(scorers), *_LAST)

    def cells(self, row: ResultRow) -> list[Any]:
        """Return what stands in the columns: plain values, None where there is nothing."""
        error, usage = row.error, row.usage
        scores = {score.key: score for score in row.scores}
        return [
            row.name,
            row.number,
            row.item_id,
            row.trial,
            row.status,
            row.skip_reason or None,
            row.round,
            row.input,
            row.expected,
            row.output,
            *(_NO_ERROR if error is None else (error.code.value, error.message, error.kind)),
            row.attempts,
            seconds_of(row.latency),
            *(_NO_USAGE if usage is None else msgspec.structs.astuple(usage)),
            row.steps,
            row.trace_id or None,
            row.worker_id or None,
            time_of(row.recorded_at),
            *(cell for key in self._scorers for cell in _score_cells(scores.get(key))),
            _encode(review_fields(row)).decode() if row.reviews else None,
        ]


def _score_columns(scorers: Sequence[str]) -> list[ResultColumn]:
    columns: list[ResultColumn] = []
    taken: set[str] = set()
    for key in scorers:
        # An alias may hold dots, and so be called like a column of another one.
        prefix = f"score.{key}"
        while taken & {prefix + part for part, *_ in _PARTS}:
            prefix += "_"
        added = [ResultColumn(prefix + part, kind, repeated) for part, kind, repeated in _PARTS]
        taken.update(column.name for column in added)
        columns += added
    return columns


def _score_cells(score: ScoreRow | None) -> tuple[Any, ...]:
    if score is None:
        return _NO_SCORE
    return score.value, score.passed, score.status, score.label or None, score.reason or None
