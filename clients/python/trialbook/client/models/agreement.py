"""How far reviewers agree with each other and with the scorers."""

from __future__ import annotations

from dataclasses import dataclass

from trialbook.client.models.codec import optional_number
from trialbook.v1 import review_pb2, review_service_pb2


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """How far two raters, reviewers or `scorer:{alias}`, agree on the `results` that both rated.

    `observed` is the share on which they say the same. `cohen_kappa` is 1 if they always do, 0 for
    chance, None where chance alone gives full agreement; for values it is weighted by squared
    distance.
    """

    first: str
    second: str
    results: int
    observed: float
    cohen_kappa: float | None

    @classmethod
    def from_message(cls, message: review_pb2.PairAgreement) -> PairAgreement:
        """Read it from the contract's message."""
        return cls(
            first=message.first,
            second=message.second,
            results=message.results,
            observed=message.observed,
            cohen_kappa=optional_number(message, "cohen_kappa"),
        )


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far raters agree on one criterion; `field` is "passed", "label" or "value".

    Over the `results` with at least two ratings. `krippendorff_alpha` is 1 if all agree, 0 for
    chance, None where it is not defined.
    """

    criterion: str
    field: str
    results: int
    ratings: int
    krippendorff_alpha: float | None
    pairs: tuple[PairAgreement, ...]

    @classmethod
    def from_message(cls, message: review_pb2.Agreement) -> Agreement:
        """Read it from the contract's message."""
        return cls(
            criterion=message.criterion,
            field=message.field,
            results=message.results,
            ratings=message.ratings,
            krippendorff_alpha=optional_number(message, "krippendorff_alpha"),
            pairs=tuple(map(PairAgreement.from_message, message.pairs)),
        )


@dataclass(frozen=True, slots=True)
class ReviewSummary:
    """How many entries of a run's review queue stand where, and how far raters agree."""

    waiting: int
    in_review: int
    reviewed: int
    closed: int
    agreements: tuple[Agreement, ...]

    @classmethod
    def from_message(cls, message: review_service_pb2.GetReviewSummaryResponse) -> ReviewSummary:
        """Read it from the contract's message."""
        counts = message.counts
        return cls(
            waiting=counts.waiting,
            in_review=counts.in_review,
            reviewed=counts.reviewed,
            closed=counts.closed,
            agreements=tuple(map(Agreement.from_message, message.agreements)),
        )
