from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialbook.client import InvalidArgument, Json, UnencodableValue
from trialbook.client.payload import decode, encode, encode_field

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abcé☃"), inner),
)


@given(json_values)
def test_every_json_value_survives_a_round_trip(value: object) -> None:
    assert decode(encode(value)) == value


@pytest.mark.parametrize("number", [2**53 + 1, -(2**64), 10**300])
def test_integers_of_any_size_stay_integers(number: int) -> None:
    decoded = decode(encode({"n": number}))["n"]

    assert decoded == number
    assert type(decoded) is int


def test_text_is_sent_as_utf8_not_as_escapes() -> None:
    assert encode("ü☃") == '"ü☃"'


def test_json_text_is_sent_byte_for_byte() -> None:
    text = '{ "b" : 1.50,\t"a":[ ] }'

    assert encode(Json(text)) == text
    assert encode({"outer": Json(text)}) == f'{{"outer":{text}}}'


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (float("nan"), "is nan"),
        ({"a": [1, float("inf")]}, "contains inf at ['a'][1]"),
        ((None, float("-inf")), "contains -inf at [1]"),
    ],
)
def test_nan_and_infinities_are_refused_with_their_place(value: object, place: str) -> None:
    with pytest.raises(UnencodableValue) as caught:
        encode(value)

    assert place in str(caught.value)


def test_null_beside_numbers_is_no_nan() -> None:
    assert encode({"a": None, "b": 1.5, "c": Json("null")}) == '{"a":null,"b":1.5,"c":null}'


def test_common_python_values_have_a_form() -> None:
    class Colour(Enum):
        RED = "red"

    @dataclass
    class Point:
        x: int

    class Pair(NamedTuple):
        left: int

    class Model:
        def model_dump(self, *, mode: str) -> dict[str, Any]:
            return {"mode": mode}

    class Scalar:
        def tolist(self) -> float:
            return 0.5

    encoded = encode(
        [
            Colour.RED,
            Point(1),
            Pair(2),
            Model(),
            Scalar(),
            (1, 2),
            OrderedDict(k=1),
            MappingProxyType({"m": 1}),
            datetime(2026, 1, 2, tzinfo=UTC),
            Decimal("1.10"),
            PurePosixPath("a/b"),
        ]
    )

    assert encoded == (
        '["red",{"x":1},[2],{"mode":"json"},0.5,[1,2],{"k":1},{"m":1},'
        '"2026-01-02T00:00:00Z","1.10","a/b"]'
    )


@pytest.mark.parametrize("value", [object(), {(1, 2): 3}, "\ud800", lambda: None])
def test_values_without_a_form_are_refused(value: object) -> None:
    with pytest.raises(UnencodableValue):
        encode(value)


def test_a_value_that_contains_itself_is_refused() -> None:
    loop: list[object] = []
    loop.append(loop)

    with pytest.raises(UnencodableValue):
        encode(loop)


def test_the_field_of_a_bad_value_is_named_before_it_is_sent() -> None:
    with pytest.raises(InvalidArgument) as caught:
        encode_field(float("nan"), "items[3].input")

    assert caught.value.violations[0].field == "items[3].input"
    assert str(caught.value) == "items[3].input: is nan, which JSON does not have"
