"""What people say of results: a queue of results that need it, and their reviews."""

from __future__ import annotations

import enum

import msgspec


class ReviewState(enum.StrEnum):
    """Where a result stands in the queue."""

    WAITING = "waiting"
    IN_REVIEW = "in_review"
    REVIEWED = "reviewed"
    CLOSED = "closed"


class RequestFact(msgspec.Struct, frozen=True, array_like=True):
    """A result that needs so many reviewers."""

    number: int
    item_id: str
    trial: int
    reviewers_wanted: int


class ReviewFact(msgspec.Struct, frozen=True, array_like=True):
    """What one person says of a result on one criterion. The person is the event's actor."""

    number: int
    item_id: str
    trial: int
    criterion: str
    value: float | None = None
    passed: bool | None = None
    label: str = ""
    comment: str = ""


class ReviewsRequested(msgspec.Struct, frozen=True):
    """Results of a run were put into the queue, or need more reviewers."""

    uid: str
    requests: tuple[RequestFact, ...]
    note: str = ""


class ReviewsRecorded(msgspec.Struct, frozen=True):
    """Somebody reviewed results; a review takes the place of their earlier one."""

    uid: str
    reviews: tuple[ReviewFact, ...]


class ReviewsClosed(msgspec.Struct, frozen=True):
    """Nothing more is to be done about results, by number."""

    uid: str
    numbers: tuple[int, ...]
    note: str = ""


def stream_of(uid: str) -> str:
    """The stream of the reviews of a run."""
    return f"run-{uid}/reviews"
