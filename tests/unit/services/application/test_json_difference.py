from __future__ import annotations

import pytest

from trialbook.services.application.json_difference import DEEPEST, differences


def told(before: str | None, after: str | None) -> list[tuple[str, str | None, str | None]]:
    return [(one.path, one.before, one.after) for one in differences("input", before, after)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("1", " 1.0 "),
        ('{"a":1,"b":[2]}', '{ "b":[2e0], "a":1 }'),
        ('"\\u0041"', '"A"'),
        (None, None),
        ("[[]]", "[[ ]]"),
    ],
)
def test_equal_values_do_not_differ(before: str | None, after: str | None) -> None:
    assert told(before, after) == []


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        (None, "null", [("input", None, "null")]),
        ("null", None, [("input", "null", None)]),
        ("1", '"1"', [("input", "1", '"1"')]),
        ("{}", "[]", [("input", "{}", "[]")]),
        ('{"a":1}', '{"a":null}', [("input.a", "1", "null")]),
        ('{"a":{"b":1.0}}', '{"a":{"b":1.10}}', [("input.a.b", "1.0", "1.10")]),
        ("[1,2]", "[1]", [("input[1]", "2", None)]),
        ('{"":1,"x y":2}', '{"":2}', [('input[""]', "1", "2"), ('input["x y"]', "2", None)]),
        ('{"a":1}', '{"b":1}', [("input.a", "1", None), ("input.b", None, "1")]),
    ],
)
def test_differences_are_named_by_their_paths(
    before: str | None, after: str | None, changes: list[tuple[str, str | None, str | None]]
) -> None:
    assert told(before, after) == changes


def test_what_lies_too_deep_is_told_as_a_whole() -> None:
    before, after = ("[" * 100 + text + "]" * 100 for text in "12")

    ((path, old, new),) = told(before, after)

    assert path == "input" + "[0]" * DEEPEST
    assert old == "[" * (100 - DEEPEST) + "1" + "]" * (100 - DEEPEST)
    assert new != old
