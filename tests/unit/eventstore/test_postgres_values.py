from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trialbook.eventstore import SqlValue, StoreError, UnstorableValue
from trialbook.eventstore.postgres.values import BIGINT, BYTEA, DOUBLE, TEXT, array_of

pytestmark = pytest.mark.unit

DECODED: dict[int, Callable[[bytes], SqlValue]] = {
    BIGINT: lambda data: int.from_bytes(data, "big", signed=True),
    DOUBLE: lambda data: float(struct.unpack(">d", data)[0]),
    TEXT: bytes.decode,
    BYTEA: bytes,
}


def decoded(oid: int, array: bytes) -> list[SqlValue]:
    """Reads PostgreSQL's binary form of an array with one dimension."""
    dimensions, _, element, count, first = struct.unpack_from(">iiIii", array)
    assert (dimensions, element, first) == (1, oid, 1)
    values: list[SqlValue] = []
    at = 20
    for _ in range(count):
        (length,) = struct.unpack_from(">i", array, at)
        at += 4
        values.append(None if length == -1 else DECODED[oid](array[at : at + length]))
        at += max(length, 0)
    assert at == len(array)
    return values


texts = st.text(st.characters(exclude_categories=["Cs"]))
bigints = st.integers(min_value=-(2**63), max_value=2**63 - 1)
doubles = st.floats(allow_nan=False)


@given(
    st.one_of(
        st.tuples(st.just(BIGINT), st.lists(st.none() | bigints, min_size=1)),
        st.tuples(st.just(DOUBLE), st.lists(st.none() | doubles, min_size=1)),
        st.tuples(st.just(TEXT), st.lists(st.none() | texts, min_size=1)),
        st.tuples(st.just(BYTEA), st.lists(st.none() | st.binary(), min_size=1)),
    )
)
def test_a_column_goes_as_it_is(column: tuple[int, Sequence[SqlValue]]) -> None:
    oid, values = column

    assert decoded(oid, array_of(oid, values)) == list(values)


@pytest.mark.parametrize(
    ("oid", "value"),
    [
        (BIGINT, 2**63),
        (BIGINT, "1"),
        (BIGINT, 1.5),
        (DOUBLE, "1"),
        (TEXT, 1),
        (TEXT, "\ud800"),
        (BYTEA, 1),
        (BYTEA, "text"),
    ],
)
def test_a_value_of_another_type_is_refused(oid: int, value: SqlValue) -> None:
    with pytest.raises(UnstorableValue, match="cannot hold"):
        array_of(oid, [value])


def test_a_column_of_a_type_that_the_store_has_not_is_refused() -> None:
    with pytest.raises(StoreError, match="type 16"):
        array_of(16, [True])
