from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from trialbook.services.scoring.catalogue import InvalidParameters, configure
from trialbook.services.scoring.judgement import Judgement

Judge = Callable[..., Judgement]


@pytest.mark.parametrize(
    ("output", "parameters"),
    [
        (5, {"min": 1, "max": 10}),
        (1, {"min": 1, "max": 10}),
        (10, {"min": 1, "max": 10}),
        (0.4, {"max": 0.5}),
        (0.1, {"min": 0.1}),
        (" 7.5 ", {"min": 7}),
        ("-1e3", {"max": -999.5}),
        ("5.", {"min": 5, "max": 5}),
        (12345678901234567891, {"min": 12345678901234567891}),
    ],
)
def test_a_number_within_the_bounds_passes(
    judge: Judge, output: object, parameters: dict[str, object]
) -> None:
    judgement = judge("numeric_range", output, **parameters)

    assert (judgement.value, judgement.passed, judgement.label) == (1.0, True, "in_range")


@pytest.mark.parametrize(
    ("output", "parameters"),
    [
        (11, {"min": 1, "max": 10}),
        (1, {"min": 1, "max": 10, "inclusive": False}),
        (10, {"min": 1, "max": 10, "inclusive": False}),
        ("0.5000000000000000000001", {"max": 0.5}),
        (12345678901234567890, {"min": 12345678901234567891}),
    ],
)
def test_a_number_outside_the_bounds_fails(
    judge: Judge, output: object, parameters: dict[str, object]
) -> None:
    judgement = judge("numeric_range", output, **parameters)

    assert (judgement.value, judgement.passed, judgement.label) == (0.0, False, "out_of_range")


@pytest.mark.parametrize(
    "output",
    ["not a number", "", "inf", "NaN", "1,000", "5 apples", "1_0", "\u0665", True, None, [5], {}],
)
def test_what_is_no_number_is_a_parse_error(judge: Judge, output: object) -> None:
    judgement = judge("numeric_range", output, min=0, max=5)

    assert (judgement.value, judgement.passed, judgement.label) == (0.0, False, "parse_error")


@pytest.mark.parametrize(
    ("parameters", "path"),
    [
        ({}, ""),
        ({"inclusive": True}, ""),
        ({"min": 2, "max": 1}, "min"),
        ({"min": 1, "max": 1, "inclusive": False}, "inclusive"),
        ({"min": "1"}, "min"),
        ({"max": True}, "max"),
        ({"max": None}, "max"),
        ({"max": 1, "inclusive": "yes"}, "inclusive"),
        ({"max": 1, "minimum": 0}, "minimum"),
    ],
)
def test_a_range_that_makes_no_sense_is_refused(parameters: dict[str, object], path: str) -> None:
    with pytest.raises(InvalidParameters) as caught:
        configure("numeric_range", json.dumps(parameters))

    assert [path] == [violation.path for violation in caught.value.violations]
