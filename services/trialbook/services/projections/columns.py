"""How values lie in columns, the same in every table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

import msgspec

from trialbook.services.domain.content import BlobReference, Content

FOREVER = 2**62
"""The `valid_to` of a row that is still current."""

T = TypeVar("T")
_SLICE = 500

_encoder = msgspec.json.Encoder()


def content_columns(content: Content | None) -> tuple[str | None, bytes | None]:
    """Return the inline text and the blob's digest, one of which is None."""
    if content is None:
        return None, None
    if isinstance(content, BlobReference):
        return None, content.digest
    return content, None


def encode(value: object) -> str:
    """Return a value as JSON text for a column."""
    return _encoder.encode(value).decode()


def decode(text: str, shape: type[T]) -> T:
    """Return the value of a JSON column."""
    return msgspec.json.decode(text, type=shape)


def flag(value: bool | None) -> int | None:
    """Return a truth value for a column; unknown stays NULL."""
    return None if value is None else int(value)


def truth(value: int | None) -> bool | None:
    """Return the truth value of a column."""
    return None if value is None else bool(value)


def placeholders(count: int) -> str:
    """Return `?,?,?` for a list of values."""
    return ",".join("?" * count)


def slices(keys: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield keys in slices that one statement takes."""
    for start in range(0, len(keys), _SLICE):
        yield keys[start : start + _SLICE]
