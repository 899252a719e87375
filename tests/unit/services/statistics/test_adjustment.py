from __future__ import annotations

import pytest

from trialbook.services.statistics.adjustment import adjusted

# The fifteen p-values of Benjamini and Hochberg (1995), section 3.3: four are rejected at 0.05.
PUBLISHED = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
    0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000,
]  # fmt: skip


def test_the_published_example_rejects_four() -> None:
    found = adjusted(PUBLISHED)
    assert [p for p in found if p is not None and p <= 0.05] == found[:4]
    assert found[3] == pytest.approx(0.0095 * 15 / 4)


def test_one_test_needs_no_adjustment() -> None:
    assert adjusted([0.03]) == [0.03]


def test_what_is_not_known_is_not_counted() -> None:
    assert adjusted([None, 0.01, None, 0.04]) == [None, pytest.approx(0.02), None, 0.04]
    assert adjusted([None]) == [None]
    assert adjusted([]) == []
