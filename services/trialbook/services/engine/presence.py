"""Says that this server lives, and knows which others do."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable

from trialbook.services.application.ports import CommandContext, Queries, Store, UnitOfWork
from trialbook.services.application.server import ALWAYS, ServerView
from trialbook.services.domain.errors import Unavailable
from trialbook.services.domain.identity import new_uid

SYSTEM = CommandContext(actor="trialbook", command="engine")
"""Stands for what goes on by itself."""

_BEATS_PER_LIFE = 3
_IMPORTS_OUTLIVE = 10_000_000
_SEPARATOR = "-"


class Presence:
    """One server among those that share the database, known by an id of its own.

    A server that has said nothing for `lifetime` (microseconds) counts as dead. Where none is
    alive, nobody could hear the workers: their leases are prolonged by `lease` then. To drop a
    living server's import would be worse than to wait: that takes ten seconds of silence at least.
    """

    def __init__(self, store: Store, lifetime: int, lease: int) -> None:
        self._store = store
        self._lifetime = lifetime
        self._grace = max(0, _IMPORTS_OUTLIVE - lifetime)
        self._lease = lease
        self._server_id = new_uid()
        self._host = f"{socket.gethostname()}:{os.getpid()}"
        self._next_beat = 0.0

    @property
    def beats_every(self) -> float:
        """Seconds between two signs of life."""
        return self._lifetime / 1_000_000 / _BEATS_PER_LIFE

    def new_import_id(self) -> str:
        """Return an id that tells which server the import is sent to."""
        return f"{self._server_id}{_SEPARATOR}{new_uid()}"

    async def join(self) -> None:
        """Take a place among the servers."""
        await self._say(self._arrive)

    async def beat(self) -> None:
        """Say that this server lives, if it is time to."""
        if self._store.shared and time.monotonic() >= self._next_beat:
            await self._say(self._live_on)

    async def leave(self) -> None:
        """Tell the others, if possible, that this server stops."""
        try:
            await self._store.transact(SYSTEM, lambda uow: uow.servers.remove(self._server_id))
        except Unavailable:
            return  # Its time will be over soon.

    def stale_imports(self, queries: Queries) -> list[str]:
        """Return the open imports that no living server is sent any more."""
        imports = queries.datasets.open_imports()
        if not imports:
            return []
        servers = queries.servers.live(queries.now - self._grace)
        alive = {server.server_id for server in servers}
        alive.add(self._server_id)
        return [one for one in imports if one.partition(_SEPARATOR)[0] not in alive]

    async def _say(self, work: Callable[[UnitOfWork], None]) -> None:
        said_at = time.monotonic()
        await self._store.transact(SYSTEM, work)
        self._next_beat = said_at + self.beats_every

    def _arrive(self, uow: UnitOfWork) -> None:
        if not self._store.shared:
            # Whoever stands there was this database's only server before, and is no more.
            uow.servers.remove_all()
        if not uow.servers.live(uow.now):
            self._prolong_all(uow)
        self._put(uow)

    def _live_on(self, uow: UnitOfWork) -> None:
        if not uow.servers.live(uow.now):
            # The database was away, or this process was: longer than its word holds.
            self._prolong_all(uow)
        self._put(uow)
        uow.servers.remove_expired(uow.now - self._grace)

    def _put(self, uow: UnitOfWork) -> None:
        expires_at = uow.now + self._lifetime if self._store.shared else ALWAYS
        uow.servers.put(ServerView(self._server_id, self._host, expires_at))

    def _prolong_all(self, uow: UnitOfWork) -> None:
        expires_at = uow.now + self._lease
        uow.workers.prolong_all(expires_at)
        uow.work.prolong_all(expires_at)
