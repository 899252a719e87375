"""Lays JSON objects over each other without touching their values."""

from __future__ import annotations

import msgspec

_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode = msgspec.json.Encoder().encode


def lay_over(base: str | None, over: str | None) -> str:
    """Return the JSON object `base` with the values that `over` has, name by name.

    Both are checked texts, None or empty for none, as is what comes out. Values are kept byte for
    byte, and are not merged themselves; of a name that stands twice the last value counts.
    """
    if not base or not over:
        return over or base or ""
    return _encode(_decode(base) | _decode(over)).decode()
