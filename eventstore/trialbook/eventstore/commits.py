"""How those who follow the log learn that it has grown."""

from __future__ import annotations

import threading


class CommitSignal:
    """Counts commits and wakes those who wait for the next one."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0

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

    def wait_beyond(self, count: int, timeout: float) -> bool:
        """Block until more than ``count`` commits were announced, or for ``timeout`` seconds.

        Returns False if the time ran out.
        """
        with self._changed:
            return self._changed.wait_for(lambda: self._count > count, timeout)
