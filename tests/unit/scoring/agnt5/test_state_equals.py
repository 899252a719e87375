from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from trialbook.services.scoring.judgement import Judgement, ScoreStatus

Judge = Callable[..., Judgement]


@pytest.mark.parametrize(
    ("actual", "expected", "passed"),
    [
        ({"items": 2, "a": [1, None]}, {"a": [1, None], "items": 2}, True),
        ({"items": 2}, {"items": 2, "a": 1}, False),
        ([1, 2], [2, 1], False),
        ([1], [1, 1], False),
        (1, 1.0, False),
        (1, True, False),
        (None, None, True),
    ],
)
def test_a_snapshot_must_equal_the_expected_value(
    reported: Judge, actual: object, expected: object, passed: bool
) -> None:
    judgement = reported("state_equals", {"state": {"x": actual}}, name=" x ", expected=expected)

    assert (judgement.passed, judgement.label) == (passed, "matched" if passed else "not_matched")


def test_the_first_place_that_has_the_name_counts(reported: Judge) -> None:
    places: dict[str, Any] = {
        "state_snapshots": {"x": 3},
        "states": {"x": 2},
        "state": {"y": 1},
    }

    assert reported("state_equals", places, name="x", expected=2).passed is True


@pytest.mark.parametrize("given", [None, {}, {"state": []}, {"states": {"y": 1}}, ["states"]])
def test_a_snapshot_that_was_not_reported_is_not_evaluable(reported: Judge, given: object) -> None:
    judgement = reported("state_equals", given, name="x", expected=1)

    assert (judgement.status, judgement.label) == (ScoreStatus.NOT_EVALUABLE, "artifact_error")
