"""What people say of results."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from trialbook.client.models.codec import (
    EnumCodec,
    optional_flag,
    optional_number,
    optional_time,
    time_of,
)
from trialbook.client.models.result import Result
from trialbook.v1 import review_pb2, review_service_pb2


class ReviewState(StrEnum):
    """Where a result stands in the review queue; unspecified if it never was in it."""

    UNSPECIFIED = "unspecified"
    WAITING = "waiting"
    IN_REVIEW = "in_review"
    REVIEWED = "reviewed"
    CLOSED = "closed"


REVIEW_STATES: Final = EnumCodec(ReviewState, review_pb2.ReviewState, "REVIEW_STATE")


@dataclass(frozen=True, slots=True)
class ReviewSubmission:
    """A review to submit, of the result of that number. It must say something.

    `criterion` is what is judged, default "overall"; another review of the same result and
    criterion by the same reviewer takes the place of the one before.
    """

    number: int
    value: float | None = None
    passed: bool | None = None
    label: str = ""
    comment: str = ""
    criterion: str = ""

    def to_message(self) -> review_service_pb2.ReviewSubmission:
        """Write it as the contract's message."""
        return review_service_pb2.ReviewSubmission(
            number=self.number,
            review=review_pb2.Review(
                criterion=self.criterion,
                value=self.value,
                passed=self.passed,
                label=self.label,
                comment=self.comment,
            ),
        )


@dataclass(frozen=True, slots=True)
class Review:
    """What one person says of one result on one criterion."""

    name: str
    reviewer: str
    criterion: str
    value: float | None
    passed: bool | None
    label: str
    comment: str
    create_time: datetime

    @classmethod
    def from_message(cls, message: review_pb2.Review) -> Review:
        """Read it from the contract's message."""
        return cls(
            name=message.name,
            reviewer=message.reviewer,
            criterion=message.criterion,
            value=optional_number(message, "value"),
            passed=optional_flag(message, "passed"),
            label=message.label,
            comment=message.comment,
            create_time=time_of(message.create_time),
        )


@dataclass(frozen=True, slots=True)
class ReviewEntry:
    """A result in the review queue, with its reviews, oldest first.

    `result` is its full name; `content`, set where it is asked for, the result itself with its
    scores and item. `claimed_by` have it in hand until `claim_expire_time`.
    """

    result: str
    item_id: str
    trial: int
    state: ReviewState
    reviewers_wanted: int
    claimed_by: tuple[str, ...]
    claim_expire_time: datetime | None
    author: str
    note: str
    create_time: datetime
    reviews: tuple[Review, ...]
    content: Result | None

    @property
    def number(self) -> int:
        """The result's number in the run."""
        return int(self.result.rpartition("/")[2])

    @classmethod
    def from_message(cls, message: review_pb2.ReviewEntry) -> ReviewEntry:
        """Read it from the contract's message."""
        content = message.content if message.HasField("content") else None
        return cls(
            result=message.result,
            item_id=message.item_id,
            trial=message.trial,
            state=REVIEW_STATES.member(message.state),
            reviewers_wanted=message.reviewers_wanted,
            claimed_by=tuple(message.claimed_by),
            claim_expire_time=optional_time(message, "claim_expire_time"),
            author=message.author,
            note=message.note,
            create_time=time_of(message.create_time),
            reviews=tuple(map(Review.from_message, message.reviews)),
            content=None if content is None else Result.from_message(content),
        )
