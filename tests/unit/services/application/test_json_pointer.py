from __future__ import annotations

import pytest

from trialbook.services.application.json_pointer import parse_pointer, pointed

DOCUMENT = '{"a": [1, {"b/c" : "x\\u00e9", "": null}], "~": 1.50, "0": "zero"}'


@pytest.mark.parametrize(
    ("pointer", "part"),
    [
        ("", DOCUMENT),
        ("/a/0", "1"),
        ("/a/1/b~1c", '"x\\u00e9"'),
        ("/a/1/", "null"),
        ("/~0", "1.50"),
        ("/0", '"zero"'),
    ],
)
def test_a_pointer_names_a_part_byte_for_byte(pointer: str, part: str) -> None:
    tokens = parse_pointer(pointer)

    assert tokens is not None
    assert pointed(DOCUMENT, tokens) == part


@pytest.mark.parametrize("pointer", ["/b", "/a/2", "/a/00", "/a/-", "/a/0/x", "/~0/1", "/a/1/b"])
def test_what_is_not_there_is_no_part(pointer: str) -> None:
    tokens = parse_pointer(pointer)

    assert tokens is not None
    assert pointed(DOCUMENT, tokens) is None


@pytest.mark.parametrize("text", ["a", "a/b", "/~", "/~2", "#/a", "$.a"])
def test_other_texts_are_no_pointers(text: str) -> None:
    assert parse_pointer(text) is None
