"""Results and scores as tables, and the summaries that follow them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from trialbook.eventstore import RecordedEvent, Transaction
from trialbook.services.application.views import (
    ScorerSummaryView,
)
from trialbook.services.domain.run import (
    ResultFact,
    ResultsRecorded,
    ScoreFact,
    ScoresRecorded,
)
from trialbook.services.projections.columns import content_columns, flag, placeholders, truth
from trialbook.services.projections.result_columns import (
    RESULT_COLUMNS,
    SCORE_COLUMNS,
    SCORE_STATUSES,
    TRAJECTORY_COLUMNS,
    score_number,
    status_number,
)
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
        trace_report TEXT,
        trajectory TEXT,
        trajectory_blob BLOB,
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
    CREATE INDEX IF NOT EXISTS result_trajectory_blob ON result (trajectory_blob)
        WHERE trajectory_blob IS NOT NULL
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
    rows = [_result_row(run, fact, origin) for fact in event.results]
    tx.insert("result", (*RESULT_COLUMNS, *TRAJECTORY_COLUMNS), rows)
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
            self._statuses[status_number(fact.status)] += 1
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
        status_number(fact.status),
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
        None if fact.trace is None else msgspec.json.encode(fact.trace).decode(),
        *content_columns(fact.trajectory),
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
        score_number(fact.status),
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
        ScoreFact(0, "", 0, scorer, SCORE_STATUSES[status], value, truth(passed))
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
