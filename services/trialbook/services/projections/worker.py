"""Worker sessions and the catalogue of hosted scorers. Operational: no events, no rebuild."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from trialbook.eventstore import Reader, Transaction
from trialbook.services.application.views import HostedScorer, Session
from trialbook.services.domain.experiment import Target
from trialbook.services.projections.columns import decode, encode

SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS worker_session (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        digest BLOB NOT NULL UNIQUE,
        worker_id TEXT NOT NULL,
        project TEXT NOT NULL,
        targets TEXT NOT NULL,
        scorers TEXT NOT NULL,
        max_concurrent_tasks INTEGER NOT NULL,
        expires_at INTEGER NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS declared_scorer (
        project TEXT NOT NULL,
        scorer_id TEXT NOT NULL,
        declaration TEXT NOT NULL,
        declared_at INTEGER NOT NULL,
        PRIMARY KEY (project, scorer_id)
    ) WITHOUT ROWID
    """,
)

_VIEW = """
    SELECT number, worker_id, project, targets, scorers, max_concurrent_tasks, expires_at
    FROM worker_session
"""


class SqlWorkers:
    """Implements the reading half of WorkerTable. Closed sessions have no row."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def session(self, digest: bytes) -> Session | None:
        """Return an open session by the digest of its token."""
        rows = self._reader.query(_VIEW + "WHERE digest = ?", (digest,))
        return _session(rows[0]) if rows else None

    def live(self, project: str, now: int) -> list[Session]:
        """Return the open sessions of a project, the newest first."""
        rows = self._reader.query(
            _VIEW + "WHERE project = ? AND expires_at > ? ORDER BY number DESC", (project, now)
        )
        return [_session(row) for row in rows]

    def is_open(self, number: int) -> bool:
        """Say whether a session has not ended."""
        return bool(self._reader.query("SELECT 1 FROM worker_session WHERE number = ?", (number,)))

    def has_expired(self, now: int) -> bool:
        """Say whether the time of an open session is over."""
        return bool(
            self._reader.query("SELECT 1 FROM worker_session WHERE expires_at <= ? LIMIT 1", (now,))
        )

    def declared_scorers(self, project: str) -> list[HostedScorer]:
        """Return the catalogue by id."""
        rows = self._reader.query(
            "SELECT declaration FROM declared_scorer WHERE project = ? ORDER BY scorer_id",
            (project,),
        )
        return [decode(row[0], HostedScorer) for row in rows]


class SqlWorkersInTransaction(SqlWorkers):
    """The same, and what only a transaction may do."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx)
        self._tx = tx

    def open_session(self, digest: bytes, session: Session) -> None:
        """Store a new session; its number is assigned here."""
        self._tx.insert(
            "worker_session",
            (
                "digest",
                "worker_id",
                "project",
                "targets",
                "scorers",
                "max_concurrent_tasks",
                "expires_at",
            ),
            [
                (
                    digest,
                    session.worker_id,
                    session.project,
                    encode(session.targets),
                    encode(session.scorers),
                    session.max_concurrent_tasks,
                    session.expires_at,
                )
            ],
        )

    def prolong(self, number: int, expires_at: int) -> None:
        """Let a session live until then."""
        self._tx.execute(
            "UPDATE worker_session SET expires_at = ? WHERE number = ?", (expires_at, number)
        )

    def realign(self, expires_at: int) -> None:
        """Let every open session live until then."""
        self._tx.execute("UPDATE worker_session SET expires_at = ?", (expires_at,))

    def close(self, number: int) -> None:
        """End a session."""
        self._tx.execute("DELETE FROM worker_session WHERE number = ?", (number,))

    def close_expired(self, now: int) -> int:
        """End the sessions whose time is over; return how many."""
        return self._tx.execute("DELETE FROM worker_session WHERE expires_at <= ?", (now,))

    def declare_scorers(self, project: str, scorers: Collection[HostedScorer], now: int) -> None:
        """Put scorers into the catalogue, the newest declaration in force."""
        self._tx.insert(
            "declared_scorer",
            ("project", "scorer_id", "declaration", "declared_at"),
            [(project, scorer.scorer_id, encode(scorer), now) for scorer in scorers],
            on_conflict="ON CONFLICT (project, scorer_id) DO UPDATE SET "
            "declaration = excluded.declaration, declared_at = excluded.declared_at",
        )


def _session(row: tuple[Any, ...]) -> Session:
    return Session(
        number=row[0],
        worker_id=row[1],
        project=row[2],
        targets=decode(row[3], tuple[Target, ...]),
        scorers=decode(row[4], frozenset[str]),
        max_concurrent_tasks=row[5],
        expires_at=row[6],
    )
