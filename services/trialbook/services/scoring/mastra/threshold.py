"""The threshold that may be held to Mastra's scores, which have none of their own."""

from __future__ import annotations

THRESHOLD: dict[str, object] = {
    "type": ["number", "null"],
    "minimum": 0,
    "maximum": 1,
    "default": None,
    "description": "The least score that passes; without it there is no verdict.",
}
"""The parameter."""


def passes(score: float, threshold: float | None) -> bool | None:
    """Return the verdict, None without a threshold."""
    return None if threshold is None else score >= threshold
