"""Bounds what is being received at the same time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from trialbook.services.domain.errors import Overloaded

MOST_HELD = 128 * 1024 * 1024
"""Bytes of requests that may be in work together."""


class Load:
    """What one request holds."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self.size = 0

    def hold(self, size: int) -> None:
        """Hold so many bytes more, from whichever thread. Raises Overloaded."""
        self._admission.take(size)
        self.size += size


class Admission:
    """Counts what all requests hold together."""

    def __init__(self, limit: int = MOST_HELD) -> None:
        self._limit = limit
        self._held = 0
        self._lock = threading.Lock()

    @contextmanager
    def opened(self) -> Iterator[Load]:
        """Let a request hold memory for as long as the context lasts."""
        load = Load(self)
        try:
            yield load
        finally:
            self.take(-load.size)

    def take(self, size: int) -> None:
        """Count so many bytes more, or less. Raises Overloaded for more than there is room."""
        with self._lock:
            if size > 0 and self._held + size > self._limit:
                raise Overloaded
            self._held += size
