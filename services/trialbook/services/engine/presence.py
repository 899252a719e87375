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
_LONGEST_WORD = 60_000_000
"""Servers that share a database may have other leases, and clocks that differ by a little."""
_SEPARATOR = "-"


class Presence:
    """One server among those that share the database, known by an id of its own.

    A server that has said nothing for `lifetime` (microseconds) counts as dead. Where none is
    alive, nobody could hear the workers: what they are at gets its whole time anew then, its lease
    holds for `lease`. To drop a living server's import would be worse than to wait: that takes ten
    seconds of silence at least.
    """

    def __init__(self, store: Store, lifetime: int, lease: int) -> None:
        self._store = store
        self._lifetime = lifetime
        self._grace = max(0, _IMPORTS_OUTLIVE - lifetime)
        self.lease = lease
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
        alive = {server.server_id for server in self._living(queries, self._grace)}
        alive.add(self._server_id)
        return [one for one in imports if one.partition(_SEPARATOR)[0] not in alive]

    async def _say(self, work: Callable[[UnitOfWork], None]) -> None:
        said_at = time.monotonic()
        await self._store.transact(SYSTEM, work)
        self._next_beat = said_at + self.beats_every

    def realign(self, uow: UnitOfWork) -> None:
        """Let all that workers are at have its whole time from now, and nothing else wait."""
        expires_at = uow.now + self.lease
        uow.workers.realign(expires_at)
        for state in uow.work.open_runs():
            timeout = uow.runs.by_number(state.run).settings.attempt_timeout
            uow.work.realign(state.run, uow.now, expires_at, expires_at + timeout)
            # Nor could anybody hear those who had spans to tell.
            uow.result_traces.realign(state.run, uow.now)

    def _arrive(self, uow: UnitOfWork) -> None:
        if not self._store.shared:
            # Whoever stands there was this database's only server before, and is no more.
            uow.servers.remove_all()
        if not self._living(uow):
            self.realign(uow)
        self._put(uow)

    def _live_on(self, uow: UnitOfWork) -> None:
        if not self._living(uow):
            # The database was away, or this process was: longer than its word holds.
            self.realign(uow)
        self._put(uow)
        uow.servers.remove_expired(uow.now - self._grace)

    def _living(self, queries: Queries, grace: int = 0) -> list[ServerView]:
        """Return the servers that count as alive, or did so within `grace` microseconds.

        A word that holds for much longer than any is given was given by a clock that was put back
        since: whoever gave it and lives will give another one.
        """
        latest = queries.now + max(2 * self._lifetime, _LONGEST_WORD)
        living = queries.servers.live(queries.now - grace)
        return [server for server in living if server.expires_at <= latest]

    def _put(self, uow: UnitOfWork) -> None:
        expires_at = uow.now + self._lifetime if self._store.shared else ALWAYS
        uow.servers.put(ServerView(self._server_id, self._host, expires_at))
