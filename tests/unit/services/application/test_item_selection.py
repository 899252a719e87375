from __future__ import annotations

import pytest

from trialbook.services.application.item_selection import lot


@pytest.mark.parametrize(
    ("seed", "item_id", "number"),
    [(1, "i1", 4340749875699518619), (-7, "item-ä", 14184858584538554537)],
)
def test_lots_are_the_same_in_every_release(seed: int, item_id: str, number: int) -> None:
    """Or samples that somebody wrote down would be of other items."""
    assert lot(seed, item_id) == number


def test_lots_depend_on_seed_and_item_and_spread_evenly() -> None:
    lots = [lot(seed, f"i{number}") for seed in range(10) for number in range(1000)]

    assert len(set(lots)) == 10_000
    for quarter in range(4):
        inside = [one for one in lots if one >> 62 == quarter]
        assert 2_300 < len(inside) < 2_700
