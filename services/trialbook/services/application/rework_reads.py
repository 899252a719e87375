"""What the application asks of storage to run, judge or take in results again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

import msgspec

from trialbook.services.application.views import Page, RunView
from trialbook.services.domain.run import ResultStatus, SkipReason, TaskError, TraceReport


class Unit(msgspec.Struct, frozen=True, gc=False):
    """An (item, trial) of a run, by its result's number and the item's place in the dataset."""

    number: int
    ordinal: int
    item_id: str
    trial: int


class RetryTerms(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which results are run again in a round: failed ones, perhaps skipped ones too.

    Only those of these numbers, if any is given.
    """

    round: int
    include_skipped: bool = False
    numbers: tuple[int, ...] = ()


class RecordedOutput(msgspec.Struct, frozen=True, gc=False):
    """What a scorer may judge of a result. Without an output there is none, or it was purged.

    `tells_trajectory` says that a trajectory was reported; `recorded_at` is in microseconds.
    """

    unit: Unit
    status: ResultStatus
    output: str | None
    steps: str | None
    trace: TraceReport | None
    tells_trajectory: bool
    recorded_at: int


class RecordedOutcome(msgspec.Struct, frozen=True, gc=False):
    """What tells whether a result says the same as another."""

    status: ResultStatus
    output: str | None
    error: TaskError | None


class ReworkReads(Protocol):
    """Results of one snapshot, as light as the rework of a run wants them."""

    def retryable(self, run: RunView, terms: RetryTerms, after: int, limit: int) -> list[Unit]:
        """Return what is to be run again, by number, above `after`; without purged items."""
        ...

    def count_retryable(self, run: RunView, terms: RetryTerms) -> int:
        """Return how many results are to be run again."""
        ...

    def known_numbers(self, run: RunView, numbers: Collection[int]) -> set[int]:
        """Return those of these numbers that have a result."""
        ...

    def outcomes(self, run: RunView, numbers: Sequence[int]) -> dict[int, RecordedOutcome]:
        """Return results by number."""
        ...

    def outputs(self, run: RunView, after: int, limit: int) -> Page[RecordedOutput]:
        """Return results above `after`, in order; fewer if their bodies are large."""
        ...

    def units(self, run: RunView, after: int, limit: int) -> list[Unit]:
        """Return what results above `after` stand for, in order."""
        ...

    def scored(
        self, run: RunView, places: Sequence[int], first: int, last: int
    ) -> set[tuple[int, int]]:
        """Return which (number, place) have a score, of the results between two numbers."""
        ...

    def failed_in_round(self, run: RunView) -> int:
        """Return how many results failed in the current round of a run."""
        ...

    def skip_reasons(self, run: RunView) -> set[SkipReason]:
        """Return why results of a run were skipped."""
        ...
