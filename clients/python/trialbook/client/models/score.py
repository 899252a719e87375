"""What scorers said."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from trialbook.client.models.codec import EnumCodec, json_of, seconds_of
from trialbook.client.payload import decode
from trialbook.v1 import run_pb2, score_pb2


class ScoreStatus(StrEnum):
    """Whether a scorer came to a judgement."""

    UNSPECIFIED = "unspecified"
    SCORED = "scored"
    FAILED = "failed"
    NOT_EVALUABLE = "not_evaluable"
    SKIPPED = "skipped"


SCORE_STATUSES: Final = EnumCodec(ScoreStatus, score_pb2.ScoreStatus, "SCORE_STATUS")


@dataclass(frozen=True, slots=True)
class ResultScore:
    """What one scorer said of one result. `value` is set if and only if the status is scored."""

    scorer: str
    status: ScoreStatus
    value: float | None
    passed: bool | None
    label: str
    reason: str
    evidence_json: str | None
    duration: float | None
    """Seconds, where the scorer ran in a worker."""

    @property
    def evidence(self) -> Any:
        """What the judgement rests on; None if the scorer does not say."""
        return None if self.evidence_json is None else decode(self.evidence_json)

    @classmethod
    def from_message(cls, message: score_pb2.Score) -> ResultScore:
        """Read it from the contract's message."""
        return cls(
            scorer=message.scorer,
            status=SCORE_STATUSES.member(message.status),
            value=message.value if message.HasField("value") else None,
            passed=message.passed if message.HasField("passed") else None,
            label=message.label,
            reason=message.reason,
            evidence_json=json_of(message.evidence),
            duration=seconds_of(message.duration) if message.HasField("duration") else None,
        )


@dataclass(frozen=True, slots=True)
class ScorerSummary:
    """What one scorer said of a run so far. Means are over the `scored` ones only."""

    scorer: str
    scored: int
    failed: int
    not_evaluable: int
    skipped: int
    passed: int
    not_passed: int
    mean: float | None
    standard_deviation: float | None
    minimum: float | None
    maximum: float | None

    @classmethod
    def from_message(cls, message: run_pb2.ScorerSummary) -> ScorerSummary:
        """Read it from the contract's message."""
        return cls(
            scorer=message.scorer,
            scored=message.scored,
            failed=message.failed,
            not_evaluable=message.not_evaluable,
            skipped=message.skipped,
            passed=message.passed,
            not_passed=message.not_passed,
            mean=message.mean if message.HasField("mean") else None,
            standard_deviation=(
                message.standard_deviation if message.HasField("standard_deviation") else None
            ),
            minimum=message.minimum if message.HasField("minimum") else None,
            maximum=message.maximum if message.HasField("maximum") else None,
        )
