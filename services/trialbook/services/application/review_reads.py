"""What the application asks of storage about the review queue and the reviews."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from trialbook.services.application.views import ReviewEntryView, ReviewView
from trialbook.services.domain.review import ReviewState

Place = tuple[int, int, int]
"""Where an entry stands in the queue: when it was made, the run's number, its own number."""
FIRST_PLACE: Place = (0, 0, 0)
Claims = tuple[tuple[str, int], ...]
"""Who has an entry in hand, and until when."""


class QueueScope(msgspec.Struct, frozen=True):
    """The queue of one run, by number, or of a whole project."""

    project: str
    run: int | None = None


class Rating(msgspec.Struct, frozen=True):
    """What one reviewer, or one scorer of the run by its place, says of a result."""

    number: int
    rater: str | int
    criterion: str
    value: float | None
    passed: bool | None
    label: str


class ReviewReads(Protocol):
    """The queue of one snapshot. Entries come without their reviews and claims."""

    def entries(
        self, scope: QueueScope, state: ReviewState | None, after: Place, limit: int
    ) -> list[ReviewEntryView]:
        """Return entries that stand after a place, the oldest first."""
        ...

    def entries_of(self, run: int, numbers: Sequence[int]) -> dict[int, ReviewEntryView]:
        """Return the entries of results, by number."""
        ...

    def reviews(
        self, run: int, numbers: Sequence[int], reviewer: str | None = None
    ) -> Mapping[int, list[ReviewView]]:
        """Return the reviews of results, the oldest first: all, or those of one reviewer."""
        ...

    def claims(self, run: int, numbers: Sequence[int], now: int) -> Mapping[int, Claims]:
        """Return who has results in hand."""
        ...

    def counts(self, run: int) -> dict[ReviewState, int]:
        """Return how many entries of a run stand where."""
        ...

    def ratings(self, run: int) -> list[Rating]:
        """Return all that reviewers say of a run's results, in order of the results."""
        ...

    def scorer_ratings(self, run: int, places: Sequence[int], criterion: str) -> list[Rating]:
        """Return what scorers say of the results that somebody has reviewed on a criterion."""
        ...


class ReviewTable(ReviewReads, Protocol):
    """The same, and claims, which are operational rows and not events."""

    def held(self, scope: QueueScope, reviewer: str, now: int, limit: int) -> list[ReviewEntryView]:
        """Return entries that need reviewers and that this one has in hand, the oldest first."""
        ...

    def free(self, scope: QueueScope, reviewer: str, now: int, limit: int) -> list[ReviewEntryView]:
        """Return entries that this reviewer may take, the oldest first.

        They need reviewers, more than have them in hand; this one has neither reviewed them nor
        has them in hand.
        """
        ...

    def claim(self, entries: Sequence[ReviewEntryView], reviewer: str, expires_at: int) -> None:
        """Give entries into a reviewer's hands until then."""
        ...

    def release(self, run: int, numbers: Sequence[int], reviewer: str | None = None) -> None:
        """Take results out of the hands of one reviewer, or of all."""
        ...

    def forget_expired(self, now: int) -> None:
        """Drop the claims whose time is over."""
        ...
