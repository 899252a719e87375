"""The traces of results for which scorers wait, or waited. Operational: no events, no rebuild."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from trialbook.eventstore import Reader, Transaction
from trialbook.services.application.result_trace import ResultTrace, TraceSubject
from trialbook.services.projections.bodies import page_of
from trialbook.services.projections.columns import placeholders, slices
from trialbook.services.projections.result_columns import read_trace_report, status_of
from trialbook.services.trajectory.trajectory import TraceStatus

SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS result_trace (
        run INTEGER NOT NULL,
        number INTEGER NOT NULL,
        status TEXT NOT NULL,
        received INTEGER NOT NULL,
        expected INTEGER,
        version INTEGER NOT NULL,
        recorded_at INTEGER NOT NULL,
        check_at INTEGER,
        settled_at INTEGER,
        trace_ids TEXT NOT NULL,
        foreign_ids TEXT NOT NULL,
        PRIMARY KEY (run, number)
    ) WITHOUT ROWID
    """,
    """
    CREATE INDEX IF NOT EXISTS result_trace_due ON result_trace (check_at)
        WHERE check_at IS NOT NULL
    """,
)
_COLUMNS = (
    "run",
    "number",
    "status",
    "received",
    "expected",
    "version",
    "recorded_at",
    "check_at",
    "settled_at",
    "trace_ids",
    "foreign_ids",
)
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM result_trace "
_SUBJECT = (
    "SELECT number, ordinal, item_id, trial, status, output, output_blob, steps, steps_blob, "
    "attempts, trace_id, round, recorded_at, trace_report, trajectory, trajectory_blob FROM result "
)
_SUBJECT_BODIES = (5, 7, 14)
_REPLACE = "ON CONFLICT (run, number) DO UPDATE SET " + ", ".join(
    f"{column} = excluded.{column}" for column in _COLUMNS[2:]
)
_RESUME = "ON CONFLICT (run, number) DO UPDATE SET check_at = excluded.check_at"


class SqlResultTraces:
    """Implements ResultTraceReads."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def due(self, now: int, limit: int) -> list[ResultTrace]:
        """Return those that are to be looked at now, the longest overdue first."""
        rows = self._reader.query(
            f"{_SELECT} WHERE check_at IS NOT NULL AND check_at <= ? ORDER BY check_at LIMIT ?",
            (now, limit),
        )
        return [_result_trace(row) for row in rows]

    def next_check(self) -> int | None:
        """Return when the next one is to be looked at; None without any."""
        rows = self._reader.query(
            "SELECT MIN(check_at) FROM result_trace WHERE check_at IS NOT NULL"
        )
        return rows[0][0]  # type: ignore[no-any-return]

    def of(self, run: int, numbers: Collection[int]) -> dict[int, ResultTrace]:
        """Return those of these results that have one."""
        rows = [
            row
            for some in slices(sorted(numbers))
            for row in self._reader.query(
                f"{_SELECT} WHERE run = ? AND number IN ({placeholders(len(some))})", (run, *some)
            )
        ]
        return {row[1]: _result_trace(row) for row in rows}

    def subjects(self, run: int, numbers: Collection[int]) -> list[TraceSubject]:
        """Return these results, by number, as many of the first as a page may hold."""
        rows = [
            row
            for some in slices(sorted(numbers))
            for row in self._reader.query(
                f"{_SUBJECT} WHERE run = ? AND number IN ({placeholders(len(some))}) "
                "ORDER BY number",
                (run, *some),
            )
        ]
        return [_subject(row) for row in page_of(self._reader, rows, _SUBJECT_BODIES)]


class SqlResultTracesInTransaction(SqlResultTraces):
    """The same, and what only a transaction may do."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx)
        self._tx = tx

    def begin(self, rows: Sequence[ResultTrace]) -> None:
        """Let the scorers of new results wait."""
        self._insert(rows, _REPLACE)

    def resume(self, rows: Sequence[ResultTrace]) -> None:
        """Let scorers wait for results that may have been judged before: that stays known."""
        self._insert(rows, _RESUME)

    def put_off(self, run: int, numbers: Collection[int], check_at: int) -> None:
        """Look at those that wait later."""
        self._check(run, numbers, check_at)

    def settle(self, rows: Sequence[ResultTrace]) -> None:
        """Store what was judged."""
        self._insert(rows, _REPLACE)

    def leave(self, run: int, numbers: Collection[int]) -> None:
        """Note that no scorer waits any more for these."""
        self._check(run, numbers, None)

    def realign(self, run: int, now: int) -> None:
        """Let all that wait in a run have its whole time from now."""
        self._tx.execute(
            "UPDATE result_trace SET recorded_at = ?, check_at = ? "
            "WHERE run = ? AND check_at IS NOT NULL",
            (now, now, run),
        )

    def _check(self, run: int, numbers: Collection[int], check_at: int | None) -> None:
        for some in slices(sorted(numbers)):
            self._tx.execute(
                "UPDATE result_trace SET check_at = ? WHERE run = ? AND check_at IS NOT NULL "
                f"AND number IN ({placeholders(len(some))})",
                (check_at, run, *some),
            )

    def _insert(self, rows: Sequence[ResultTrace], on_conflict: str) -> None:
        if rows:
            self._tx.insert(
                "result_trace", _COLUMNS, [_columns(row) for row in rows], on_conflict=on_conflict
            )


def _columns(row: ResultTrace) -> tuple[Any, ...]:
    return (
        row.run,
        row.number,
        row.status.value,
        row.received,
        row.expected,
        row.version,
        row.recorded_at,
        row.check_at,
        row.settled_at,
        " ".join(row.trace_ids),
        " ".join(row.foreign),
    )


def _result_trace(row: tuple[Any, ...]) -> ResultTrace:
    columns: dict[str, Any] = dict(zip(_COLUMNS, row, strict=True))
    columns["status"] = TraceStatus(columns["status"])
    columns["trace_ids"] = tuple(columns["trace_ids"].split())
    columns["foreign"] = tuple(columns.pop("foreign_ids").split())
    return ResultTrace(**columns)


def _subject(row: tuple[Any, ...]) -> TraceSubject:
    number, ordinal, item_id, trial, status, output, _, steps, _, *rest = row
    attempts, trace_id, run_round, recorded_at, report, reported, _ = rest
    return TraceSubject(
        number,
        ordinal,
        item_id,
        trial,
        status_of(status),
        output,
        steps,
        attempts,
        trace_id,
        run_round,
        recorded_at,
        read_trace_report(report),
        reported,
    )
