"""Forgets traces of which nothing came for a long time."""

from __future__ import annotations

from trialbook.services.application.ports import Store
from trialbook.services.engine.lookout import Lookout
from trialbook.services.engine.presence import SYSTEM

_INTERVAL = 60.0
_DAY = 24 * 3600 * 1_000_000
# A trace may hold megabytes, and every other writer waits for a slice.
_SLICE = 50


class Retention:
    """Deletes traces in slices, once a minute. `days` of 0 keep them for ever."""

    def __init__(self, store: Store, days: float, *, interval: float = _INTERVAL) -> None:
        self._store = store
        self._kept = round(days * _DAY)
        self._lookout = Lookout(self._sweep, interval=interval, work="forgetting old traces")

    def start(self) -> None:
        """Begin. Call it on the event loop."""
        if self._kept:
            self._lookout.start()

    async def stop(self) -> None:
        """End, in the middle of whatever is going on: the next start goes on with it."""
        await self._lookout.stop()

    async def _sweep(self) -> None:
        while await self._store.transact(
            SYSTEM, lambda uow: uow.traces.purge(uow.now - self._kept, _SLICE)
        ):
            pass
