"""Scores with what was judged, and how they came about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from trialbook.client.models.codec import time_of
from trialbook.client.models.experiment import Target
from trialbook.client.models.item import DatasetItem
from trialbook.client.models.result import Result
from trialbook.client.models.review import Review
from trialbook.client.models.score import RunScore
from trialbook.client.models.scorer_spec import Scorer
from trialbook.v1 import score_service_pb2


@dataclass(frozen=True, slots=True)
class JudgedScore:
    """One score, with the result that was judged; None for a score of the run as a whole."""

    score: RunScore
    result: Result | None

    @classmethod
    def from_message(cls, message: score_service_pb2.GetScoreResponse) -> JudgedScore:
        """Read it from the contract's message."""
        return cls(RunScore.from_message(message.score), _result(message))


@dataclass(frozen=True, slots=True)
class ScoreCause:
    """One fact on the way to a score: `position` is that of its event in the log.

    `kind` is the event's, `explanation` one sentence, `command` what wrote it, and `reason` why, if
    that was said.
    """

    position: int
    kind: str
    explanation: str
    author: str
    command: str
    reason: str
    record_time: datetime

    @classmethod
    def from_message(cls, message: score_service_pb2.ScoreCause) -> ScoreCause:
        """Read it from the contract's message."""
        return cls(
            position=message.position,
            kind=message.kind,
            explanation=message.explanation,
            author=message.author,
            command=message.command,
            reason=message.reason,
            record_time=time_of(message.record_time),
        )


@dataclass(frozen=True, slots=True)
class ScoreExplanation:
    """How a score came about: scorer, result, item and target as they were, and the facts in order.

    `result` and `item` are None for a score of the run as a whole, `item` also if it was purged.
    """

    score: RunScore
    scorer: Scorer
    result: Result | None
    item: DatasetItem | None
    target: Target
    causes: tuple[ScoreCause, ...]
    reviews: tuple[Review, ...]

    @classmethod
    def from_message(cls, message: score_service_pb2.ExplainScoreResponse) -> ScoreExplanation:
        """Read it from the contract's message."""
        return cls(
            score=RunScore.from_message(message.score),
            scorer=Scorer.from_message(message.scorer),
            result=_result(message),
            item=DatasetItem.from_message(message.item) if message.HasField("item") else None,
            target=Target.from_message(message.target),
            causes=tuple(map(ScoreCause.from_message, message.causes)),
            reviews=tuple(map(Review.from_message, message.reviews)),
        )


def _result(
    message: score_service_pb2.GetScoreResponse | score_service_pb2.ExplainScoreResponse,
) -> Result | None:
    return Result.from_message(message.result) if message.HasField("result") else None
