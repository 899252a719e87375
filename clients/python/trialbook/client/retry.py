"""When a call that failed is made again, and after how long."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Final

from trialbook.client.errors import TrialbookError, Unavailable

INITIAL_DELAY: Final = 0.1
LONGEST_DELAY: Final = 5.0
MAX_TRIES: Final = 6


class Backoff:
    """Waits that double and are drawn evenly from zero up (full jitter), in seconds."""

    def __init__(
        self,
        initial: float = INITIAL_DELAY,
        longest: float = LONGEST_DELAY,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._initial = initial
        self._longest = longest
        self._draw = draw
        self._ceiling = initial

    def next_delay(self, at_least: float | None = None, *, at_most: float | None = None) -> float:
        """Return the next wait; not shorter than what a server asked for, nor above `at_most`."""
        ceiling = self._ceiling if at_most is None else min(self._ceiling, at_most)
        delay = self._draw() * ceiling
        self._ceiling = min(self._longest, self._ceiling * 2)
        return max(delay, at_least or 0.0)

    def reset(self) -> None:
        """Begin again with the shortest wait."""
        self._ceiling = self._initial


class Tries:
    """The tries of one call, all within one deadline. Only UNAVAILABLE is tried again."""

    def __init__(self, timeout: float | None, backoff: Backoff | None = None) -> None:
        self._end = None if timeout is None else time.monotonic() + timeout
        # Waits of at least half: all together they outlast the channel's longest wait before it
        # connects again, so that no call fails only since the channel has not looked yet.
        self._backoff = backoff or Backoff(draw=lambda: random.uniform(0.5, 1.0))  # noqa: S311
        self._made = 0

    @property
    def remaining(self) -> float | None:
        """How many seconds the next try may take."""
        return None if self._end is None else max(self._end - time.monotonic(), 0.001)

    def delay_after(self, error: TrialbookError) -> float:
        """Return how long to wait before the next try; raise `error` if there is none."""
        self._made += 1
        if not isinstance(error, Unavailable) or self._made >= MAX_TRIES:
            raise error
        delay = self._backoff.next_delay(error.retry_delay)
        remaining = self.remaining
        if remaining is not None and delay >= remaining:
            raise error
        return delay
