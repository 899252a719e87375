from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from trialbook.services.domain.experiment import RunSettings
from trialbook.services.engine.backoff import backoff

HOUR = 3_600_000_000


class Longest(random.Random):
    """Draws the largest number that may be drawn."""

    def randint(self, a: int, b: int) -> int:
        assert a == 0
        return b


@given(st.integers(0, HOUR), st.integers(0, HOUR), st.integers(1, 21), st.randoms())
def test_a_wait_lies_between_nothing_and_the_doubled_backoff(
    initial: int, longest: int, attempt: int, source: random.Random
) -> None:
    settings = RunSettings(initial_backoff=initial, max_backoff=longest)

    wait = backoff(settings, attempt, source)

    assert 0 <= wait <= min(longest, initial * 2 ** (attempt - 1))


@given(st.integers(0, HOUR), st.integers(0, HOUR), st.integers(1, 21))
def test_the_whole_range_can_be_drawn(initial: int, longest: int, attempt: int) -> None:
    settings = RunSettings(initial_backoff=initial, max_backoff=longest)

    assert backoff(settings, attempt, Longest()) == min(longest, initial * 2 ** (attempt - 1))


def test_waits_are_spread_evenly() -> None:
    settings = RunSettings(initial_backoff=1000, max_backoff=HOUR)
    source = random.Random(1)

    waits = [backoff(settings, 3, source) for _ in range(4000)]

    assert abs(sum(waits) / len(waits) - 2000) < 100
    assert (min(waits) < 50, max(waits) > 3950) == (True, True)
