"""Datasets, their versions and items as tables. An item's row tells from which version it holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from trialbook.eventstore import Reader, RecordedEvent, Transaction
from trialbook.services.application.views import DatasetView, ItemView, Page, VersionView
from trialbook.services.domain.dataset import (
    DatasetCreated,
    DatasetDeleted,
    DatasetDescribed,
    ImportAbandoned,
    ImportBegun,
    ItemFact,
    ItemsAdded,
    VersionMade,
)
from trialbook.services.projections.bodies import page_of
from trialbook.services.projections.columns import (
    FOREVER,
    content_columns,
    decode,
    encode,
    placeholders,
)

TABLES = ("dataset", "dataset_version", "item")
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
        author TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        PRIMARY KEY (dataset, version)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE IF NOT EXISTS item (
        dataset INTEGER NOT NULL,
        ordinal INTEGER NOT NULL,
        valid_from INTEGER NOT NULL,
        valid_to INTEGER NOT NULL,
        item_id TEXT NOT NULL,
        input TEXT,
        input_blob BLOB,
        expected TEXT,
        expected_blob BLOB,
        context TEXT,
        context_blob BLOB,
        metadata TEXT,
        metadata_blob BLOB,
        tags TEXT NOT NULL,
        split TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        UNIQUE (dataset, ordinal, valid_from),
        UNIQUE (dataset, item_id, valid_from)
    )
    """,
)

_ITEM_COLUMNS = (
    "dataset",
    "ordinal",
    "valid_from",
    "valid_to",
    "item_id",
    "input",
    "input_blob",
    "expected",
    "expected_blob",
    "context",
    "context_blob",
    "metadata",
    "metadata_blob",
    "tags",
    "split",
    "created_at",
)
_VIEW = """
    SELECT number, uid, project, dataset_id, display_name, description, metadata, version,
           item_count, CAST(revision AS TEXT), created_at, updated_at
    FROM dataset
"""
_ITEM_VIEW = """
    SELECT item_id, ordinal, input, input_blob, expected, expected_blob, context, context_blob,
           metadata, metadata_blob, tags, split, valid_from, created_at
    FROM item
"""
_ITEM_BODIES = (2, 4, 6, 8)


def number_of(tx: Reader, uid: str) -> int:
    """Return the short key of a dataset that is known to exist."""
    return int(tx.query("SELECT number FROM dataset WHERE uid = ?", (uid,))[0][0])


def _created(recorded: RecordedEvent, event: DatasetCreated, tx: Transaction) -> None:
    at = recorded.metadata.recorded_at
    tx.execute(
        """
        INSERT INTO dataset (uid, project, dataset_id, display_name, description, metadata,
            version, item_count, revision, import_id, created_at, updated_at)
        VALUES (?, ?, ?, ?, ?, ?, 0, 0, 1, '', ?, ?)
        """,
        (
            event.uid,
            event.project,
            event.dataset_id,
            event.display_name,
            event.description,
            event.metadata,
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


def _items_added(recorded: RecordedEvent, event: ItemsAdded, tx: Transaction) -> None:
    number = number_of(tx, event.uid)
    at = recorded.metadata.recorded_at
    tx.insert(
        "item", _ITEM_COLUMNS, [_item_row(number, event.version, fact, at) for fact in event.items]
    )


def _item_row(number: int, version: int, fact: ItemFact, at: int) -> tuple[Any, ...]:
    return (
        number,
        fact.ordinal,
        version,
        FOREVER,
        fact.item_id,
        *content_columns(fact.input),
        *content_columns(fact.expected),
        *content_columns(fact.context),
        *content_columns(fact.metadata),
        encode(fact.tags) if fact.tags else "[]",
        fact.split,
        at,
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
    tx.insert(
        "dataset_version",
        ("dataset", "version", "item_count", "added_count", "author", "created_at"),
        [
            (
                number_of(tx, event.uid),
                event.version,
                event.item_count,
                event.added_count,
                recorded.metadata.actor,
                at,
            )
        ],
    )


def _import_begun(_: RecordedEvent, event: ImportBegun, tx: Transaction) -> None:
    tx.execute(
        "UPDATE dataset SET import_id = ?, revision = revision + 1 WHERE uid = ?",
        (event.import_id, event.uid),
    )


def _import_abandoned(_: RecordedEvent, event: ImportAbandoned, tx: Transaction) -> None:
    tx.execute(
        "DELETE FROM item WHERE dataset = ? AND valid_from = ?",
        (number_of(tx, event.uid), event.version),
    )
    tx.execute(
        "UPDATE dataset SET import_id = '', revision = revision + 1 WHERE uid = ?", (event.uid,)
    )


PROJECTORS: dict[type, Callable[[RecordedEvent, Any, Transaction], None]] = {
    DatasetCreated: _created,
    DatasetDescribed: _described,
    DatasetDeleted: _deleted,
    ItemsAdded: _items_added,
    VersionMade: _version_made,
    ImportBegun: _import_begun,
    ImportAbandoned: _import_abandoned,
}


class SqlDatasets:
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
        return DatasetView(*rows[0]) if rows else None

    def page(self, project: str, after: str, limit: int) -> list[DatasetView]:
        """Return datasets by id."""
        rows = self._reader.query(
            _VIEW + "WHERE project = ? AND dataset_id > ? AND deleted_at IS NULL "
            "ORDER BY dataset_id LIMIT ?",
            (project, after, limit),
        )
        return [DatasetView(*row) for row in rows]

    def version_item_count(self, number: int, version: int) -> int | None:
        """Return how many items a version has; None if there is no such version."""
        if version == 0:
            return 0
        rows = self._reader.query(
            "SELECT item_count FROM dataset_version WHERE dataset = ? AND version = ?",
            (number, version),
        )
        return int(rows[0][0]) if rows else None

    def versions(self, number: int, before: int, limit: int) -> list[VersionView]:
        """Return versions below `before`, newest first."""
        rows = self._reader.query(
            """
            SELECT version, item_count, added_count, author, created_at FROM dataset_version
            WHERE dataset = ? AND version < ? ORDER BY version DESC LIMIT ?
            """,
            (number, before, limit),
        )
        return [VersionView(*row) for row in rows]

    def items(self, number: int, version: int, after: int, limit: int) -> Page[ItemView]:
        """Return the items of a version with ordinals above `after`, in order."""
        rows = self._reader.query(
            _ITEM_VIEW + "WHERE dataset = ? AND ordinal > ? AND valid_from <= ? "
            "AND valid_to > ? ORDER BY ordinal LIMIT ?",
            (number, after, version, version, limit + 1),
        )
        found = self._items(rows[:limit])
        return Page(found, more=len(rows) > len(found))

    def items_at(self, number: int, version: int, ordinals: Sequence[int]) -> dict[int, ItemView]:
        """Return the items of a version by ordinal."""
        rows = self._reader.query(
            _ITEM_VIEW + f"WHERE dataset = ? AND ordinal IN ({placeholders(len(ordinals))}) "
            "AND valid_from <= ? AND valid_to > ?",
            (number, *ordinals, version, version),
        )
        # In the order that was asked for: a page that ends early must not leave out its first.
        by_ordinal = {row[1]: row for row in rows}
        ordered = [by_ordinal[ordinal] for ordinal in dict.fromkeys(ordinals)]
        return {item.ordinal: item for item in self._items(ordered)}

    def item(self, number: int, version: int, item_id: str) -> ItemView | None:
        """Return one item as it was at a version."""
        rows = self._reader.query(
            _ITEM_VIEW + "WHERE dataset = ? AND item_id = ? AND valid_from <= ? AND valid_to > ?",
            (number, item_id, version, version),
        )
        return self._items(rows)[0] if rows else None

    def _items(self, rows: Sequence[tuple[Any, ...]]) -> list[ItemView]:
        return [_item(row) for row in page_of(self._reader, rows, _ITEM_BODIES)]

    def taken_item_ids(self, number: int, item_ids: Sequence[str]) -> set[str]:
        """Return which of these ids the dataset has, arriving imports included."""
        rows = self._reader.query(
            f"SELECT item_id FROM item WHERE dataset = ? "
            f"AND item_id IN ({placeholders(len(item_ids))})",
            (number, *item_ids),
        )
        return {row[0] for row in rows}

    def last_ordinal(self, number: int) -> int:
        """Return the highest ordinal ever given, 0 without items."""
        rows = self._reader.query("SELECT MAX(ordinal) FROM item WHERE dataset = ?", (number,))
        return int(rows[0][0] or 0)

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
        """Drop up to `limit` items of a version that was never made; return how many."""
        return self._tx.execute(
            """
            DELETE FROM item WHERE rowid IN (
                SELECT rowid FROM item WHERE dataset = ? AND valid_from = ?
                ORDER BY ordinal DESC LIMIT ?)
            """,
            (number, version, limit),
        )


def _item(row: tuple[Any, ...]) -> ItemView:
    item_id, ordinal, given, _, expected, _, context, _, metadata, _, tags, *rest = row
    return ItemView(
        item_id,
        ordinal,
        given,
        expected,
        context,
        metadata,
        () if tags == "[]" else decode(tags, tuple[str, ...]),
        *rest,
    )
