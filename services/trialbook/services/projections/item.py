"""Items as a table: a row holds an item's content, and from which version to which it holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from trialbook.eventstore import Reader, RecordedEvent, Transaction
from trialbook.services.application.views import ItemView, Page
from trialbook.services.domain.dataset import (
    ItemFact,
    ItemsAdded,
    ItemsChanged,
    ItemsPurged,
    ItemsRemoved,
    ItemsRestored,
)
from trialbook.services.projections.bodies import page_of
from trialbook.services.projections.columns import (
    FOREVER,
    content_columns,
    decode,
    encode,
    placeholders,
)
from trialbook.services.projections.dataset_number import number_of
from trialbook.services.projections.item_digest import digested

TABLES = ("item",)
MAY_JUDGE = """(extras LIKE '%"scorers"%' OR extras_blob IS NOT NULL)"""
"""Holds for items that may have scorers of their own. A literal: the partial index serves it."""

SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS item (
        dataset INTEGER NOT NULL,
        ordinal INTEGER NOT NULL,
        valid_from INTEGER NOT NULL,
        valid_to INTEGER NOT NULL,
        item_id TEXT NOT NULL,
        external_id TEXT,
        input TEXT,
        input_blob BLOB,
        expected TEXT,
        expected_blob BLOB,
        context TEXT,
        context_blob BLOB,
        metadata TEXT,
        metadata_blob BLOB,
        extras TEXT,
        extras_blob BLOB,
        tags TEXT NOT NULL,
        split TEXT NOT NULL,
        source TEXT NOT NULL,
        digest BLOB NOT NULL,
        added_version INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        changed_at INTEGER NOT NULL,
        event INTEGER NOT NULL,
        purged_at INTEGER,
        UNIQUE (dataset, item_id, valid_from)
    )
    """,
    # With the whole validity in it, dead rows are passed over without being looked at.
    "CREATE INDEX IF NOT EXISTS item_by_place ON item (dataset, ordinal, valid_from, valid_to)",
    f"""
    CREATE INDEX IF NOT EXISTS item_live ON item (dataset, ordinal)
        WHERE valid_to = {FOREVER}
    """,
    """
    CREATE INDEX IF NOT EXISTS item_by_external_id ON item (dataset, external_id)
        WHERE external_id IS NOT NULL
    """,
    "CREATE INDEX IF NOT EXISTS item_by_begin ON item (dataset, valid_from, ordinal)",
    f"""
    CREATE INDEX IF NOT EXISTS item_by_end ON item (dataset, valid_to, ordinal)
        WHERE valid_to < {FOREVER}
    """,
    """
    CREATE INDEX IF NOT EXISTS item_by_purge ON item (dataset, ordinal)
        WHERE purged_at IS NOT NULL
    """,
    # Few have scorers of their own; whoever looks for these need not look at all.
    f"CREATE INDEX IF NOT EXISTS item_with_scorers ON item (dataset, ordinal) WHERE {MAY_JUDGE}",
    # Whether anything refers to a blob that a purge would drop.
    *(
        f"CREATE INDEX IF NOT EXISTS item_{body}_blob ON item ({body}_blob) "
        f"WHERE {body}_blob IS NOT NULL"
        for body in ("input", "expected", "context", "metadata", "extras")
    ),
)

_COLUMNS = (
    "dataset",
    "ordinal",
    "valid_from",
    "valid_to",
    "item_id",
    "external_id",
    "input",
    "input_blob",
    "expected",
    "expected_blob",
    "context",
    "context_blob",
    "metadata",
    "metadata_blob",
    "extras",
    "extras_blob",
    "tags",
    "split",
    "source",
    "digest",
    "added_version",
    "created_at",
    "changed_at",
    "event",
)
VIEW = """
    SELECT item_id, ordinal, input, input_blob, expected, expected_blob, context, context_blob,
           metadata, metadata_blob, extras, extras_blob, tags, split, external_id, source,
           valid_from, added_version, created_at, changed_at, purged_at
    FROM item
"""
BODIES = (2, 4, 6, 8, 10)


def _added(recorded: RecordedEvent, event: ItemsAdded, tx: Transaction) -> None:
    number, version = number_of(tx, event.uid), event.version
    facts = digested(tx, event.items)
    origin = (version, recorded.metadata.recorded_at)
    tx.insert("item", _COLUMNS, [_row(number, version, fact, origin, recorded) for fact in facts])


def _changed(recorded: RecordedEvent, event: ItemsChanged | ItemsRestored, tx: Transaction) -> None:
    number, version = number_of(tx, event.uid), event.version
    origins = _origins(tx, number, [fact.ordinal for fact in event.items])
    _close(tx, number, version, [fact.ordinal for fact in event.items])
    tx.insert(
        "item",
        _COLUMNS,
        [_row(number, version, fact, origins[fact.ordinal], recorded) for fact in event.items],
    )


def _removed(_: RecordedEvent, event: ItemsRemoved, tx: Transaction) -> None:
    _close(tx, number_of(tx, event.uid), event.version, [key.ordinal for key in event.items])


def _origins(tx: Transaction, number: int, ordinals: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Return in which version, and when, each item was added."""
    rows = tx.query(
        f"SELECT ordinal, MIN(added_version), MIN(created_at) FROM item WHERE dataset = ? "
        f"AND ordinal IN ({placeholders(len(ordinals))}) GROUP BY ordinal",
        (number, *ordinals),
    )
    return {ordinal: (version, at) for ordinal, version, at in rows}


def _close(tx: Transaction, number: int, version: int, ordinals: Sequence[int]) -> None:
    """Let the content of these items hold up to a version, and no longer."""
    tx.execute(
        f"UPDATE item SET valid_to = ? WHERE dataset = ? AND valid_to = {FOREVER} "
        f"AND ordinal IN ({placeholders(len(ordinals))})",
        (version, number, *ordinals),
    )


def _row(
    number: int, version: int, fact: ItemFact, origin: tuple[int, int], recorded: RecordedEvent
) -> tuple[Any, ...]:
    return (
        number,
        fact.ordinal,
        version,
        FOREVER,
        fact.item_id,
        fact.external_id or None,
        *content_columns(fact.input),
        *content_columns(fact.expected),
        *content_columns(fact.context),
        *content_columns(fact.metadata),
        *content_columns(fact.extras),
        encode(fact.tags) if fact.tags else "[]",
        fact.split,
        fact.source,
        fact.digest,
        *origin,
        recorded.metadata.recorded_at,
        recorded.position,
    )


def _purged(recorded: RecordedEvent, event: ItemsPurged, tx: Transaction) -> None:
    ordinals = [key.ordinal for key in event.items]
    tx.execute(
        f"""
        UPDATE item SET input = 'null', input_blob = NULL, expected = NULL, expected_blob = NULL,
            context = NULL, context_blob = NULL, metadata = NULL, metadata_blob = NULL,
            extras = NULL, extras_blob = NULL, tags = '[]', split = '', source = '',
            digest = ?, purged_at = ?
        WHERE dataset = ? AND ordinal IN ({placeholders(len(ordinals))})
        """,
        (b"", recorded.metadata.recorded_at, number_of(tx, event.uid), *ordinals),
    )


PROJECTORS: dict[type, Callable[[RecordedEvent, Any, Transaction], None]] = {
    ItemsAdded: _added,
    ItemsChanged: _changed,
    ItemsRestored: _changed,
    ItemsRemoved: _removed,
    ItemsPurged: _purged,
}


class SqlItems:
    """Reads items; part of what implements DatasetReads."""

    _reader: Reader

    def items(
        self, number: int, version: int, after: int, limit: int, *, purged: bool = True
    ) -> Page[ItemView]:
        """Return the items of a version with ordinals above `after`, in order."""
        valid, params = validity(self._reader, number, version)
        rows = self._reader.query(
            f"{VIEW} WHERE dataset = ? AND ordinal > ? AND {valid} "
            f"{'' if purged else 'AND purged_at IS NULL'} ORDER BY ordinal LIMIT ?",
            (number, after, *params, limit + 1),
        )
        found = self._items(rows[:limit])
        return Page(found, more=len(rows) > len(found))

    def items_at(self, number: int, version: int, ordinals: Sequence[int]) -> dict[int, ItemView]:
        """Return the items of a version by ordinal."""
        if not ordinals:
            return {}
        rows = self._reader.query(
            f"{VIEW} WHERE dataset = ? AND ordinal IN ({placeholders(len(ordinals))}) "
            "AND valid_from <= ? AND valid_to > ?",
            (number, *ordinals, version, version),
        )
        # In the order that was asked for: a page that ends early must not leave out its first.
        by_ordinal = {row[1]: row for row in rows}
        ordered = [by_ordinal[ordinal] for ordinal in dict.fromkeys(ordinals)]
        return {item.ordinal: item for item in self._items(ordered)}

    def item(self, number: int, version: int, item_id: str) -> ItemView | None:
        """Return one item as it was at a version."""
        # However often the item changed: only the last row that began by then can hold.
        rows = self._reader.query(
            f"{VIEW} WHERE dataset = ? AND item_id = ? AND valid_from <= ? "
            "AND valid_to > ? ORDER BY valid_from DESC LIMIT 1",
            (number, item_id, version, version),
        )
        return self._items(rows)[0] if rows else None

    def _items(self, rows: Sequence[tuple[Any, ...]]) -> list[ItemView]:
        return [to_item(row) for row in page_of(self._reader, rows, BODIES)]

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

    def purged_count(self, number: int, version: int) -> int:
        """Return how many of a version's items are purged."""
        rows = self._reader.query(
            "SELECT COUNT(*) FROM item WHERE dataset = ? AND purged_at IS NOT NULL "
            "AND valid_from <= ? AND valid_to > ?",
            (number, version, version),
        )
        return int(rows[0][0])


def validity(reader: Reader, number: int, version: int) -> tuple[str, tuple[int, ...]]:
    """Return the condition, and its parameters, that a row of `item` holds at a version.

    The current version has an index of its own, so that reading it costs the same however much
    was removed; unless an import is bringing the next one, whose rows stand there too.
    """
    current = reader.query(
        "SELECT 1 FROM dataset WHERE number = ? AND version = ? AND import_id = ''",
        (number, version),
    )
    if current:
        return f"valid_to = {FOREVER}", ()
    # The bound: or the last page of an old version would look at all that was added since.
    bound = reader.query(
        "SELECT last_ordinal FROM dataset_version WHERE dataset = ? AND version = ?",
        (number, version),
    )
    last_ordinal = int(bound[0][0]) if bound else 0
    return "ordinal <= ? AND valid_from <= ? AND valid_to > ?", (last_ordinal, version, version)


def reopen(tx: Transaction, number: int, version: int, limit: int) -> int:
    """Undo up to `limit` of the changes that a version which was never made has brought.

    Return how many those were.
    """
    first = "SELECT ordinal FROM item WHERE dataset = ? AND {} = ? ORDER BY ordinal DESC LIMIT ?"
    dropped = tx.execute(
        "DELETE FROM item WHERE dataset = ? AND valid_from = ? "
        f"AND ordinal IN ({first.format('valid_from')})",
        (number, version, number, version, limit),
    )
    reopened = tx.execute(
        f"UPDATE item SET valid_to = {FOREVER} WHERE dataset = ? AND valid_to = ? "
        f"AND valid_to < {FOREVER} AND ordinal IN ({first.format('valid_to')})",
        (number, version, number, version, limit),
    )
    return max(dropped, reopened)


def to_item(row: tuple[Any, ...]) -> ItemView:
    """Return an item as selected by `VIEW`, its bodies filled in."""
    item_id, ordinal, given, _, expected, _, context, _, metadata, _, extras, _, tags, *rest = row
    split, external_id, source, *versions = rest
    return ItemView(
        item_id,
        ordinal,
        given,
        expected,
        context,
        metadata,
        extras,
        () if tags == "[]" else decode(tags, tuple[str, ...]),
        split,
        external_id or "",
        source,
        *versions,
    )
