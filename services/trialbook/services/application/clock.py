"""What time it is: the one place that all of the service takes it from."""

from __future__ import annotations

import time


def now() -> int:
    """Return microseconds since the epoch.

    Operators and virtual machines set clocks forward and back: no order rests on it, and Upkeep
    puts right what waits for a time.
    """
    return time.time_ns() // 1000
