"""How many attempts at a target may begin, so that no more than so many do a second.

The generic cell rate algorithm in its virtual scheduling form (ITU-T I.371, annex A), with a
tolerance of one second: what was not used in the last second may begin at once. Its whole state is
one time, at which the next attempt may begin, so that all who read it share the limit.
"""

from __future__ import annotations

import math

_SECOND = 1_000_000
# Thirds of a second do not add up to one.
_ROUNDING = 1e-9


def allowance(rate: float, next_at: int, now: int) -> int:
    """Return how many attempts may begin now, of so many a second. Times are in microseconds."""
    interval = _SECOND / rate
    wait = _wait(interval, next_at - now)
    return 0 if wait > 0 else math.floor(_ROUNDING - wait / interval) + 1


def taken(rate: float, next_at: int, now: int, count: int) -> int:
    """Return when the next attempt may begin, after so many have begun now."""
    interval = _SECOND / rate
    return now + math.ceil(_wait(interval, next_at - now) + count * interval)


def _wait(interval: float, wait: int) -> float:
    """Return the wait for the next attempt; below 0 it says what was saved, up to a second's worth.

    One that is longer than an interval was set by a clock that has been put back since.
    """
    if wait > interval + 1:
        return 0
    return max(wait, interval - max(_SECOND, interval))
