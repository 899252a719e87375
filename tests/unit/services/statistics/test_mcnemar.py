from __future__ import annotations

import math

import pytest

from trialbook.services.statistics.mcnemar import mcnemar


def test_few_moves_are_counted_exactly() -> None:
    # Both tails of 12 tosses of a coin: 2 (C(12, 0) + C(12, 1) + C(12, 2)) / 2^12.
    assert mcnemar(10, 2) == pytest.approx(2 * 79 / 4096)
    assert mcnemar(2, 10) == mcnemar(10, 2)


def test_many_moves_are_approximated_with_continuity_correction() -> None:
    expected = math.erfc(math.sqrt(99**2 / 1100 / 2))
    assert mcnemar(600, 500) == pytest.approx(expected)


def test_the_approximation_takes_over_without_a_jump() -> None:
    exact, approximate = mcnemar(540, 460), mcnemar(541, 460)
    assert exact is not None
    assert approximate is not None
    assert exact == pytest.approx(approximate, rel=0.1)


@pytest.mark.parametrize("moves", [1, 5, 600])
def test_as_many_moves_either_way_are_chance(moves: int) -> None:
    assert mcnemar(moves, moves) == pytest.approx(1, abs=1e-9)


def test_without_moves_nothing_is_said() -> None:
    assert mcnemar(0, 0) is None
