"""Results and scores as tables, the summaries that follow them, and the facts of a run in order."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import Any

from trialbook.eventstore import Reader, RecordedEvent, Transaction
from trialbook.services.application.views import (
    Page,
    ResultView,
    RunView,
    ScorerSummaryView,
    ScoreView,
)
from trialbook.services.application.work import TARGET, TaskKey
from trialbook.services.domain.judgement import ScoreStatus
from trialbook.services.domain.run import (
    ErrorCode,
    ResultFact,
    ResultsRecorded,
    ResultStatus,
    ScoreFact,
    ScoresRecorded,
    TaskError,
)
from trialbook.services.projections.bodies import fill_bodies, fitting, row_sizes
from trialbook.services.projections.columns import content_columns, flag, placeholders, truth
from trialbook.services.projections.run import SUMMARY_COLUMNS, add_chunk
from trialbook.services.projections.summary import merge_scores

TABLES = ("result", "score")
SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS result (
        run INTEGER NOT NULL,
        number INTEGER NOT NULL,
        ordinal INTEGER NOT NULL,
        item_id TEXT NOT NULL,
        trial INTEGER NOT NULL,
        status INTEGER NOT NULL,
        output TEXT,
        output_blob BLOB,
        error_code TEXT,
        error_message TEXT,
        error_kind TEXT,
        error_stack TEXT,
        attempts INTEGER NOT NULL,
        latency INTEGER,
        worker_id TEXT NOT NULL,
        trace_id TEXT NOT NULL,
        recorded_at INTEGER NOT NULL,
        UNIQUE (run, number)
    )
    """,
    "CREATE INDEX IF NOT EXISTS result_by_status ON result (run, status, number)",
    """
    CREATE INDEX IF NOT EXISTS result_by_latency ON result (run, latency, number)
        WHERE latency IS NOT NULL
    """,
    # Whether anything refers to a blob that a purge would drop; likewise for scores.
    """
    CREATE INDEX IF NOT EXISTS result_output_blob ON result (output_blob)
        WHERE output_blob IS NOT NULL
    """,
    """
    CREATE TABLE IF NOT EXISTS score (
        run INTEGER NOT NULL,
        number INTEGER NOT NULL,
        scorer INTEGER NOT NULL,
        status INTEGER NOT NULL,
        value REAL,
        passed INTEGER,
        label TEXT NOT NULL,
        reason TEXT NOT NULL,
        evidence TEXT,
        evidence_blob BLOB,
        duration INTEGER,
        recorded_at INTEGER NOT NULL,
        PRIMARY KEY (run, number, scorer)
    ) WITHOUT ROWID
    """,
    """
    CREATE INDEX IF NOT EXISTS score_evidence_blob ON score (evidence_blob)
        WHERE evidence_blob IS NOT NULL
    """,
)

# The places in these tuples are what the columns hold: append only.
_RESULT_STATUSES = (ResultStatus.SUCCEEDED, ResultStatus.FAILED, ResultStatus.SKIPPED)
_SCORE_STATUSES = (
    ScoreStatus.SCORED,
    ScoreStatus.FAILED,
    ScoreStatus.NOT_EVALUABLE,
    ScoreStatus.SKIPPED,
)
_RESULT_COLUMNS = (
    "run",
    "number",
    "ordinal",
    "item_id",
    "trial",
    "status",
    "output",
    "output_blob",
    "error_code",
    "error_message",
    "error_kind",
    "error_stack",
    "attempts",
    "latency",
    "worker_id",
    "trace_id",
    "recorded_at",
)
_SCORE_COLUMNS = (
    "run",
    "number",
    "scorer",
    "status",
    "value",
    "passed",
    "label",
    "reason",
    "evidence",
    "evidence_blob",
    "duration",
    "recorded_at",
)
_RESULT_VIEW = f"SELECT {','.join(_RESULT_COLUMNS)} FROM result "
_SCORE_VIEW = f"SELECT {','.join(_SCORE_COLUMNS[1:])} FROM score "
_OUTPUT = (_RESULT_COLUMNS.index("output"),)
_EVIDENCE = (_SCORE_COLUMNS.index("evidence") - 1,)
_result_number = {status: place for place, status in enumerate(_RESULT_STATUSES)}
_score_number = {status: place for place, status in enumerate(_SCORE_STATUSES)}


def status_number(status: ResultStatus) -> int:
    """Return what stands for a status in a result's row."""
    return _result_number[status]


def score_number(status: ScoreStatus) -> int:
    """Return what stands for a status in a score's row."""
    return _score_number[status]


def _results_recorded(recorded: RecordedEvent, event: ResultsRecorded, tx: Transaction) -> None:
    counts = [0, 0, 0]
    for fact in event.results:
        counts[_result_number[fact.status]] += 1
    last_position = event.first_position + len(event.results) - 1
    run = tx.query(
        """
        UPDATE run SET succeeded = succeeded + ?, failed = failed + ?, skipped = skipped + ?,
            last_position = ?
        WHERE uid = ? RETURNING number
        """,
        (*counts, last_position, event.uid),
    )[0][0]
    at = recorded.metadata.recorded_at
    tx.insert("result", _RESULT_COLUMNS, [_result_row(run, fact, at) for fact in event.results])
    add_chunk(tx, run, recorded, event.first_position, len(event.results))


def _result_row(run: int, fact: ResultFact, at: int) -> tuple[Any, ...]:
    error = fact.error
    return (
        run,
        fact.number,
        fact.ordinal,
        fact.item_id,
        fact.trial,
        _result_number[fact.status],
        *content_columns(fact.output),
        *((None,) * 4 if error is None else (error.code, error.message, error.kind, error.stack)),
        fact.attempts,
        fact.latency,
        fact.worker_id,
        fact.trace_id,
        at,
    )


def _scores_recorded(recorded: RecordedEvent, event: ScoresRecorded, tx: Transaction) -> None:
    run = tx.query(
        "UPDATE run SET last_position = ? WHERE uid = ? RETURNING number",
        (event.first_position + len(event.scores) - 1, event.uid),
    )[0][0]
    at = recorded.metadata.recorded_at
    tx.insert("score", _SCORE_COLUMNS, [_score_row(run, fact, at) for fact in event.scores])
    _update_summaries(run, event.scores, tx)
    add_chunk(tx, run, recorded, event.first_position, len(event.scores))


def _score_row(run: int, fact: ScoreFact, at: int) -> tuple[Any, ...]:
    return (
        run,
        fact.number,
        fact.scorer,
        _score_number[fact.status],
        fact.value,
        flag(fact.passed),
        fact.label,
        fact.reason,
        *content_columns(fact.evidence),
        fact.duration,
        at,
    )


def _update_summaries(run: int, scores: Sequence[ScoreFact], tx: Transaction) -> None:
    by_scorer: defaultdict[int, list[ScoreFact]] = defaultdict(list)
    for fact in scores:
        by_scorer[fact.scorer].append(fact)
    rows = tx.query(
        f"SELECT scorer,{','.join(SUMMARY_COLUMNS)} FROM run_scorer WHERE run = ?", (run,)
    )
    merged = [
        (run, scorer, *merge_scores(ScorerSummaryView(*before), by_scorer[scorer]))
        for scorer, *before in rows
        if scorer in by_scorer
    ]
    tx.insert(
        "run_scorer",
        ("run", "scorer", *SUMMARY_COLUMNS),
        merged,
        on_conflict="ON CONFLICT (run, scorer) DO UPDATE SET "
        + ", ".join(f"{column} = excluded.{column}" for column in SUMMARY_COLUMNS),
    )


PROJECTORS: dict[type, Callable[[RecordedEvent, Any, Transaction], None]] = {
    ResultsRecorded: _results_recorded,
    ScoresRecorded: _scores_recorded,
}


class SqlResults:
    """The part of RunReads that tells of results and scores."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def latency_ranks(self, number: int, quantiles: Sequence[float]) -> list[int | None]:
        """Return quantiles of the latencies by nearest rank; None without any."""
        count = self._reader.query(
            "SELECT COUNT(*) FROM result WHERE run = ? AND latency IS NOT NULL", (number,)
        )[0][0]
        if not count:
            return [None for _ in quantiles]
        return [
            self._reader.query(
                "SELECT latency FROM result WHERE run = ? AND latency IS NOT NULL "
                "ORDER BY latency LIMIT 1 OFFSET ?",
                (number, max(0, math.ceil(quantile * count) - 1)),
            )[0][0]
            for quantile in quantiles
        ]

    def results(
        self, run: RunView, after: int, limit: int, status: ResultStatus | None
    ) -> Page[ResultView]:
        """Return results with numbers above `after`, in order, with their scores."""
        where, params = "WHERE run = ? AND number > ? ", [run.number, after]
        if status is not None:
            where += "AND status = ? "
            params.append(_result_number[status])
        return self._page(run, where + "ORDER BY number LIMIT ?", params, limit)

    def slowest(
        self, run: RunView, after: tuple[int, int] | None, limit: int, status: ResultStatus | None
    ) -> Page[ResultView]:
        """Return results by latency, slowest first, after a (latency, number); -1 is none."""
        where, params = "WHERE run = ? ", [run.number]
        if status is not None:
            where += "AND status = ? "
            params.append(_result_number[status])
        never_run = after is not None and after[0] == -1
        if not never_run:
            timed = where + "AND latency IS NOT NULL "
            timed_params = list(params)
            if after is not None:
                timed += "AND (latency, number) < (?, ?) "
                timed_params += after
            page = self._page(
                run, timed + "ORDER BY latency DESC, number DESC LIMIT ?", timed_params, limit
            )
            if page.rows:
                more = page.more or self._has_never_run(where, params)
                return Page(page.rows, more=more)
        start = after[1] if after is not None and never_run else 0
        return self._page(
            run,
            where + "AND latency IS NULL AND number > ? ORDER BY number LIMIT ?",
            [*params, start],
            limit,
        )

    def result(self, run: RunView, number: int) -> ResultView | None:
        """Return one result with its scores."""
        found = self._page(run, "WHERE run = ? AND number = ? LIMIT ?", [run.number, number], 1)
        return found.rows[0] if found.rows else None

    def recorded(self, number: int, keys: Collection[TaskKey]) -> set[TaskKey]:
        """Return which of these tasks of a run have their result or score."""
        return {
            key
            for key in keys
            if self._reader.query(
                "SELECT 1 FROM result WHERE run = ? AND number = ?", (number, key.number)
            )
            and (
                key.scorer == TARGET
                or self._reader.query(
                    "SELECT 1 FROM score WHERE run = ? AND number = ? AND scorer = ?",
                    (number, key.number, key.scorer),
                )
            )
        }

    def _has_never_run(self, where: str, params: Sequence[int]) -> bool:
        return bool(
            self._reader.query(f"SELECT 1 FROM result {where} AND latency IS NULL LIMIT 1", params)
        )

    def _page(
        self, run: RunView, where: str, params: Sequence[int], limit: int
    ) -> Page[ResultView]:
        rows = self._reader.query(_RESULT_VIEW + where, (*params, limit + 1))
        found = rows[:limit]
        scores = self._score_rows(run, [row[1] for row in found])
        sizes = row_sizes(self._reader, found, _OUTPUT)
        kept = found[
            : fitting(
                [
                    size + sum(row_sizes(self._reader, scores[row[1]], _EVIDENCE))
                    for size, row in zip(sizes, found, strict=True)
                ]
            )
        ]
        results = [
            _result(row, self._scores(scores[row[1]]))
            for row in fill_bodies(self._reader, kept, _OUTPUT)
        ]
        return Page(results, more=len(rows) > len(kept))

    def _score_rows(self, run: RunView, numbers: Sequence[int]) -> dict[int, list[tuple[Any, ...]]]:
        found: dict[int, list[tuple[Any, ...]]] = {number: [] for number in numbers}
        if run.scorers and numbers:
            rows = self._reader.query(
                _SCORE_VIEW + f"WHERE run = ? AND number IN ({placeholders(len(numbers))}) "
                "ORDER BY number, scorer",
                (run.number, *numbers),
            )
            for row in rows:
                found[row[0]].append(row)
        return found

    def _scores(self, rows: Sequence[tuple[Any, ...]]) -> tuple[ScoreView, ...]:
        return tuple(map(_score, fill_bodies(self._reader, rows, _EVIDENCE)))


def _result(row: tuple[Any, ...], scores: tuple[ScoreView, ...]) -> ResultView:
    error = None if row[8] is None else TaskError(ErrorCode(row[8]), *row[9:12])
    values: tuple[Any, ...] = (
        *row[1:5],
        _RESULT_STATUSES[row[5]],
        row[6],
        error,
        *row[12:],
        scores,
    )
    return ResultView(*values)


def _score(row: tuple[Any, ...]) -> ScoreView:
    _, scorer, status, value, passed, label, reason, evidence, _, duration, _ = row
    return ScoreView(
        scorer, _SCORE_STATUSES[status], value, truth(passed), label, reason, evidence, duration
    )
