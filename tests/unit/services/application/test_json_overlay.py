from __future__ import annotations

import pytest

from trialbook.services.application.json_overlay import lay_over


def test_names_are_laid_over_each_other_and_values_kept_byte_for_byte() -> None:
    base = '{"model": "a", "big": 12345678901234567890123, "deep": {"x":  1.0, "y": 2}}'

    assert (
        lay_over(base, '{"deep": {"x": 1e2 }, "new": null}')
        == '{"model":"a","big":12345678901234567890123,"deep":{"x": 1e2 },"new":null}'
    )


@pytest.mark.parametrize(
    ("base", "over", "expected"),
    [
        ("", "", ""),
        (None, None, ""),
        ('{ "a": 1 }', "", '{ "a": 1 }'),
        ("", '{ "a": 1 }', '{ "a": 1 }'),
        ('{"a": 1, "a": 2}', '{"b": 3}', '{"a":2,"b":3}'),
    ],
)
def test_an_absent_side_leaves_the_other_as_it_is(
    base: str | None, over: str | None, expected: str
) -> None:
    assert lay_over(base, over) == expected
