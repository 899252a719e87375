from __future__ import annotations

import pytest

from trialbook.services.scoring.trajectory.json_equality import same


@pytest.mark.parametrize(
    ("one", "other"),
    [(True, 1), (True, ["boolean", 1]), (True, ["boolean", True]), ("1", 1), ([], {})],
)
def test_values_of_other_kinds_are_not_the_same(one: object, other: object) -> None:
    assert not same(one, other)
    assert not same({"x": one}, {"x": other})


def test_a_number_is_the_same_however_it_is_written() -> None:
    assert same({"x": [1], "y": 2.0}, {"y": 2, "x": [1.0]})
