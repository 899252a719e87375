from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialbook.services.engine.rate_limit import allowance, taken

SECOND = 1_000_000
NOW = 1_800_000_000 * SECOND


@pytest.mark.parametrize(
    ("rate", "at_once"), [(0.1, 1), (1, 1), (3, 3), (7.5, 7), (49, 49), (1_000_000, 1_000_000)]
)
def test_a_fresh_limit_lets_one_seconds_worth_begin_at_once(rate: float, at_once: int) -> None:
    assert allowance(rate, 0, NOW) == at_once

    spent = taken(rate, 0, NOW, at_once)

    assert allowance(rate, spent, NOW) == 0
    assert allowance(rate, spent, spent) == 1


def test_what_is_not_used_comes_back_with_time_and_never_more_than_a_second_of_it() -> None:
    spent = taken(10, 0, NOW, 10)

    assert allowance(10, spent, NOW + SECOND // 2) == 5
    assert allowance(10, spent, NOW + SECOND) == 10
    assert allowance(10, spent, NOW + 3600 * SECOND) == 10


@given(
    rate=st.floats(0.05, 10_000),
    steps=st.lists(st.tuples(st.integers(0, 2 * SECOND), st.integers(1, 500)), max_size=40),
)
def test_no_more_begin_than_the_rate_and_one_second_allow(
    rate: float, steps: list[tuple[int, int]]
) -> None:
    now, next_at, begun = NOW, 0, 0
    for wait, wanted in steps:
        now += wait
        count = min(wanted, allowance(rate, next_at, now))
        if count:
            next_at = taken(rate, next_at, now, count)
        begun += count
        assert begun <= max(1, rate) + rate * (now - NOW) / SECOND + 1e-3


@pytest.mark.parametrize("back", [SECOND, 3600 * SECOND])
def test_a_clock_that_is_put_back_holds_nothing_up(back: int) -> None:
    now, next_at = NOW - back, taken(4, 0, NOW, 4)

    assert allowance(4, next_at, now) == 1
    next_at = taken(4, next_at, now, 1)
    assert allowance(4, next_at, now) == 0
    assert allowance(4, next_at, now + SECOND // 4) == 1
