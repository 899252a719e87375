"""How large the values may be that assertions look at."""

from __future__ import annotations

from typing import cast

from trialbook.services.scoring.not_evaluable import NotEvaluable

MAXIMUM_BYTES = 1 << 20
"""How many bytes of JSON a sample's input, output and expected value may have together."""

MAXIMUM_NODES = 100_000
"""How many values may be inside a value, itself included."""

MAXIMUM_VALUE_DEPTH = 64
"""How deep values may lie in each other."""


def require_bounded(subject: str, value: object) -> None:
    """Raise `NotEvaluable` if a decoded value is nested too deeply or has too many parts."""
    pending, nodes = [(value, 0)], 0
    while pending:
        part, depth = pending.pop()
        nodes += 1
        if nodes > MAXIMUM_NODES:
            raise NotEvaluable("input_error", f"The {subject} has over {MAXIMUM_NODES:,} values.")
        if depth > MAXIMUM_VALUE_DEPTH:
            raise NotEvaluable(
                "input_error", f"The {subject} nests deeper than {MAXIMUM_VALUE_DEPTH}."
            )
        if isinstance(part, dict):
            inner = cast("dict[str, object]", part).values()
            pending.extend((each, depth + 1) for each in inner)
        elif isinstance(part, list):
            pending.extend((each, depth + 1) for each in cast("list[object]", part))
