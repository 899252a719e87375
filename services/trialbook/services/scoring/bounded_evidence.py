"""Evidence as JSON text of bounded size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import msgspec

MAXIMUM_EVIDENCE_BYTES = 64 * 1024
"""How large the JSON text of evidence may be."""

_CUTS = ((200, 1000), (50, 200), (10, 50), (0, 50))


def bounded_evidence(evidence: Mapping[str, object]) -> str:
    """Encode evidence. If it is too large, cut its lists and texts and say `truncated`."""
    text = msgspec.json.encode(evidence)
    for entries, characters in _CUTS:
        if len(text) <= MAXIMUM_EVIDENCE_BYTES:
            break
        cut = {name: _cut(value, entries, characters) for name, value in evidence.items()}
        text = msgspec.json.encode({**cut, "truncated": True})
    return text.decode()


def _cut(value: object, entries: int, characters: int) -> object:
    if isinstance(value, str):
        return value if len(value) <= characters else value[: characters - 1] + "\u2026"
    if isinstance(value, list | tuple):
        kept = cast("list[object]", value)[:entries]
        return [_cut(each, entries, characters) for each in kept]
    if isinstance(value, dict):
        fields = list(cast("dict[str, object]", value).items())[:entries]
        return {name: _cut(each, entries, characters) for name, each in fields}
    return value
