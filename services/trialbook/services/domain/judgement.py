"""What one scorer says of one result."""

from __future__ import annotations

import enum

import msgspec


class ScoreStatus(enum.StrEnum):
    """What became of one score. Only ``SCORED`` carries a value and enters a mean."""

    SCORED = "scored"
    FAILED = "failed"
    NOT_EVALUABLE = "not_evaluable"
    SKIPPED = "skipped"


class Judgement(msgspec.Struct, frozen=True):
    """One scorer's word on one result.

    ``value`` lies in the scorer's declared range and is ``None`` unless the status is ``SCORED``.
    ``passed`` is ``None`` where the scorer gives no verdict. ``label`` is a short machine word, or
    empty; ``reason`` is one short sentence for people; ``evidence`` is JSON text, or ``None``.
    """

    status: ScoreStatus
    value: float | None
    passed: bool | None
    label: str
    reason: str
    evidence: str | None
