from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialbook.services.application.json_text import (
    NESTING_LIMIT,
    PAYLOAD_LIMIT,
    check_json,
    nesting,
)

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=30,
)


def depth_of(value: object) -> int:
    """Reference: the depth of a decoded value."""
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth_of, value), default=0)
    return 0


@given(VALUES, st.booleans(), st.sampled_from([None, 0, 3]))
def test_every_json_text_is_accepted(value: object, ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)

    assert check_json("f", text) == []


@given(VALUES, st.sampled_from([None, 0, 3]))
def test_nesting_is_that_of_the_value(value: object, indent: int | None) -> None:
    assert nesting(json.dumps(value, indent=indent)) == depth_of(value)


@given(st.text(alphabet='[]{}",:\\ 01-.eEtrufalsn\t\n\x00ä', max_size=30))
def test_what_is_accepted_is_what_another_parser_accepts(text: str) -> None:
    assert (check_json("f", text) == []) is is_json(text)


def is_json(text: str) -> bool:
    """Reference: Python's parser without its additions to the standard."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        json.loads(text, parse_constant=refuse)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("opening", ["[", '{"a":'])
@pytest.mark.parametrize(("depth", "fine"), [(NESTING_LIMIT, True), (NESTING_LIMIT + 1, False)])
def test_nesting_has_a_limit(opening: str, depth: int, fine: bool) -> None:
    closing = "]" if opening == "[" else "}"
    inner = "" if opening == "[" else "1"

    found = check_json("f", opening * depth + inner + closing * depth)

    assert (found == []) is fine


def test_brackets_in_a_text_are_no_nesting() -> None:
    text = json.dumps({"a\\": ["]" * 500 + '"' + "[" * 500, "\\"]})

    assert nesting(text) == 2
    assert check_json("f", text) == []


@pytest.mark.parametrize("letter", ["x", "ä", "\N{OWL}"])
def test_size_is_counted_in_bytes(letter: str) -> None:
    size = len(letter.encode())
    fits = '"' + letter * ((PAYLOAD_LIMIT - 2) // size) + '"'

    assert check_json("f", fits) == []
    assert len(check_json("f", fits[:-1] + letter + '"')) == 1


@pytest.mark.parametrize(
    ("text", "fine"), [("{}", True), (" \r\n\t{}", True), ("[]", False), ("null", False)]
)
def test_an_object_can_be_asked_for(text: str, fine: bool) -> None:
    assert (check_json("f", text, must_be_object=True) == []) is fine


def test_half_a_character_is_refused() -> None:
    (violation,) = check_json("f", '"\ud800"')

    assert violation.path == "f"
