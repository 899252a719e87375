"""Notices that the clock was set, forward or back, or that the machine slept."""

from __future__ import annotations

import time

from trialbook.services.application import clock


class ClockWatch:
    """Compares the clock with one that nobody can set.

    What it gains or loses by up to `tolerance` microseconds between two looks is let pass.
    """

    def __init__(self, tolerance: int) -> None:
        self._tolerance = tolerance
        self._lead = _lead()

    @property
    def was_set(self) -> bool:
        """Whether the clock was set since the last call of `accept`."""
        moved = abs(_lead() - self._lead)
        if moved > self._tolerance:
            return True
        self.accept()
        return False

    def accept(self) -> None:
        """Take the clock as it is now for right."""
        self._lead = _lead()


def _lead() -> int:
    return clock.now() - time.monotonic_ns() // 1000
