"""JSON values that describe themselves briefly.

A JSON Schema library writes the whole offending value into each message, once for every
alternative that it tried; with a large value that costs seconds and gigabytes.
"""

from __future__ import annotations

from typing import cast

_SHOWN_CHARACTERS = 80


class _Array(list[object]):
    def __repr__(self) -> str:
        return f"an array of {len(self):,} items"


class _Object(dict[str, object]):
    def __repr__(self) -> str:
        return f"an object of {len(self):,} properties"


class _Text(str):
    __slots__ = ()

    def __repr__(self) -> str:
        if len(self) <= _SHOWN_CHARACTERS:
            return super().__repr__()
        return f"{self[:_SHOWN_CHARACTERS]!r}\u2026"


def abridged(value: object) -> object:
    """Return an equal value whose ``repr`` is short; ``value`` is decoded JSON of bounded depth."""
    if isinstance(value, str):
        return _Text(value)
    if isinstance(value, list):
        return _Array(abridged(item) for item in cast("list[object]", value))
    if isinstance(value, dict):
        properties = cast("dict[str, object]", value)
        return _Object((name, abridged(each)) for name, each in properties.items())
    return value
