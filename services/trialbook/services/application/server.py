"""The servers that share a database. Operational rows, not events."""

from __future__ import annotations

from typing import Protocol

import msgspec

ALWAYS = 2**62
"""Until when a server lives that has its database for itself."""


class ServerView(msgspec.Struct, frozen=True):
    """A server, and until when it counts as alive unless it says so again (microseconds)."""

    server_id: str
    host: str
    expires_at: int


class ServerTable(Protocol):
    """Who serves the database, so that each knows whose work is left behind."""

    def find(self, server_id: str) -> ServerView | None:
        """Return a server that has not been removed."""
        ...

    def live(self, now: int) -> list[ServerView]:
        """Return the servers whose time is not over."""
        ...

    def put(self, server: ServerView) -> None:
        """Store a server, or that it lives longer."""
        ...

    def remove(self, server_id: str) -> None:
        """Forget a server that has stopped."""
        ...

    def remove_expired(self, now: int) -> None:
        """Forget the servers whose time is over."""
        ...

    def remove_all(self) -> None:
        """Forget all servers."""
        ...
