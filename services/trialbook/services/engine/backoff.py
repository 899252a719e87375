"""How long to wait before another attempt."""

from __future__ import annotations

import random

from trialbook.services.domain.experiment import RunSettings


def backoff(settings: RunSettings, attempt: int, source: random.Random) -> int:
    """Return the wait after a failed attempt (from 1), in microseconds.

    Exponential with full jitter: drawn evenly between 0 and `initial_backoff` doubled with every
    further attempt, at most `max_backoff` (Brooker, "Exponential Backoff And Jitter", 2015).
    """
    longest = min(settings.max_backoff, settings.initial_backoff << min(attempt - 1, 32))
    return source.randint(0, longest)
