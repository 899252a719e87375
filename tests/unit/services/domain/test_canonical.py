"""When two JSON texts say the same, and when two contents do."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialbook.services.domain.canonical import DIGEST_SIZE, canonical_json, content_digest

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)


@pytest.mark.parametrize(
    "texts",
    [
        ("1", "1.0", "1e0", "10e-1", "100E-2", "0.1e+1", " 1 "),
        ("0", "-0", "-0.0", "0e99", "0.000"),
        ("1500", "1.5e3", "15E2"),
        ("0.00001", "1e-5", "1.0E-05", "10e-6"),
        ("-12.50", "-1.25e1"),
        ('{"a":1,"b":2}', '{ "b" : 2.0, "a" : 1 }'),
        ('{"a":1,"a":2}', '{"a":2}'),
        ('"\\u00e4\\/"', '"ä/"'),
        ("1e400", "10e399", "0.1e401"),
        ("7" * 5000, " " + "7" * 5000),
        ("1" + "0" * 5000, "1e5000", "1.0e5000"),
    ],
    ids=range(11),
)
def test_texts_of_one_value_are_one(texts: tuple[str, ...]) -> None:
    assert len({canonical_json(text) for text in texts}) == 1


@pytest.mark.parametrize(
    "texts",
    [
        ("1", "true", '"1"', "[1]", "null", "0"),
        ("0.1", "0.1000000000000000055511151231257827"),
        ("123456789012345678901234567890", "123456789012345678901234567891"),
        ("1e400", "1e401", "-1e400"),
        ("7" * 5000, "7" * 4999 + "8"),
        ("1e99999999999999999999", "1e99999999999999999998"),
        ("[1,2]", "[2,1]"),
        ('{"a":null}', "{}"),
    ],
    ids=range(8),
)
def test_texts_of_other_values_are_others(texts: tuple[str, ...]) -> None:
    assert len({canonical_json(text) for text in texts}) == len(texts)


@given(VALUES)
def test_spaces_and_order_of_keys_make_no_difference(value: object) -> None:
    wide = json.dumps(value, indent=3, ensure_ascii=True)
    narrow = json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)

    assert canonical_json(wide) == canonical_json(narrow)
    assert canonical_json(canonical_json(wide).decode()) == canonical_json(wide)


def test_an_absent_part_is_null_and_parts_keep_their_places() -> None:
    assert content_digest(["1", None]) == content_digest(["1", "null"])
    assert content_digest(["1", None]) != content_digest([None, "1"])
    assert content_digest(['"a"', '"b"']) != content_digest(['"a""b"'.replace('""', ""), None])
    assert len(content_digest(["1"])) == DIGEST_SIZE
