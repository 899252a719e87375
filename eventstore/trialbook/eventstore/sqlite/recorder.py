"""The library's recorders over a log table of our own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from eventsourcing.persistence import ApplicationRecorder, Notification, StoredEvent, Subscription
from eventsourcing.sqlite import (
    SQLiteApplicationRecorder,
    SQLiteCursor,
    SQLiteDatastore,
    SQLiteProcessRecorder,
)

from trialbook.eventstore.chain import ORIGIN
from trialbook.eventstore.log import LOG_COLUMNS, LOG_TABLE, chained
from trialbook.eventstore.sqlite.datastore import LogDatastore
from trialbook.eventstore.sqlite.statements import insert_rows
from trialbook.eventstore.subscription import CatchUpSubscription


class LogRecorder(SQLiteApplicationRecorder):
    """Keeps events in table ``event``, where a position is never used twice.

    The library's own table numbers events by an implicit row id, which a deleted last row gives
    away again, and has no subscriptions.
    """

    def __init__(self, datastore: SQLiteDatastore, events_table_name: str = LOG_TABLE) -> None:
        if not isinstance(datastore, LogDatastore):
            raise TypeError(f"expected a LogDatastore, not {type(datastore).__qualname__}")
        self._commits = datastore.commits
        super().__init__(datastore, events_table_name)
        self.select_max_notification_id_statement = f"SELECT MAX(position) FROM {events_table_name}"

    def construct_create_table_statements(self) -> list[str]:
        """Return the statement that makes the log's table."""
        columns = (
            "position INTEGER PRIMARY KEY AUTOINCREMENT",
            "stream TEXT NOT NULL",
            "version INTEGER NOT NULL",
            "topic TEXT NOT NULL",
            "digest BLOB NOT NULL",
            "state BLOB NOT NULL",
            "UNIQUE (stream, version)",
        )
        return [f"CREATE TABLE IF NOT EXISTS {self.events_table_name} ({', '.join(columns)})"]

    def _insert_events(
        self, c: SQLiteCursor, stored_events: Sequence[StoredEvent], **_: Any
    ) -> Sequence[int] | None:
        cursor = c.sqlite_cursor
        head = cursor.execute(
            f"SELECT position, digest FROM {self.events_table_name} ORDER BY position DESC LIMIT 1"
        ).fetchone()
        entries = [
            (_text(stored.originator_id), stored.originator_version, stored.topic, stored.state)
            for stored in stored_events
        ]
        # One transaction writes at a time, so that positions follow on each other.
        rows = chained(tuple(head) if head else (0, ORIGIN), entries)
        insert_rows(cursor, self.events_table_name, LOG_COLUMNS, rows)
        return [row.position for row in rows]

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Return a stream's events after version ``gt`` and up to ``lte``."""
        statement = (
            f"SELECT stream, version, topic, state FROM {self.events_table_name} WHERE stream = ?"
        )
        params: list[str | int] = [_text(originator_id)]
        for condition, bound in (("version > ?", gt), ("version <= ?", lte)):
            if bound is not None:
                statement += f" AND {condition}"
                params.append(bound)
        statement += f" ORDER BY version {'DESC' if desc else 'ASC'} LIMIT ?"
        params.append(-1 if limit is None else limit)
        return [
            StoredEvent(self.convert_originator_id(stream), version, topic, state)
            for stream, version, topic, state in self._select(statement, params)
        ]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Return at most ``limit`` events from position ``start`` up to ``stop``."""
        after = start if inclusive_of_start else (start or 0) + 1
        conditions = ["position >= ?"]
        params: list[str | int] = [after or 0]
        if stop is not None:
            conditions.append("position <= ?")
            params.append(stop)
        if topics:
            conditions.append(f"topic IN ({','.join('?' * len(topics))})")
            params.extend(topics)
        statement = (
            f"SELECT position, stream, version, topic, state FROM {self.events_table_name} "
            f"WHERE {' AND '.join(conditions)} ORDER BY position LIMIT ?"
        )
        return [
            Notification(self.convert_originator_id(stream), version, topic, state, position)
            for position, stream, version, topic, state in self._select(statement, [*params, limit])
        ]

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        """Follow the log from after position ``gt``, past events first."""
        return CatchUpSubscription(self, self._commits, gt, topics)

    def _select(self, statement: str, params: list[str | int]) -> list[tuple[Any, ...]]:
        with self.datastore.transaction(commit=False) as cursor:
            cursor.execute(statement, params)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows


class ProcessLogRecorder(SQLiteProcessRecorder, LogRecorder):
    """The same log, with the tracking of what a process has done with another one."""

    def __init__(self, datastore: SQLiteDatastore, *, events_table_name: str = LOG_TABLE) -> None:
        super().__init__(datastore, events_table_name=events_table_name)


def _text(originator_id: UUID | str) -> str:
    return originator_id.hex if isinstance(originator_id, UUID) else originator_id
