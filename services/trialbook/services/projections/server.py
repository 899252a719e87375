"""The servers that share the database. Operational: no events, no rebuild."""

from __future__ import annotations

from trialbook.eventstore import Reader, Transaction
from trialbook.services.application.server import ServerView

SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS server (
        server_id TEXT NOT NULL PRIMARY KEY,
        host TEXT NOT NULL,
        expires_at INTEGER NOT NULL
    ) WITHOUT ROWID
    """,
)
_COLUMNS = ("server_id", "host", "expires_at")
_VIEW = f"SELECT {', '.join(_COLUMNS)} FROM server "


class SqlServers:
    """Implements the reading half of ServerTable."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def find(self, server_id: str) -> ServerView | None:
        """Return a server that has not been removed."""
        rows = self._reader.query(_VIEW + "WHERE server_id = ?", (server_id,))
        return ServerView(*rows[0]) if rows else None

    def live(self, now: int) -> list[ServerView]:
        """Return the servers whose time is not over."""
        rows = self._reader.query(_VIEW + "WHERE expires_at > ? ORDER BY server_id", (now,))
        return [ServerView(*row) for row in rows]


class SqlServersInTransaction(SqlServers):
    """The same, and what only a transaction may do."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx)
        self._tx = tx

    def put(self, server: ServerView) -> None:
        """Store a server, or that it lives longer."""
        self._tx.insert(
            "server",
            _COLUMNS,
            [(server.server_id, server.host, server.expires_at)],
            on_conflict="ON CONFLICT (server_id) DO UPDATE SET expires_at = excluded.expires_at",
        )

    def remove(self, server_id: str) -> None:
        """Forget a server that has stopped."""
        self._tx.execute("DELETE FROM server WHERE server_id = ?", (server_id,))

    def remove_expired(self, now: int) -> None:
        """Forget the servers whose time is over."""
        self._tx.execute("DELETE FROM server WHERE expires_at <= ?", (now,))

    def remove_all(self) -> None:
        """Forget all servers."""
        self._tx.execute("DELETE FROM server")
