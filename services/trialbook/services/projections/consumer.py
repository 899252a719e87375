"""How far the named readers of the log have come. Operational: no events, no rebuild."""

from __future__ import annotations

from trialbook.eventstore import Reader, Transaction
from trialbook.services.application.event import ConsumerView

SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS event_consumer (
        project TEXT NOT NULL,
        consumer_id TEXT NOT NULL,
        position INTEGER NOT NULL,
        author TEXT NOT NULL,
        updated_at INTEGER NOT NULL,
        PRIMARY KEY (project, consumer_id)
    ) WITHOUT ROWID
    """,
)
_COLUMNS = ("project", "consumer_id", "position", "author", "updated_at")
_VIEW = f"SELECT {', '.join(_COLUMNS)} FROM event_consumer "


class SqlConsumers:
    """Implements the reading half of ConsumerTable."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def find(self, project: str, consumer_id: str) -> ConsumerView | None:
        """Return a consumer."""
        rows = self._reader.query(
            _VIEW + "WHERE project = ? AND consumer_id = ?", (project, consumer_id)
        )
        return ConsumerView(*rows[0]) if rows else None

    def page(self, project: str, after: str, limit: int) -> list[ConsumerView]:
        """Return consumers by id."""
        rows = self._reader.query(
            _VIEW + "WHERE project = ? AND consumer_id > ? ORDER BY consumer_id LIMIT ?",
            (project, after, limit),
        )
        return [ConsumerView(*row) for row in rows]


class SqlConsumersInTransaction(SqlConsumers):
    """The same, and what only a transaction may do."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx)
        self._tx = tx

    def put(self, consumer: ConsumerView) -> None:
        """Store how far a consumer has come."""
        self._tx.insert(
            "event_consumer",
            _COLUMNS,
            [
                (
                    consumer.project,
                    consumer.consumer_id,
                    consumer.position,
                    consumer.author,
                    consumer.updated_at,
                )
            ],
            on_conflict="ON CONFLICT (project, consumer_id) DO UPDATE SET "
            "position = excluded.position, author = excluded.author, "
            "updated_at = excluded.updated_at",
        )

    def remove(self, project: str, consumer_id: str) -> None:
        """Forget a consumer."""
        self._tx.execute(
            "DELETE FROM event_consumer WHERE project = ? AND consumer_id = ?",
            (project, consumer_id),
        )
