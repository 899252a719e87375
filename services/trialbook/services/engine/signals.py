"""Wakes those who wait for something to happen, without losing what happens meanwhile."""

from __future__ import annotations

import asyncio
from collections import defaultdict


class Signal:
    """Counts its notifications, so that one between looking and waiting is not missed."""

    def __init__(self) -> None:
        self.count = 0
        self._waiting: set[asyncio.Future[None]] = set()

    def notify(self) -> None:
        """Wake everyone who waits. Call it on the event loop."""
        self.count += 1
        for future in self._waiting:
            _wake(future)
        self._waiting.clear()

    async def wait(self, seen: int, timeout: float) -> None:
        """Return as soon as `count` differs from `seen`, or after `timeout` seconds."""
        if self.count != seen or timeout <= 0:
            return
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        self._waiting.add(future)
        timer = loop.call_later(timeout, _wake, future)
        try:
            await future
        finally:
            timer.cancel()
            self._waiting.discard(future)


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


class RunSignals:
    """One signal for each run that somebody watches."""

    def __init__(self) -> None:
        self._signals: dict[int, Signal] = {}
        self._watchers: defaultdict[int, int] = defaultdict(int)

    def watch(self, run: int) -> Signal:
        """Return a run's signal; `leave` must follow."""
        self._watchers[run] += 1
        return self._signals.setdefault(run, Signal())

    def leave(self, run: int) -> None:
        """Stop watching a run."""
        self._watchers[run] -= 1
        if not self._watchers[run]:
            del self._watchers[run], self._signals[run]

    def watched(self) -> list[int]:
        """Return the runs that somebody watches."""
        return list(self._signals)

    def notify(self, run: int) -> None:
        """Wake the watchers of a run."""
        signal = self._signals.get(run)
        if signal is not None:
            signal.notify()

    def notify_all(self) -> None:
        """Wake all watchers."""
        for signal in self._signals.values():
            signal.notify()
