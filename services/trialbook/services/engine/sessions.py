"""The open worker sessions, kept in memory beside their rows."""

from __future__ import annotations

import msgspec

from trialbook.services.application.ports import Store
from trialbook.services.application.views import Session
from trialbook.services.application.worker import digest
from trialbook.services.domain.errors import SessionExpired


class Sessions:
    """Finds sessions by the secret that a worker shows."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._by_digest: dict[bytes, Session] = {}

    def add(self, token: str, session: Session) -> None:
        """Keep a new session."""
        self._by_digest[digest(token)] = session

    async def require(self, token: str, now: int) -> Session:
        """Return an open session. Raises SessionExpired.

        One whose time is over is open until upkeep has ended it, which looks first whether the
        clock was set.
        """
        key = digest(token)
        session = self._by_digest.get(key)
        if session is None or session.expires_at <= now:
            # Another server may have opened it, or heard of the worker since.
            session = await self._store.read(lambda queries: queries.workers.session(key))
        if session is None:
            self._by_digest.pop(key, None)
            raise SessionExpired
        self._by_digest[key] = session
        return session

    def prolong(self, token: str, expires_at: int) -> None:
        """Let a session live until then."""
        key = digest(token)
        session = self._by_digest.get(key)
        if session is not None:
            self._by_digest[key] = msgspec.structs.replace(session, expires_at=expires_at)

    def drop(self, token: str) -> None:
        """Forget a closed session."""
        self._by_digest.pop(digest(token), None)

    def drop_expired(self, now: int) -> None:
        """Forget sessions whose time is over."""
        for key in [k for k, session in self._by_digest.items() if session.expires_at <= now]:
            del self._by_digest[key]
