from __future__ import annotations

import math

import numpy as np

from trialbook.services.statistics.histogram import Bin, histogram


def test_bins_are_of_equal_width_and_the_last_one_is_closed() -> None:
    found = histogram(np.array([0.0, 0.2, 0.25, 0.5, 1.0, math.nan]), 4)
    assert found == [Bin(0, 0.25, 2), Bin(0.25, 0.5, 1), Bin(0.5, 0.75, 1), Bin(0.75, 1, 1)]


def test_equal_values_lie_in_one_bin() -> None:
    assert histogram(np.full(3, 0.7), 20) == [Bin(0.7, 0.7, 3)]


def test_values_too_close_for_so_many_bins_lie_in_one() -> None:
    assert histogram(np.array([1.0, math.nextafter(1, 2)]), 20) == [
        Bin(1.0, math.nextafter(1, 2), 2)
    ]


def test_without_values_there_are_no_bins() -> None:
    assert histogram(np.array([math.nan]), 20) == []
