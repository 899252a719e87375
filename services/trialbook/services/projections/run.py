"""Runs as tables: the head's row, a summary row a scorer, and where each fact stands in the log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from trialbook.eventstore import Reader, RecordedEvent, Transaction
from trialbook.services.application.views import (
    RunPins,
    RunView,
    ScorerSummaryView,
    UsageView,
    VerdictView,
)
from trialbook.services.domain.gate import GateEvaluated
from trialbook.services.domain.run import (
    EndReason,
    RunBegan,
    RunCancelRequested,
    RunEnded,
    RunFinishRequested,
    RunRescored,
    RunRetried,
    RunStarted,
    RunStatus,
)
from trialbook.services.projections.columns import decode, encode

TABLES = ("run", "run_scorer", "run_chunk")
SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS run (
        number INTEGER PRIMARY KEY,
        uid TEXT NOT NULL UNIQUE,
        project TEXT NOT NULL,
        run_id TEXT NOT NULL,
        experiment_id TEXT NOT NULL,
        experiment_version INTEGER NOT NULL,
        experiment_uid TEXT NOT NULL,
        dataset INTEGER NOT NULL,
        dataset_id TEXT NOT NULL,
        dataset_version INTEGER NOT NULL,
        pins TEXT NOT NULL,
        status TEXT NOT NULL,
        planned INTEGER NOT NULL,
        succeeded INTEGER NOT NULL,
        failed INTEGER NOT NULL,
        skipped INTEGER NOT NULL,
        last_position INTEGER NOT NULL,
        author TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        ended_at INTEGER,
        display_name TEXT NOT NULL,
        end_reason TEXT NOT NULL,
        deadline_at INTEGER,
        round INTEGER NOT NULL,
        finishing INTEGER NOT NULL,
        told INTEGER NOT NULL,
        input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL,
        cost REAL NOT NULL,
        verdict TEXT,
        verdict_due INTEGER NOT NULL,
        UNIQUE (project, run_id)
    )
    """,
    "CREATE INDEX IF NOT EXISTS run_by_status ON run (status)",
    """
    CREATE INDEX IF NOT EXISTS run_by_experiment ON run (project, experiment_id, number)
    """,
    "CREATE INDEX IF NOT EXISTS run_verdict_due ON run (number) WHERE verdict_due = 1",
    """
    CREATE TABLE IF NOT EXISTS run_scorer (
        run INTEGER NOT NULL,
        scorer INTEGER NOT NULL,
        scored INTEGER NOT NULL,
        failed INTEGER NOT NULL,
        not_evaluable INTEGER NOT NULL,
        skipped INTEGER NOT NULL,
        passed INTEGER NOT NULL,
        not_passed INTEGER NOT NULL,
        mean REAL NOT NULL,
        squares REAL NOT NULL,
        minimum REAL,
        maximum REAL,
        PRIMARY KEY (run, scorer)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE IF NOT EXISTS run_chunk (
        run INTEGER NOT NULL,
        last_position INTEGER NOT NULL,
        first_position INTEGER NOT NULL,
        event INTEGER NOT NULL,
        PRIMARY KEY (run, last_position)
    ) WITHOUT ROWID
    """,
)
_OPEN = (RunStatus.PENDING, RunStatus.RUNNING)
SUMMARY_COLUMNS = ScorerSummaryView.__struct_fields__

_USAGE_COLUMNS = UsageView.__struct_fields__
_VIEW_COLUMNS = (
    "number",
    "uid",
    "project",
    "run_id",
    "experiment_id",
    "experiment_version",
    "dataset",
    "dataset_id",
    "dataset_version",
    "display_name",
    "pins",
    "status",
    "end_reason",
    "planned",
    "succeeded",
    "failed",
    "skipped",
    "round",
    "finishing",
    *_USAGE_COLUMNS,
    "verdict",
    "last_position",
    "author",
    "created_at",
    "ended_at",
    "verdict_due",
    "experiment_uid",
)
_VIEW = f"SELECT {','.join(_VIEW_COLUMNS)} FROM run "


def number_of(tx: Reader, uid: str) -> int:
    """Return the short key of a run that is known to exist."""
    return int(tx.query("SELECT number FROM run WHERE uid = ?", (uid,))[0][0])


def add_chunk(
    tx: Transaction, run: int, recorded: RecordedEvent, first_position: int, count: int
) -> None:
    """Write down which facts of a run an event holds."""
    tx.execute(
        "INSERT INTO run_chunk (run, last_position, first_position, event) VALUES (?, ?, ?, ?)",
        (run, first_position + count - 1, first_position, recorded.position),
    )


def _started(recorded: RecordedEvent, event: RunStarted, tx: Transaction) -> None:
    at, deadline = recorded.metadata.recorded_at, event.settings.run_deadline
    row: dict[str, Any] = {
        "uid": event.uid,
        "project": event.project,
        "run_id": event.run_id,
        "experiment_id": event.experiment_id,
        "experiment_version": event.experiment_version,
        "experiment_uid": event.experiment_uid,
        "dataset": _dataset_number(tx, event.dataset_uid),
        "dataset_id": event.dataset_id,
        "dataset_version": event.dataset_version,
        "display_name": event.display_name,
        "pins": encode(_pins(event)),
        "status": RunStatus.PENDING if event.pending else RunStatus.RUNNING,
        "end_reason": EndReason.NONE,
        "planned": event.planned,
        **dict.fromkeys(("succeeded", "failed", "skipped", "round", "finishing"), 0),
        **dict.fromkeys(_USAGE_COLUMNS, 0),
        "verdict_due": 0,
        "deadline_at": at + deadline if deadline else None,
        "last_position": 1,
        "author": recorded.metadata.actor,
        "created_at": at,
    }
    tx.insert("run", tuple(row), [tuple(row.values())])
    run = number_of(tx, event.uid)
    _add_summaries(tx, run, 0, len(event.scorers))
    add_chunk(tx, run, recorded, 1, 1)


def _pins(event: RunStarted) -> RunPins:
    return RunPins(
        target=event.target,
        scorers=event.scorers,
        settings=event.settings,
        scorer_source=event.scorer_source,
        caller_driven=event.caller_driven,
        metadata=event.metadata,
        target_options=event.target_options,
        traceparent=event.traceparent,
        context=event.context,
        selection=event.selection,
        gate=event.gate,
        baseline=event.baseline,
    )


def _dataset_number(tx: Transaction, uid: str) -> int:
    return int(tx.query("SELECT number FROM dataset WHERE uid = ?", (uid,))[0][0])


def _add_summaries(tx: Transaction, run: int, first: int, count: int) -> None:
    blank = msgspec.structs.astuple(ScorerSummaryView())
    tx.insert(
        "run_scorer",
        ("run", "scorer", *SUMMARY_COLUMNS),
        [(run, scorer, *blank) for scorer in range(first, first + count)],
    )


def _pins_of(tx: Transaction, run: int) -> RunPins:
    return decode(tx.query("SELECT pins FROM run WHERE number = ?", (run,))[0][0], RunPins)


def _change(tx: Transaction, recorded: RecordedEvent, event: Any, **columns: Any) -> int:
    """Set columns of a run's row, note where its fact stands, and return its number."""
    run = number_of(tx, event.uid)
    columns["last_position"] = event.position
    tx.execute(
        f"UPDATE run SET {','.join(f'{name} = ?' for name in columns)} WHERE number = ?",
        (*columns.values(), run),
    )
    add_chunk(tx, run, recorded, event.position, 1)
    return run


def _began(recorded: RecordedEvent, event: RunBegan, tx: Transaction) -> None:
    pins = _pins_of(tx, number_of(tx, event.uid))
    pins = msgspec.structs.replace(pins, target=event.target)
    _change(tx, recorded, event, status=RunStatus.RUNNING, pins=encode(pins))


def _cancel_requested(recorded: RecordedEvent, event: RunCancelRequested, tx: Transaction) -> None:
    _change(tx, recorded, event, status=RunStatus.CANCELLING, end_reason=event.end_reason)


def _finish_requested(_: RecordedEvent, event: RunFinishRequested, tx: Transaction) -> None:
    tx.execute("UPDATE run SET finishing = 1 WHERE uid = ?", (event.uid,))


def _going_on(recorded: RecordedEvent, pins: RunPins) -> dict[str, Any]:
    """Return the columns of a run that had ended and goes on, with all of its time again."""
    deadline = pins.settings.run_deadline
    return {
        "status": RunStatus.RUNNING,
        "end_reason": EndReason.NONE,
        "ended_at": None,
        "deadline_at": recorded.metadata.recorded_at + deadline if deadline else None,
        "verdict": None,
        "verdict_due": 0,
    }


def _retried(recorded: RecordedEvent, event: RunRetried, tx: Transaction) -> None:
    pins = _pins_of(tx, number_of(tx, event.uid))
    _change(tx, recorded, event, round=event.round, **_going_on(recorded, pins))


def _rescored(recorded: RecordedEvent, event: RunRescored, tx: Transaction) -> None:
    pins = _pins_of(tx, number_of(tx, event.uid))
    added = {spec.alias for spec in event.scorers}
    before = [
        msgspec.structs.replace(spec, superseded=spec.superseded or spec.alias in added)
        for spec in pins.scorers
    ]
    pins = msgspec.structs.replace(pins, scorers=(*before, *event.scorers))
    run = _change(tx, recorded, event, pins=encode(pins), **_going_on(recorded, pins))
    _add_summaries(tx, run, len(before), len(event.scorers))


def _ended(recorded: RecordedEvent, event: RunEnded, tx: Transaction) -> None:
    pins = _pins_of(tx, number_of(tx, event.uid))
    _change(
        tx,
        recorded,
        event,
        status=event.status,
        end_reason=event.end_reason,
        ended_at=recorded.metadata.recorded_at,
        finishing=1,
        verdict_due=int(pins.gate is not None),
    )


def _gate_evaluated(recorded: RecordedEvent, event: GateEvaluated, tx: Transaction) -> None:
    metadata = recorded.metadata
    verdict = VerdictView(
        event.verdict,
        event.gate,
        event.findings,
        event.baseline,
        metadata.recorded_at,
        metadata.actor,
    )
    _change(tx, recorded, event, verdict=encode(verdict), verdict_due=0)


PROJECTORS: dict[type, Callable[[RecordedEvent, Any, Transaction], None]] = {
    RunStarted: _started,
    RunBegan: _began,
    RunCancelRequested: _cancel_requested,
    RunFinishRequested: _finish_requested,
    RunRetried: _retried,
    RunRescored: _rescored,
    RunEnded: _ended,
    GateEvaluated: _gate_evaluated,
}


class SqlRunHeads:
    """The part of RunReads that tells of runs as wholes."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def find(self, project: str, run_id: str) -> RunView | None:
        """Return a run without its latency."""
        found = self._views("WHERE project = ? AND run_id = ?", (project, run_id))
        return found[0] if found else None

    def by_number(self, number: int) -> RunView:
        """Return a run that is known to exist, without its latency."""
        return self._views("WHERE number = ?", (number,))[0]

    def by_uid(self, uid: str) -> RunView | None:
        """Return a run without its latency."""
        found = self._views("WHERE uid = ?", (uid,))
        return found[0] if found else None

    def last_position(self, number: int) -> int:
        """Return the position of a run's newest fact."""
        rows = self._reader.query("SELECT last_position FROM run WHERE number = ?", (number,))
        return int(rows[0][0])

    def cancelling(self) -> list[int]:
        """Return the numbers of the runs that are being cancelled."""
        rows = self._reader.query(
            "SELECT number FROM run WHERE status = ?", (RunStatus.CANCELLING,)
        )
        return [row[0] for row in rows]

    def overdue(self, now: int) -> list[int]:
        """Return the numbers of the open runs whose deadline is over."""
        rows = self._reader.query(
            "SELECT number FROM run WHERE status IN (?, ?) AND deadline_at <= ?", (*_OPEN, now)
        )
        return [row[0] for row in rows]

    def next_deadline(self) -> int | None:
        """Return the earliest deadline of the open runs; None without any."""
        rows = self._reader.query("SELECT MIN(deadline_at) FROM run WHERE status IN (?, ?)", _OPEN)
        found: int | None = rows[0][0]
        return found

    def verdicts_due(self, limit: int) -> list[int]:
        """Return the numbers of runs that have ended, and whose gate was not asked since."""
        rows = self._reader.query(
            "SELECT number FROM run WHERE verdict_due = 1 ORDER BY number LIMIT ?", (limit,)
        )
        return [row[0] for row in rows]

    def page(
        self,
        project: str,
        before: int,
        limit: int,
        experiment_id: str | None,
        status: RunStatus | None = None,
    ) -> list[RunView]:
        """Return runs with numbers below `before`, newest first."""
        where, params = "WHERE project = ? AND number < ? ", [project, before]
        if experiment_id is not None:
            where += "AND experiment_id = ? "
            params.append(experiment_id)
        if status is not None:
            where += "AND status = ? "
            params.append(status)
        return self._views(where + "ORDER BY number DESC LIMIT ?", (*params, limit))

    def _views(self, where: str, params: Sequence[Any]) -> list[RunView]:
        return [self._view(row) for row in self._reader.query(_VIEW + where, params)]

    def _view(self, row: tuple[Any, ...]) -> RunView:
        columns = dict(zip(_VIEW_COLUMNS, row, strict=True))
        usage = UsageView(**{name: columns.pop(name) for name in _USAGE_COLUMNS})
        pins, verdict = decode(columns["pins"], RunPins), columns["verdict"]
        columns |= {
            "pins": pins,
            "status": RunStatus(columns["status"]),
            "end_reason": EndReason(columns["end_reason"]),
            "finishing": bool(columns["finishing"]),
            "verdict_due": bool(columns["verdict_due"]),
            "verdict": None if verdict is None else decode(verdict, VerdictView),
            "dataset_number": columns.pop("dataset"),
        }
        summaries = self.summaries(row[0]) if pins.scorers else ()
        return RunView(**columns, usage=usage, summaries=summaries)

    def summaries(self, run: int) -> tuple[ScorerSummaryView, ...]:
        """Return what each scorer said so far, in their order."""
        rows = self._reader.query(
            f"SELECT {','.join(SUMMARY_COLUMNS)} FROM run_scorer WHERE run = ? ORDER BY scorer",
            (run,),
        )
        return tuple(ScorerSummaryView(*row) for row in rows)
