"""How those who follow the log learn that it has grown."""

from __future__ import annotations

import threading
from collections.abc import Callable


class CommitSignal:
    """Counts the commits that made the log longer and wakes those who wait for the next one."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0
        self._subscribers: tuple[Callable[[], None], ...] = ()

    @property
    def count(self) -> int:
        """How many commits were announced so far. Take it before reading, to miss none."""
        with self._changed:
            return self._count

    def announce(self) -> None:
        """Tell everyone who waits that there may be something new."""
        with self._changed:
            self._count += 1
            self._changed.notify_all()
            subscribers = self._subscribers
        for callback in subscribers:
            callback()

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back after each announcement, on the thread that makes it, until told to stop.

        The callback must be quick and must not raise: the writer's thread makes most of the
        announcements. Returns what ends the subscription; calling that again does nothing.
        """

        def own() -> None:
            callback()

        with self._changed:
            self._subscribers = (*self._subscribers, own)

        def unsubscribe() -> None:
            with self._changed:
                self._subscribers = tuple(one for one in self._subscribers if one is not own)

        return unsubscribe

    def wait_beyond(self, count: int, timeout: float) -> bool:
        """Block until more than ``count`` commits were announced, or for ``timeout`` seconds.

        Returns False if the time ran out.
        """
        with self._changed:
            return self._changed.wait_for(lambda: self._count > count, timeout)
