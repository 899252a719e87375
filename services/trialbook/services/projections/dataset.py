"""Datasets, their versions, settings and labels as tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from trialbook.eventstore import Reader, RecordedEvent, Transaction
from trialbook.services.application.views import DatasetView, LabelView, VersionView
from trialbook.services.domain.dataset import (
    DatasetCreated,
    DatasetDeleted,
    DatasetDescribed,
    DatasetSettings,
    ImportAbandoned,
    ImportBegun,
    ItemCounts,
    LabelDeleted,
    LabelSet,
    SettingsChanged,
    VersionMade,
)
from trialbook.services.projections.columns import decode, encode, placeholders
from trialbook.services.projections.dataset_number import number_of
from trialbook.services.projections.item import SqlItems, reopen
from trialbook.services.projections.item_difference import SqlItemDifferences
from trialbook.services.projections.item_selection import SqlItemMarks
from trialbook.services.projections.item_state import SqlItemStates

TABLES = ("dataset", "dataset_version", "dataset_settings", "dataset_label")
SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS dataset (
        number INTEGER PRIMARY KEY,
        uid TEXT NOT NULL UNIQUE,
        project TEXT NOT NULL,
        dataset_id TEXT NOT NULL,
        display_name TEXT NOT NULL,
        description TEXT NOT NULL,
        metadata TEXT NOT NULL,
        version INTEGER NOT NULL,
        item_count INTEGER NOT NULL,
        settings TEXT NOT NULL,
        revision INTEGER NOT NULL,
        import_id TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        deleted_at INTEGER
    )
    """,
    """
    CREATE UNIQUE INDEX IF NOT EXISTS dataset_by_id ON dataset (project, dataset_id)
        WHERE deleted_at IS NULL
    """,
    "CREATE INDEX IF NOT EXISTS dataset_by_import ON dataset (import_id) WHERE import_id <> ''",
    """
    CREATE TABLE IF NOT EXISTS dataset_version (
        dataset INTEGER NOT NULL,
        version INTEGER NOT NULL,
        item_count INTEGER NOT NULL,
        added_count INTEGER NOT NULL,
        changed_count INTEGER NOT NULL,
        removed_count INTEGER NOT NULL,
        restored_count INTEGER NOT NULL,
        settings_changed INTEGER NOT NULL,
        message TEXT NOT NULL,
        last_ordinal INTEGER NOT NULL,
        author TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        PRIMARY KEY (dataset, version)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX IF NOT EXISTS dataset_version_by_time ON dataset_version (dataset, created_at)",
    """
    CREATE TABLE IF NOT EXISTS dataset_settings (
        dataset INTEGER NOT NULL,
        version INTEGER NOT NULL,
        settings TEXT NOT NULL,
        PRIMARY KEY (dataset, version)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE IF NOT EXISTS dataset_label (
        dataset INTEGER NOT NULL,
        label_id TEXT NOT NULL,
        version INTEGER NOT NULL,
        frozen INTEGER NOT NULL,
        message TEXT NOT NULL,
        author TEXT NOT NULL,
        updated_at INTEGER NOT NULL,
        PRIMARY KEY (dataset, label_id)
    ) WITHOUT ROWID
    """,
)

_ALL = 2**62
_NO_SETTINGS = encode(DatasetSettings())
_VIEW = """
    SELECT number, uid, project, dataset_id, display_name, description, metadata, version,
           item_count, settings, CAST(revision AS TEXT), created_at, updated_at
    FROM dataset
"""
_SETTINGS = 9
_VERSION_VIEW = """
    SELECT version, item_count, added_count, changed_count, removed_count, restored_count,
           settings_changed, message, author, created_at
    FROM dataset_version
"""
_LABEL_VIEW = "SELECT label_id, version, frozen, message, author, updated_at FROM dataset_label "


def _created(recorded: RecordedEvent, event: DatasetCreated, tx: Transaction) -> None:
    at = recorded.metadata.recorded_at
    tx.execute(
        """
        INSERT INTO dataset (uid, project, dataset_id, display_name, description, metadata,
            version, item_count, settings, revision, import_id, created_at, updated_at)
        VALUES (?, ?, ?, ?, ?, ?, 0, 0, ?, 1, '', ?, ?)
        """,
        (
            event.uid,
            event.project,
            event.dataset_id,
            event.display_name,
            event.description,
            event.metadata,
            _NO_SETTINGS,
            at,
            at,
        ),
    )


def _described(recorded: RecordedEvent, event: DatasetDescribed, tx: Transaction) -> None:
    tx.execute(
        """
        UPDATE dataset SET display_name = ?, description = ?, metadata = ?,
            revision = revision + 1, updated_at = ?
        WHERE uid = ?
        """,
        (
            event.display_name,
            event.description,
            event.metadata,
            recorded.metadata.recorded_at,
            event.uid,
        ),
    )


def _deleted(recorded: RecordedEvent, event: DatasetDeleted, tx: Transaction) -> None:
    at = recorded.metadata.recorded_at
    tx.execute(
        "UPDATE dataset SET deleted_at = ?, updated_at = ?, revision = revision + 1 WHERE uid = ?",
        (at, at, event.uid),
    )


def _settings_changed(recorded: RecordedEvent, event: SettingsChanged, tx: Transaction) -> None:
    settings = encode(event.settings)
    tx.execute(
        "UPDATE dataset SET settings = ?, revision = revision + 1, updated_at = ? WHERE uid = ?",
        (settings, recorded.metadata.recorded_at, event.uid),
    )
    tx.insert(
        "dataset_settings",
        ("dataset", "version", "settings"),
        [(number_of(tx, event.uid), event.version, settings)],
    )


def _version_made(recorded: RecordedEvent, event: VersionMade, tx: Transaction) -> None:
    at = recorded.metadata.recorded_at
    tx.execute(
        """
        UPDATE dataset SET version = ?, item_count = ?, import_id = '',
            revision = revision + 1, updated_at = ?
        WHERE uid = ?
        """,
        (event.version, event.item_count, at, event.uid),
    )
    number = number_of(tx, event.uid)
    tx.execute(
        """
        INSERT INTO dataset_version (dataset, version, item_count, added_count, changed_count,
            removed_count, restored_count, settings_changed, message, last_ordinal, author,
            created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?,
            (SELECT COALESCE(MAX(ordinal), 0) FROM item WHERE dataset = ?), ?, ?)
        """,
        (
            number,
            event.version,
            event.item_count,
            event.changes.added,
            event.changes.changed,
            event.changes.removed,
            event.changes.restored,
            int(event.settings_changed),
            event.message,
            number,
            recorded.metadata.actor,
            at,
        ),
    )


def _label_set(recorded: RecordedEvent, event: LabelSet, tx: Transaction) -> None:
    at = recorded.metadata.recorded_at
    tx.insert(
        "dataset_label",
        ("dataset", "label_id", "version", "frozen", "message", "author", "updated_at"),
        [
            (
                number_of(tx, event.uid),
                event.label_id,
                event.version,
                int(event.frozen),
                event.message,
                recorded.metadata.actor,
                at,
            )
        ],
        on_conflict="ON CONFLICT (dataset, label_id) DO UPDATE SET version = excluded.version, "
        "frozen = excluded.frozen, message = excluded.message, author = excluded.author, "
        "updated_at = excluded.updated_at",
    )
    _touch(tx, event.uid, at)


def _label_deleted(recorded: RecordedEvent, event: LabelDeleted, tx: Transaction) -> None:
    tx.execute(
        "DELETE FROM dataset_label WHERE dataset = ? AND label_id = ?",
        (number_of(tx, event.uid), event.label_id),
    )
    _touch(tx, event.uid, recorded.metadata.recorded_at)


def _touch(tx: Transaction, uid: str, at: int) -> None:
    tx.execute(
        "UPDATE dataset SET revision = revision + 1, updated_at = ? WHERE uid = ?", (at, uid)
    )


def _import_begun(_: RecordedEvent, event: ImportBegun, tx: Transaction) -> None:
    tx.execute(
        "UPDATE dataset SET import_id = ?, revision = revision + 1 WHERE uid = ?",
        (event.import_id, event.uid),
    )


def _import_abandoned(_: RecordedEvent, event: ImportAbandoned, tx: Transaction) -> None:
    reopen(tx, number_of(tx, event.uid), event.version, _ALL)
    tx.execute(
        "UPDATE dataset SET import_id = '', revision = revision + 1 WHERE uid = ?", (event.uid,)
    )


PROJECTORS: dict[type, Callable[[RecordedEvent, Any, Transaction], None]] = {
    DatasetCreated: _created,
    DatasetDescribed: _described,
    DatasetDeleted: _deleted,
    SettingsChanged: _settings_changed,
    VersionMade: _version_made,
    LabelSet: _label_set,
    LabelDeleted: _label_deleted,
    ImportBegun: _import_begun,
    ImportAbandoned: _import_abandoned,
}


class SqlDatasets(SqlItems, SqlItemStates, SqlItemMarks, SqlItemDifferences):
    """Implements DatasetReads."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def find(self, project: str, dataset_id: str) -> DatasetView | None:
        """Return the dataset that has this id now."""
        return self._one(
            "WHERE project = ? AND dataset_id = ? AND deleted_at IS NULL", project, dataset_id
        )

    def by_uid(self, uid: str) -> DatasetView | None:
        """Return a dataset, deleted or not."""
        return self._one("WHERE uid = ?", uid)

    def _one(self, where: str, *params: str) -> DatasetView | None:
        rows = self._reader.query(_VIEW + where, params)
        return _dataset(rows[0]) if rows else None

    def page(self, project: str, after: str, limit: int) -> list[DatasetView]:
        """Return datasets by id."""
        rows = self._reader.query(
            _VIEW + "WHERE project = ? AND dataset_id > ? AND deleted_at IS NULL "
            "ORDER BY dataset_id LIMIT ?",
            (project, after, limit),
        )
        return [_dataset(row) for row in rows]

    def version_item_count(self, number: int, version: int) -> int | None:
        """Return how many items a version has; None if there is no such version."""
        if version == 0:
            return 0
        rows = self._reader.query(
            "SELECT item_count FROM dataset_version WHERE dataset = ? AND version = ?",
            (number, version),
        )
        return int(rows[0][0]) if rows else None

    def version(self, number: int, version: int) -> VersionView | None:
        """Return one version; None if it was never made."""
        rows = self._reader.query(
            _VERSION_VIEW + "WHERE dataset = ? AND version = ?", (number, version)
        )
        return _version(rows[0]) if rows else None

    def versions_at(self, number: int, versions: Sequence[int]) -> dict[int, VersionView]:
        """Return these versions by number."""
        rows = self._reader.query(
            f"{_VERSION_VIEW} WHERE dataset = ? AND version IN ({placeholders(len(versions))})",
            (number, *versions),
        )
        return {row[0]: _version(row) for row in rows}

    def versions(self, number: int, before: int, limit: int) -> list[VersionView]:
        """Return versions below `before`, newest first."""
        rows = self._reader.query(
            _VERSION_VIEW + "WHERE dataset = ? AND version < ? ORDER BY version DESC LIMIT ?",
            (number, before, limit),
        )
        return [_version(row) for row in rows]

    def version_at(self, number: int, at: int) -> int:
        """Return the version that was current at a time; 0 before the first."""
        rows = self._reader.query(
            "SELECT version FROM dataset_version WHERE dataset = ? AND created_at <= ? "
            "ORDER BY created_at DESC, version DESC LIMIT 1",
            (number, at),
        )
        return int(rows[0][0]) if rows else 0

    def settings(self, number: int, version: int) -> DatasetSettings:
        """Return the settings that hold at a version."""
        rows = self._reader.query(
            "SELECT settings FROM dataset_settings WHERE dataset = ? AND version <= ? "
            "ORDER BY version DESC LIMIT 1",
            (number, version),
        )
        return decode(rows[0][0], DatasetSettings) if rows else DatasetSettings()

    def label(self, number: int, label_id: str) -> LabelView | None:
        """Return a label that was set."""
        rows = self._reader.query(
            _LABEL_VIEW + "WHERE dataset = ? AND label_id = ?", (number, label_id)
        )
        return _label(rows[0]) if rows else None

    def labels(self, number: int, after: str, limit: int) -> list[LabelView]:
        """Return the labels that were set, by id."""
        rows = self._reader.query(
            _LABEL_VIEW + "WHERE dataset = ? AND label_id > ? ORDER BY label_id LIMIT ?",
            (number, after, limit),
        )
        return [_label(row) for row in rows]

    def labels_of(self, number: int, versions: Sequence[int]) -> dict[int, list[str]]:
        """Return the ids of the labels that name these versions."""
        found: dict[int, list[str]] = {}
        if versions:
            rows = self._reader.query(
                "SELECT version, label_id FROM dataset_label WHERE dataset = ? "
                f"AND version IN ({placeholders(len(versions))}) ORDER BY label_id",
                (number, *versions),
            )
            for version, label_id in rows:
                found.setdefault(version, []).append(label_id)
        return found

    def open_imports(self) -> list[str]:
        """Return the ids of the imports that are under way."""
        rows = self._reader.query("SELECT import_id FROM dataset WHERE import_id <> ''")
        return [row[0] for row in rows]

    def importing(self, import_id: str) -> DatasetView | None:
        """Return the dataset into which this import is under way."""
        return self._one("WHERE import_id = ?", import_id)


class SqlDatasetsInTransaction(SqlDatasets):
    """The same, and what only a transaction may do."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx)
        self._tx = tx

    def discard_items(self, number: int, version: int, limit: int) -> int:
        """Undo up to `limit` changes of a version that was never made; return how many."""
        return reopen(self._tx, number, version, limit)


def _dataset(row: tuple[Any, ...]) -> DatasetView:
    values = list(row)
    values[_SETTINGS] = decode(row[_SETTINGS], DatasetSettings)
    return DatasetView(*values)


def _version(row: tuple[Any, ...]) -> VersionView:
    version, item_count, added, changed, removed, restored, settings_changed, *rest = row
    counts = ItemCounts(added, changed, removed, restored)
    return VersionView(version, item_count, counts, bool(settings_changed), *rest)


def _label(row: tuple[Any, ...]) -> LabelView:
    label_id, version, frozen, *rest = row
    return LabelView(label_id, version, bool(frozen), *rest)
