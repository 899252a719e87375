"""Experiments and their versions as tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trialbook.eventstore import Reader, RecordedEvent, Transaction
from trialbook.services.application.views import ExperimentView
from trialbook.services.domain.experiment import (
    Definition,
    ExperimentChanged,
    ExperimentCreated,
    ExperimentDeleted,
)
from trialbook.services.projections.columns import decode, encode

TABLES = ("experiment", "experiment_version")
SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS experiment (
        number INTEGER PRIMARY KEY,
        uid TEXT NOT NULL UNIQUE,
        project TEXT NOT NULL,
        experiment_id TEXT NOT NULL,
        version INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        deleted_at INTEGER
    )
    """,
    """
    CREATE UNIQUE INDEX IF NOT EXISTS experiment_by_id ON experiment (project, experiment_id)
        WHERE deleted_at IS NULL
    """,
    """
    CREATE TABLE IF NOT EXISTS experiment_version (
        experiment INTEGER NOT NULL,
        version INTEGER NOT NULL,
        definition TEXT NOT NULL,
        author TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        PRIMARY KEY (experiment, version)
    ) WITHOUT ROWID
    """,
)

_VIEW = """
    SELECT e.uid, e.project, e.experiment_id, v.definition, v.version,
           CAST(e.revision AS TEXT), v.author, e.created_at, v.created_at
    FROM experiment e JOIN experiment_version v ON v.experiment = e.number
"""
_CURRENT = "AND v.version = e.version AND e.deleted_at IS NULL "


def _created(recorded: RecordedEvent, event: ExperimentCreated, tx: Transaction) -> None:
    at = recorded.metadata.recorded_at
    tx.execute(
        """
        INSERT INTO experiment (uid, project, experiment_id, version, revision, created_at,
            updated_at)
        VALUES (?, ?, ?, 1, 1, ?, ?)
        """,
        (event.uid, event.project, event.experiment_id, at, at),
    )
    _add_version(recorded, event.uid, 1, event.definition, tx)


def _changed(recorded: RecordedEvent, event: ExperimentChanged, tx: Transaction) -> None:
    tx.execute(
        "UPDATE experiment SET version = ?, revision = revision + 1, updated_at = ? WHERE uid = ?",
        (event.version, recorded.metadata.recorded_at, event.uid),
    )
    _add_version(recorded, event.uid, event.version, event.definition, tx)


def _deleted(recorded: RecordedEvent, event: ExperimentDeleted, tx: Transaction) -> None:
    at = recorded.metadata.recorded_at
    tx.execute(
        """
        UPDATE experiment SET deleted_at = ?, updated_at = ?, revision = revision + 1
        WHERE uid = ?
        """,
        (at, at, event.uid),
    )


def _add_version(
    recorded: RecordedEvent, uid: str, version: int, definition: Definition, tx: Transaction
) -> None:
    tx.execute(
        """
        INSERT INTO experiment_version (experiment, version, definition, author, created_at)
        SELECT number, ?, ?, ?, ? FROM experiment WHERE uid = ?
        """,
        (
            version,
            encode(definition),
            recorded.metadata.actor,
            recorded.metadata.recorded_at,
            uid,
        ),
    )


PROJECTORS: dict[type, Callable[[RecordedEvent, Any, Transaction], None]] = {
    ExperimentCreated: _created,
    ExperimentChanged: _changed,
    ExperimentDeleted: _deleted,
}


class SqlExperiments:
    """Implements ExperimentReads."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def find(self, project: str, experiment_id: str) -> ExperimentView | None:
        """Return the experiment that has this id now."""
        rows = self._reader.query(
            _VIEW + "WHERE e.project = ? AND e.experiment_id = ? " + _CURRENT,
            (project, experiment_id),
        )
        return _view(rows[0]) if rows else None

    def page(self, project: str, after: str, limit: int) -> list[ExperimentView]:
        """Return experiments by id."""
        rows = self._reader.query(
            _VIEW
            + "WHERE e.project = ? AND e.experiment_id > ? "
            + _CURRENT
            + "ORDER BY e.experiment_id LIMIT ?",
            (project, after, limit),
        )
        return [_view(row) for row in rows]

    def version(self, uid: str, version: int) -> ExperimentView | None:
        """Return one version."""
        rows = self._reader.query(_VIEW + "WHERE e.uid = ? AND v.version = ?", (uid, version))
        return _view(rows[0]) if rows else None

    def versions(self, uid: str, before: int, limit: int) -> list[ExperimentView]:
        """Return versions below `before`, newest first."""
        rows = self._reader.query(
            _VIEW + "WHERE e.uid = ? AND v.version < ? ORDER BY v.version DESC LIMIT ?",
            (uid, before, limit),
        )
        return [_view(row) for row in rows]


def _view(row: tuple[Any, ...]) -> ExperimentView:
    values: tuple[Any, ...] = (*row[:3], decode(row[3], Definition), *row[4:])
    return ExperimentView(*values)
