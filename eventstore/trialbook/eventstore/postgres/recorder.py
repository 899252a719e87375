"""The library's recorders over a log table of our own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from eventsourcing.persistence import (
    ApplicationRecorder,
    Notification,
    StoredEvent,
    Subscription,
)
from eventsourcing.postgres import (
    PostgresApplicationRecorder,
    PostgresDatastore,
    PostgresProcessRecorder,
    PostgresRecorder,
)
from psycopg import Cursor
from psycopg.rows import DictRow

from trialbook.eventstore.chain import ORIGIN
from trialbook.eventstore.log import LOG_COLUMNS, LOG_TABLE, chained
from trialbook.eventstore.postgres.datastore import LogDatastore
from trialbook.eventstore.postgres.dialect import translate
from trialbook.eventstore.postgres.schema import log_statements
from trialbook.eventstore.subscription import CatchUpSubscription


class LogRecorder(PostgresApplicationRecorder):
    """Keeps events in table ``event``, each transaction behind the log's advisory lock.

    The library's own table is locked against vacuuming too, its positions have gaps, and its
    subscriptions end with their connection.
    """

    def __init__(self, datastore: PostgresDatastore, *, events_table_name: str = LOG_TABLE) -> None:
        if not isinstance(datastore, LogDatastore):
            raise TypeError(f"expected a LogDatastore, not {type(datastore).__qualname__}")
        # Not what comes between: it is for the library's own table, and connects for its types.
        PostgresRecorder.__init__(self, datastore)
        self.check_identifier_length(events_table_name)
        self.events_table_name = events_table_name
        self._log = datastore
        self._uuids = datastore.originator_id_type == "uuid"

    def _create_table(self, curs: Cursor[DictRow]) -> None:
        self._lock_table(curs)
        for statement in log_statements(self.events_table_name):
            curs.execute(translate(statement).text.encode())
        super()._create_table(curs)

    def _lock_table(self, curs: Cursor[DictRow]) -> None:
        curs.execute("SELECT pg_advisory_xact_lock(%s)", (self._log.connector.lock_key,))

    def _notify_channel(self, curs: Cursor[DictRow]) -> None:
        curs.execute("SELECT pg_notify(%s, '')", (self._log.connector.channel,))

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Insert in a transaction of their own and return the positions given.

        It is not repeated by itself: nobody knows what became of a commit whose connection died.
        """
        with self.datastore.transaction(commit=True) as cursor:
            self._lock_table(cursor)
            self._insert_events(cursor, stored_events, **kwargs)
            positions = self._insert_rows(cursor, stored_events)
            self._notify_channel(cursor)
        self._log.commits.announce()
        return positions

    def _insert_rows(
        self, cursor: Cursor[DictRow], stored_events: Sequence[StoredEvent]
    ) -> list[int]:
        table = self.events_table_name
        cursor.execute(
            f"SELECT position, digest FROM {table} ORDER BY position DESC LIMIT 1".encode()
        )
        head = cursor.fetchone()
        rows = chained(
            (head["position"], head["digest"]) if head else (0, ORIGIN),
            [
                (_text(stored.originator_id), stored.originator_version, stored.topic, stored.state)
                for stored in stored_events
            ],
        )
        values = ", ".join(["%s"] * len(LOG_COLUMNS))
        if rows:
            cursor.executemany(
                f"INSERT INTO {table} ({', '.join(LOG_COLUMNS)}) VALUES ({values})".encode(), rows
            )
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
            f"SELECT stream, version, topic, state FROM {self.events_table_name} WHERE stream = %s"
        )
        params: list[Any] = [_text(originator_id)]
        for condition, bound in (("version > %s", gt), ("version <= %s", lte)):
            if bound is not None:
                statement += f" AND {condition}"
                params.append(bound)
        statement += f" ORDER BY version {'DESC' if desc else 'ASC'} LIMIT %s"
        return [
            StoredEvent(
                self._originator_id(row["stream"]), row["version"], row["topic"], row["state"]
            )
            for row in self._select(statement, [*params, limit])
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
        conditions = ["position >= %s"]
        params: list[Any] = [after or 0]
        if stop is not None:
            conditions.append("position <= %s")
            params.append(stop)
        if topics:
            conditions.append("topic = ANY(%s)")
            params.append(list(topics))
        statement = (
            f"SELECT position, stream, version, topic, state FROM {self.events_table_name} "
            f"WHERE {' AND '.join(conditions)} ORDER BY position LIMIT %s"
        )
        return [
            Notification(
                self._originator_id(row["stream"]),
                row["version"],
                row["topic"],
                row["state"],
                row["position"],
            )
            for row in self._select(statement, [*params, limit])
        ]

    def max_notification_id(self) -> int | None:
        """Return the last position; None for an empty log."""
        rows = self._select(f"SELECT MAX(position) AS last FROM {self.events_table_name}", [])
        last: int | None = rows[0]["last"]
        return last

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        """Follow the log from after position ``gt``, past events first."""
        return CatchUpSubscription(self, self._log.commits, gt, topics)

    def _select(self, statement: str, params: list[Any]) -> list[DictRow]:
        with self.datastore.get_connection() as connection:
            return connection.execute(statement.encode(), params, binary=True).fetchall()

    def _originator_id(self, stream: str) -> UUID | str:
        return UUID(stream) if self._uuids else stream


class ProcessLogRecorder(PostgresProcessRecorder, LogRecorder):
    """The same log, with the tracking of what a process has done with another one."""

    def __init__(
        self,
        datastore: PostgresDatastore,
        *,
        events_table_name: str = LOG_TABLE,
        tracking_table_name: str = "tracking",
    ) -> None:
        super().__init__(
            datastore, events_table_name=events_table_name, tracking_table_name=tracking_table_name
        )


def _text(originator_id: UUID | str) -> str:
    return originator_id.hex if isinstance(originator_id, UUID) else originator_id
