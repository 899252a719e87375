"""The evidence of a judgement: bounded JSON that leads to the spans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import msgspec

from trialbook.services.trajectory.step import Step
from trialbook.services.trajectory.trajectory import Trajectory

MAXIMUM_BYTES = 64 * 1024
"""How long the evidence of one judgement may be."""

_LIST_LENGTHS = (200, 100, 50, 20, 10, 5, 2, 0)
_MAXIMUM_TEXT = 200
_MAXIMUM_DEPTH = 64


def evidence_json(details: Mapping[str, object], trajectory: Trajectory) -> str:
    """Return the JSON text of details and of the state of the trajectory's evidence.

    Texts are cut after 200 characters. Lists are cut as far as it takes to keep within 64 KiB; one
    that was cut has its full length beside it, under its name and `_total`. Details that are too
    large even so are left out, and `truncated` says it.
    """
    evidence = {
        "source": str(trajectory.source),
        "complete": trajectory.evidence.complete,
        "tools_observable": trajectory.evidence.tools_observable,
        **cast("dict[str, object]", msgspec.to_builtins(trajectory.evidence)),
    }
    for length in _LIST_LENGTHS:
        encoded = msgspec.json.encode(_cut({**details, "evidence": evidence}, length, 0))
        if len(encoded) <= MAXIMUM_BYTES:
            return encoded.decode()
    return msgspec.json.encode(_cut({"truncated": True, "evidence": evidence}, 10, 0)).decode()


def step_entry(step: Step, position: int) -> dict[str, object]:
    """Return how a step is named in evidence: `step` counts all steps, depth first, from 0."""
    return {"step": position, "name": step.name, "spans": span_names(step)}


def span_names(step: Step) -> list[str]:
    """Return the spans behind a step, `<trace id>/<span id>`, the one that counts first."""
    return [f"{span.trace_id}/{span.span_id}" for span in step.spans]


def _cut(value: object, length: int, depth: int) -> object:
    if isinstance(value, str):
        return value if len(value) <= _MAXIMUM_TEXT else value[: _MAXIMUM_TEXT - 1] + "\u2026"
    if depth > _MAXIMUM_DEPTH and isinstance(value, dict | list | tuple):
        return "\u2026"
    if isinstance(value, list | tuple):
        entries = cast("list[object]", value)
        return [_cut(each, length, depth + 1) for each in entries[:length]]
    if isinstance(value, Mapping):
        return _cut_object(cast("Mapping[str, object]", value), length, depth)
    return value


def _cut_object(properties: Mapping[str, object], length: int, depth: int) -> dict[str, object]:
    cut: dict[str, object] = {}
    for name, each in list(properties.items())[: max(length, 20)]:
        shown = name[:_MAXIMUM_TEXT]
        cut[shown] = _cut(each, length, depth + 1)
        if isinstance(each, list | tuple) and len(cast("list[object]", each)) > length:
            cut[f"{shown}_total"] = len(cast("list[object]", each))
    return cut
