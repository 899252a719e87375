"""Results and scores as tables, the summaries that follow them, and the facts of a run in order."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import Any

import msgspec

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
    SkipReason,
    TaskError,
    Usage,
)
from trialbook.services.projections.bodies import fill_bodies, fitting, row_sizes
from trialbook.services.projections.columns import content_columns, flag, placeholders, truth
from trialbook.services.projections.run import SUMMARY_COLUMNS, add_chunk, number_of
from trialbook.services.projections.summary import forget_scores, merge_scores

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
        skip_reason TEXT,
        steps TEXT,
        steps_blob BLOB,
        input_tokens INTEGER,
        output_tokens INTEGER,
        cost REAL,
        round INTEGER NOT NULL,
        recorded_at INTEGER NOT NULL,
        event INTEGER NOT NULL,
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
    CREATE INDEX IF NOT EXISTS result_steps_blob ON result (steps_blob)
        WHERE steps_blob IS NOT NULL
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
        event INTEGER NOT NULL,
        PRIMARY KEY (run, number, scorer)
    ) WITHOUT ROWID
    """,
    """
    CREATE INDEX IF NOT EXISTS score_not_passed ON score (run, passed, number, scorer)
        WHERE passed = 0
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
    "skip_reason",
    "steps",
    "steps_blob",
    "input_tokens",
    "output_tokens",
    "cost",
    "round",
    "recorded_at",
    "event",
)
SCORE_COLUMNS = (
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
    "event",
)
_RESULT_VIEW = f"SELECT {','.join(_RESULT_COLUMNS)} FROM result "
_SCORE_VIEW = f"SELECT {','.join(SCORE_COLUMNS[1:])} FROM score "
_BODIES = (_RESULT_COLUMNS.index("output"), _RESULT_COLUMNS.index("steps"))
EVIDENCE = (SCORE_COLUMNS.index("evidence") - 1,)
_result_number = {status: place for place, status in enumerate(_RESULT_STATUSES)}
_score_number = {status: place for place, status in enumerate(_SCORE_STATUSES)}


def status_number(status: ResultStatus) -> int:
    """Return what stands for a status in a result's row."""
    return _result_number[status]


def status_of(number: int) -> ResultStatus:
    """Return the status that a number stands for in a result's row."""
    return _RESULT_STATUSES[number]


def score_number(status: ScoreStatus) -> int:
    """Return what stands for a status in a score's row."""
    return _score_number[status]


def _results_recorded(recorded: RecordedEvent, event: ResultsRecorded, tx: Transaction) -> None:
    before = _Tally()
    if event.replaces:
        numbers = [fact.number for fact in event.results]
        before.take_rows(_replaced(tx, number_of(tx, event.uid), numbers))
    after = _Tally()
    after.take_facts(event.results)
    last_position = event.first_position + len(event.results) - 1
    run = tx.query(
        """
        UPDATE run SET succeeded = succeeded + ?, failed = failed + ?, skipped = skipped + ?,
            told = told + ?, input_tokens = input_tokens + ?, output_tokens = output_tokens + ?,
            cost = cost + ?, last_position = ?
        WHERE uid = ? RETURNING number
        """,
        (*after.less(before), last_position, event.uid),
    )[0][0]
    origin = (recorded.metadata.recorded_at, recorded.position)
    tx.insert("result", _RESULT_COLUMNS, [_result_row(run, fact, origin) for fact in event.results])
    add_chunk(tx, run, recorded, event.first_position, len(event.results))


def _replaced(tx: Transaction, run: int, numbers: Sequence[int]) -> list[tuple[Any, ...]]:
    """Take away the results that others take the place of, and return what was counted of them."""
    some = placeholders(len(numbers))
    rows = tx.query(
        f"SELECT status, input_tokens, output_tokens, cost FROM result "
        f"WHERE run = ? AND number IN ({some})",
        (run, *numbers),
    )
    tx.execute(f"DELETE FROM result WHERE run = ? AND number IN ({some})", (run, *numbers))
    return rows


class _Tally:
    """What the run's row counts of some results."""

    def __init__(self) -> None:
        self._statuses = [0, 0, 0]
        self._usage: list[Any] = [0, 0, 0, 0.0]

    def take_facts(self, facts: Sequence[ResultFact]) -> None:
        """Count results that are recorded."""
        for fact in facts:
            self._statuses[_result_number[fact.status]] += 1
            if fact.usage is not None:
                self._use(fact.usage.input_tokens, fact.usage.output_tokens, fact.usage.cost)

    def take_rows(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Count results that were recorded."""
        for status, input_tokens, output_tokens, cost in rows:
            self._statuses[status] += 1
            if input_tokens is not None:
                self._use(input_tokens, output_tokens, cost)

    def less(self, other: _Tally) -> list[Any]:
        """Return statuses, how many tell their usage, tokens and cost, less those of another."""
        mine = [*self._statuses, *self._usage]
        return [a - b for a, b in zip(mine, [*other._statuses, *other._usage], strict=True)]

    def _use(self, input_tokens: int, output_tokens: int, cost: float) -> None:
        for place, amount in enumerate((1, input_tokens, output_tokens, cost)):
            self._usage[place] += amount


def _result_row(run: int, fact: ResultFact, origin: tuple[int, int]) -> tuple[Any, ...]:
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
        fact.skip_reason,
        *content_columns(fact.steps),
        *((None,) * 3 if fact.usage is None else msgspec.structs.astuple(fact.usage)),
        fact.round,
        *origin,
    )


def _scores_recorded(recorded: RecordedEvent, event: ScoresRecorded, tx: Transaction) -> None:
    run = tx.query(
        "UPDATE run SET last_position = ? WHERE uid = ? RETURNING number",
        (event.first_position + len(event.scores) - 1, event.uid),
    )[0][0]
    origin = (recorded.metadata.recorded_at, recorded.position)
    if event.replaces:
        _take_scores_back(tx, run, event.scores)
    tx.insert("score", SCORE_COLUMNS, [_score_row(run, fact, origin) for fact in event.scores])
    _update_summaries(run, event.scores, tx)
    add_chunk(tx, run, recorded, event.first_position, len(event.scores))


def _score_row(run: int, fact: ScoreFact, origin: tuple[int, int]) -> tuple[Any, ...]:
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
        *origin,
    )


def _take_scores_back(tx: Transaction, run: int, scores: Sequence[ScoreFact]) -> None:
    """Take away the scores that others take the place of.

    A summary cannot forget a value, so it is made anew if there was one; where results are run
    again, there was none but those of the run as a whole.
    """
    numbers: defaultdict[int, list[int]] = defaultdict(list)
    for fact in scores:
        numbers[fact.scorer].append(fact.number)
    for scorer, some in numbers.items():
        where = f"WHERE run = ? AND scorer = ? AND number IN ({placeholders(len(some))})"
        gone = _judged(tx, run, scorer, where, some)
        tx.execute(f"DELETE FROM score {where}", (run, scorer, *some))
        if any(fact.value is not None for fact in gone):
            left = _judged(tx, run, scorer, "WHERE run = ? AND scorer = ? ORDER BY number", ())
            _write_summaries(tx, [(run, scorer, *merge_scores(ScorerSummaryView(), left))])
        elif gone:
            before = _summary(tx, run, scorer)
            _write_summaries(tx, [(run, scorer, *forget_scores(before, gone))])


def _judged(
    tx: Transaction, run: int, scorer: int, where: str, numbers: Sequence[int]
) -> list[ScoreFact]:
    """Return what a summary counts of some scores."""
    rows = tx.query(f"SELECT status, value, passed FROM score {where}", (run, scorer, *numbers))
    return [
        ScoreFact(0, "", 0, scorer, _SCORE_STATUSES[status], value, truth(passed))
        for status, value, passed in rows
    ]


def _summary(tx: Transaction, run: int, scorer: int) -> ScorerSummaryView:
    rows = tx.query(
        f"SELECT {','.join(SUMMARY_COLUMNS)} FROM run_scorer WHERE run = ? AND scorer = ?",
        (run, scorer),
    )
    return ScorerSummaryView(*rows[0])


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
    _write_summaries(tx, merged)


def _write_summaries(tx: Transaction, rows: Sequence[tuple[Any, ...]]) -> None:
    tx.insert(
        "run_scorer",
        ("run", "scorer", *SUMMARY_COLUMNS),
        rows,
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
        return {key for key in keys if self._is_recorded(number, key)}

    def _is_recorded(self, run: int, key: TaskKey) -> bool:
        if key.scorer == TARGET:
            found = self._reader.query(
                "SELECT 1 FROM result WHERE run = ? AND number = ?", (run, key.number)
            )
        else:
            found = self._reader.query(
                "SELECT 1 FROM score WHERE run = ? AND number = ? AND scorer = ?",
                (run, key.number, key.scorer),
            )
        return bool(found)

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
        sizes = row_sizes(self._reader, found, _BODIES)
        kept = found[
            : fitting(
                [
                    size + sum(row_sizes(self._reader, scores[row[1]], EVIDENCE))
                    for size, row in zip(sizes, found, strict=True)
                ]
            )
        ]
        results = [
            _result(row, self._scores(scores[row[1]]))
            for row in fill_bodies(self._reader, kept, _BODIES)
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
        return tuple(map(to_score, fill_bodies(self._reader, rows, EVIDENCE)))


def _result(row: tuple[Any, ...], scores: tuple[ScoreView, ...]) -> ResultView:
    columns: dict[str, Any] = dict(zip(_RESULT_COLUMNS, row, strict=True))
    skip_reason = columns["skip_reason"]
    return ResultView(
        number=columns["number"],
        ordinal=columns["ordinal"],
        item_id=columns["item_id"],
        trial=columns["trial"],
        status=_RESULT_STATUSES[columns["status"]],
        output=columns["output"],
        error=_error(columns),
        attempts=columns["attempts"],
        latency=columns["latency"],
        worker_id=columns["worker_id"],
        trace_id=columns["trace_id"],
        skip_reason=None if skip_reason is None else SkipReason(skip_reason),
        steps=columns["steps"],
        usage=_usage(columns),
        round=columns["round"],
        recorded_at=columns["recorded_at"],
        scores=scores,
    )


def _error(columns: dict[str, Any]) -> TaskError | None:
    if columns["error_code"] is None:
        return None
    words = (columns["error_message"], columns["error_kind"], columns["error_stack"])
    return TaskError(ErrorCode(columns["error_code"]), *words)


def _usage(columns: dict[str, Any]) -> Usage | None:
    if columns["input_tokens"] is None:
        return None
    return Usage(columns["input_tokens"], columns["output_tokens"], columns["cost"])


def to_score(row: tuple[Any, ...]) -> ScoreView:
    """Return the score of a row without its run, its evidence filled in."""
    _, scorer, status, value, passed, label, reason, evidence, _, duration, recorded_at, _ = row
    return ScoreView(
        scorer,
        _SCORE_STATUSES[status],
        value,
        truth(passed),
        label,
        reason,
        evidence,
        duration,
        recorded_at,
    )
