from __future__ import annotations

from collections.abc import Callable

import pytest

from trialbook.services.scoring.catalogue import InvalidParameters, configure
from trialbook.services.scoring.judgement import Judgement

Judge = Callable[..., Judgement]


@pytest.mark.parametrize(
    ("output", "pattern"),
    [("hello world", "lo wo"), ({"b": 1, "a": 2}, '{"a":2'), (3.25, ".2"), ("a.c", "a.c")],
)
def test_a_part_of_the_text_is_found(judge: Judge, output: object, pattern: str) -> None:
    judgement = judge("contains", output, pattern=pattern)

    assert (judgement.value, judgement.passed, judgement.label) == (1.0, True, "found")


@pytest.mark.parametrize(
    ("output", "pattern"), [("hello", "world"), ("hello", "HELLO"), (None, "null"), ("abc", "a.c")]
)
def test_anything_else_is_not_found(judge: Judge, output: object, pattern: str) -> None:
    judgement = judge("contains", output, pattern=pattern)

    assert (judgement.value, judgement.passed, judgement.label) == (0.0, False, "not_found")


def test_case_is_folded_when_it_does_not_matter(judge: Judge) -> None:
    assert judge("contains", "Hello World", pattern="WORLD", case_sensitive=False).passed is True


@pytest.mark.parametrize(
    "params_json", ["", "{}", '{"pattern":""}', '{"pattern":42}', '{"pattern":null}']
)
def test_a_pattern_must_be_a_text_that_is_not_empty(params_json: str) -> None:
    with pytest.raises(InvalidParameters) as caught:
        configure("contains", params_json)

    assert [violation.path for violation in caught.value.violations] == ["pattern"]
    assert "a text of 1 to 65536 characters" in caught.value.violations[0].message
