"""What scorers said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from trialbook.client.models.codec import (
    EnumCodec,
    json_of,
    optional_flag,
    optional_number,
    optional_seconds,
    time_of,
)
from trialbook.client.payload import decode
from trialbook.v1 import run_pb2, score_pb2, score_service_pb2


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
    name: str = ""
    """The full name, by which a score is explained."""
    scorer_version: int = 0
    stale: bool = False
    """Whether spans came after it judged a trajectory; told where scores are read, not in runs."""

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
            value=optional_number(message, "value"),
            passed=optional_flag(message, "passed"),
            label=message.label,
            reason=message.reason,
            evidence_json=json_of(message.evidence),
            duration=optional_seconds(message, "duration"),
            name=message.name,
            scorer_version=message.scorer_version,
            stale=message.stale,
        )


@dataclass(frozen=True, slots=True)
class RunScore:
    """A score with the place of its result in the run.

    `number` and `trial` are 0 and `item_id` is empty for a score of the run as a whole.
    """

    number: int
    item_id: str
    trial: int
    score: ResultScore
    record_time: datetime

    @property
    def name(self) -> str:
        """The full name of the score."""
        return self.score.name

    @classmethod
    def from_message(cls, message: score_service_pb2.RunScore) -> RunScore:
        """Read it from the contract's message."""
        return cls(
            number=message.number,
            item_id=message.item_id,
            trial=message.trial,
            score=ResultScore.from_message(message.score),
            record_time=time_of(message.record_time),
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
            mean=optional_number(message, "mean"),
            standard_deviation=optional_number(message, "standard_deviation"),
            minimum=optional_number(message, "minimum"),
            maximum=optional_number(message, "maximum"),
        )
