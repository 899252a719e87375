"""Values on their way to the server and back: binary, with the types that our columns have."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache

import psycopg
from psycopg.adapt import AdaptersMap, Buffer, Dumper
from psycopg.pq import Format
from psycopg.types.numeric import Int8BinaryDumper, NumericBinaryLoader, NumericLoader
from psycopg.types.string import StrBinaryDumper

from trialbook.eventstore.errors import StoreError, UnstorableValue
from trialbook.eventstore.transaction import SqlValue

BYTEA, BIGINT, TEXT, DOUBLE = 17, 20, 25, 701
"""The numbers of the types that our columns have."""
_ARRAYS = {BYTEA: 1001, BIGINT: 1016, TEXT: 1009, DOUBLE: 1022}
ARRAY_TYPES = {BYTEA: "bytea[]", BIGINT: "bigint[]", TEXT: "text[]", DOUBLE: "float8[]"}
"""How a statement names the array of each type that our columns have."""

_NULL = b"\xff\xff\xff\xff"
_header = struct.Struct(">iiIii").pack
_length = struct.Struct(">i").pack


class Array(bytes):
    """A whole column as PostgreSQL's binary array."""

    oid = 0


class _ByteaArray(Array):
    oid = _ARRAYS[BYTEA]


class _BigintArray(Array):
    oid = _ARRAYS[BIGINT]


class _TextArray(Array):
    oid = _ARRAYS[TEXT]


class _DoubleArray(Array):
    oid = _ARRAYS[DOUBLE]


_CLASSES: dict[int, type[Array]] = {
    BYTEA: _ByteaArray,
    BIGINT: _BigintArray,
    TEXT: _TextArray,
    DOUBLE: _DoubleArray,
}


def array_of(oid: int, values: Sequence[SqlValue]) -> Array:
    """Return the array of a column's values.

    Raises UnstorableValue if one is not of the column's type, StoreError for a column of a type
    that the store does not use.
    """
    made = _CLASSES.get(oid)
    if made is None:
        raise StoreError(f"A column has the type {oid}, which the store does not write.")
    try:
        body = _ENCODERS[oid](values)
    except (struct.error, AttributeError, TypeError, UnicodeError) as error:
        raise UnstorableValue(f"A column cannot hold a value: {error}.") from error
    return made(_header(1, 1, oid, len(values), 1) + body)


def _encode_bigints(values: Sequence[SqlValue]) -> bytes:
    return _encode_fixed("q", values)


def _encode_doubles(values: Sequence[SqlValue]) -> bytes:
    return _encode_fixed("d", values)


def _encode_fixed(kind: str, values: Sequence[SqlValue]) -> bytes:
    if None in values:
        pack = struct.Struct(f">i{kind}").pack
        return b"".join([_NULL if value is None else pack(8, value) for value in values])
    parts: list[SqlValue] = [8] * (2 * len(values))
    parts[1::2] = values
    return _fixed(kind, len(values)).pack(*parts)


@lru_cache(1_024)
def _fixed(kind: str, count: int) -> struct.Struct:
    return struct.Struct(">" + f"i{kind}" * count)


def _encode_texts(values: Sequence[SqlValue]) -> bytes:
    return _encode_lengths([None if value is None else value.encode() for value in values])  # type: ignore[union-attr]  # anything else is refused by the caller


def _encode_lengths(values: Sequence[SqlValue]) -> bytes:
    return b"".join(
        [
            _NULL if value is None else _length(len(value)) + value  # type: ignore[arg-type,operator]  # likewise
            for value in values
        ]
    )


_ENCODERS: dict[int, Callable[[Sequence[SqlValue]], bytes]] = {
    BYTEA: _encode_lengths,
    BIGINT: _encode_bigints,
    TEXT: _encode_texts,
    DOUBLE: _encode_doubles,
}


class _ArrayDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: Array) -> Buffer:
        return obj


def _array_dumper(made: type[Array]) -> type[Dumper]:
    return type(f"{made.__name__}Dumper", (_ArrayDumper,), {"oid": made.oid})


# SUM and AVG of integers come as NUMERIC; SQLite has numbers only.
class _NumberLoader(NumericLoader):
    def load(self, data: Buffer) -> int | float:  # type: ignore[override]  # the point
        return _number(super().load(data))


class _NumberBinaryLoader(NumericBinaryLoader):
    def load(self, data: Buffer) -> int | float:  # type: ignore[override]  # the point
        return _number(super().load(data))


def _number(value: Decimal) -> int | float:
    exact = value.as_tuple().exponent
    return int(value) if exact == 0 else float(value)


def adapters() -> AdaptersMap:
    """Return how connections of the store take and give values.

    An integer is always a BIGINT and a text always a TEXT, so that a statement has the same
    types, and one plan, whatever its values are.
    """
    made = AdaptersMap(psycopg.adapters)
    for number in (int, bool):
        made.register_dumper(number, Int8BinaryDumper)
    made.register_dumper(str, StrBinaryDumper)
    for array in _CLASSES.values():
        made.register_dumper(array, _array_dumper(array))
    made.register_loader("numeric", _NumberLoader)
    made.register_loader("numeric", _NumberBinaryLoader)
    return made
