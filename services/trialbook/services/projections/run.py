"""Runs as tables: the head's row, a summary row a scorer, and where each fact stands in the log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from trialbook.eventstore import Reader, RecordedEvent, Transaction
from trialbook.services.application.views import RunView, ScorerSummaryView
from trialbook.services.domain.experiment import RunSettings, ScorerSpec, Target
from trialbook.services.domain.run import RunCancelRequested, RunEnded, RunStarted, RunStatus
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
        UNIQUE (project, run_id)
    )
    """,
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
SUMMARY_COLUMNS = ScorerSummaryView.__struct_fields__

_VIEW = """
    SELECT number, uid, project, run_id, experiment_id, experiment_version, dataset, dataset_id,
           dataset_version, pins, status, planned, succeeded, failed, skipped, last_position,
           author, created_at, ended_at
    FROM run
"""


class _Pins(msgspec.Struct, frozen=True):
    """What a run is pinned to, beside the versions."""

    target: Target
    scorers: tuple[ScorerSpec, ...]
    settings: RunSettings


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
    metadata = recorded.metadata
    tx.execute(
        """
        INSERT INTO run (uid, project, run_id, experiment_id, experiment_version, experiment_uid,
            dataset, dataset_id, dataset_version, pins, status, planned, succeeded, failed,
            skipped, last_position, author, created_at)
        SELECT ?, ?, ?, ?, ?, ?, number, ?, ?, ?, ?, ?, 0, 0, 0, 1, ?, ?
        FROM dataset WHERE uid = ?
        """,
        (
            event.uid,
            event.project,
            event.run_id,
            event.experiment_id,
            event.experiment_version,
            event.experiment_uid,
            event.dataset_id,
            event.dataset_version,
            encode(_Pins(event.target, event.scorers, event.settings)),
            RunStatus.RUNNING,
            event.planned,
            metadata.actor,
            metadata.recorded_at,
            event.dataset_uid,
        ),
    )
    run = number_of(tx, event.uid)
    blank = msgspec.structs.astuple(ScorerSummaryView())
    tx.insert(
        "run_scorer",
        ("run", "scorer", *SUMMARY_COLUMNS),
        [(run, scorer, *blank) for scorer in range(len(event.scorers))],
    )
    add_chunk(tx, run, recorded, 1, 1)


def _cancel_requested(recorded: RecordedEvent, event: RunCancelRequested, tx: Transaction) -> None:
    run = number_of(tx, event.uid)
    tx.execute(
        "UPDATE run SET status = ?, last_position = ? WHERE number = ?",
        (RunStatus.CANCELLING, event.position, run),
    )
    add_chunk(tx, run, recorded, event.position, 1)


def _ended(recorded: RecordedEvent, event: RunEnded, tx: Transaction) -> None:
    run = number_of(tx, event.uid)
    tx.execute(
        "UPDATE run SET status = ?, last_position = ?, ended_at = ? WHERE number = ?",
        (event.status, event.position, recorded.metadata.recorded_at, run),
    )
    add_chunk(tx, run, recorded, event.position, 1)


PROJECTORS: dict[type, Callable[[RecordedEvent, Any, Transaction], None]] = {
    RunStarted: _started,
    RunCancelRequested: _cancel_requested,
    RunEnded: _ended,
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

    def page(
        self, project: str, before: int, limit: int, experiment_id: str | None
    ) -> list[RunView]:
        """Return runs with numbers below `before`, newest first."""
        where, params = "WHERE project = ? AND number < ? ", [project, before]
        if experiment_id is not None:
            where += "AND experiment_id = ? "
            params.append(experiment_id)
        return self._views(where + "ORDER BY number DESC LIMIT ?", (*params, limit))

    def _views(self, where: str, params: Sequence[Any]) -> list[RunView]:
        return [self._view(row) for row in self._reader.query(_VIEW + where, params)]

    def _view(self, row: tuple[Any, ...]) -> RunView:
        pins = decode(row[9], _Pins)
        summaries = self.summaries(row[0]) if pins.scorers else ()
        values: tuple[Any, ...] = (
            *row[:9],
            pins.target,
            pins.scorers,
            pins.settings,
            RunStatus(row[10]),
            *row[11:15],
            summaries,
            *row[15:],
        )
        return RunView(*values)

    def summaries(self, run: int) -> tuple[ScorerSummaryView, ...]:
        """Return what each scorer said so far, in their order."""
        rows = self._reader.query(
            f"SELECT {','.join(SUMMARY_COLUMNS)} FROM run_scorer WHERE run = ? ORDER BY scorer",
            (run,),
        )
        return tuple(ScorerSummaryView(*row) for row in rows)
