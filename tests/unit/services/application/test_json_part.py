from __future__ import annotations

import pytest

from trialbook.services.application.json_part import parse_path, part_of

TEXT = ' {"a":{"b":[10,{"c d":1.50}]},"0":"zero","e":null}'


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("input", TEXT),
        ("input.a.b[0]", "10"),
        ("input.a.b.0", "10"),
        ('input.a.b[1]["c d"]', "1.50"),
        ("input.0", '"zero"'),
        ("input.e", "null"),
        ("input.missing", None),
        ("input.a.b[7]", None),
        ("input.a.b.x", None),
        ("input.e.f", None),
    ],
)
def test_a_part_is_the_text_that_stands_there(path: str, text: str | None) -> None:
    parsed = parse_path(path)

    assert parsed is not None
    assert part_of(TEXT, parsed[1]) == text


@pytest.mark.parametrize(
    "path", ["", ".a", "input.", "input[", "input[x]", "input..a", 'input["', "Input"]
)
def test_what_is_no_path_is_none(path: str) -> None:
    assert parse_path(path) is None
