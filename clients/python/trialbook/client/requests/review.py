"""The calls of ReviewService."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from trialbook.client.models.agreement import ReviewSummary
from trialbook.client.models.codec import duration_of
from trialbook.client.models.result_filter import ResultFilter
from trialbook.client.models.review import (
    REVIEW_STATES,
    ReviewEntry,
    ReviewState,
    ReviewSubmission,
)
from trialbook.client.names import Reference, new_request_id, project_name, resource_name
from trialbook.client.operation import LONG_TIMEOUT, Listing, Operation, Page
from trialbook.v1 import review_pb2
from trialbook.v1 import review_service_pb2 as service


def request_reviews(
    project: str,
    run: Reference,
    *,
    results: ResultFilter | None,
    reviewers_wanted: int,
    note: str,
    request_id: str | None,
) -> Operation[service.RequestReviewsResponse, int]:
    """Put results into the review queue."""
    return Operation(
        "ReviewService/RequestReviews",
        service.RequestReviewsRequest(
            parent=resource_name(project, "runs", run),
            filter=None if results is None else results.to_message(),
            reviewers_wanted=reviewers_wanted,
            note=note,
            request_id=request_id or new_request_id(),
        ),
        service.RequestReviewsResponse,
        lambda answer: answer.changed_count,
        timeout=LONG_TIMEOUT,
    )


def list_review_entries(
    project: str,
    run: Reference | None,
    *,
    state: ReviewState | str | None,
    include_content: bool,
    blind: bool,
    page_size: int,
) -> Listing[ReviewEntry]:
    """List the queue of a run or of a project."""
    parent = _parent(project, run)
    wanted = REVIEW_STATES.wire_name(ReviewState(state or ReviewState.UNSPECIFIED))
    return lambda token: Operation(
        "ReviewService/ListReviewEntries",
        service.ListReviewEntriesRequest(
            parent=parent,
            page_size=page_size,
            page_token=token,
            state=wanted,
            include_content=include_content,
            blind=blind,
        ),
        service.ListReviewEntriesResponse,
        lambda answer: Page(_entries(answer.entries), answer.next_page_token),
    )


def claim_review_entries(
    project: str, run: Reference | None, *, limit: int, duration: float | timedelta | None
) -> Operation[service.ClaimReviewEntriesResponse, list[ReviewEntry]]:
    """Take entries into the caller's hands."""
    return Operation(
        "ReviewService/ClaimReviewEntries",
        service.ClaimReviewEntriesRequest(
            parent=_parent(project, run),
            limit=limit,
            duration=None if duration is None else duration_of(duration),
        ),
        service.ClaimReviewEntriesResponse,
        lambda answer: _entries(answer.entries),
    )


def submit_reviews(
    project: str,
    run: Reference,
    reviews: Iterable[ReviewSubmission],
    *,
    request_id: str | None,
) -> Operation[service.SubmitReviewsResponse, list[ReviewEntry]]:
    """Record reviews."""
    return Operation(
        "ReviewService/SubmitReviews",
        service.SubmitReviewsRequest(
            parent=resource_name(project, "runs", run),
            reviews=[review.to_message() for review in reviews],
            request_id=request_id or new_request_id(),
        ),
        service.SubmitReviewsResponse,
        lambda answer: _entries(answer.entries),
    )


def close_reviews(
    project: str,
    run: Reference,
    numbers: Iterable[int],
    *,
    note: str,
    request_id: str | None,
) -> Operation[service.CloseReviewsResponse, int]:
    """Close entries of the queue."""
    return Operation(
        "ReviewService/CloseReviews",
        service.CloseReviewsRequest(
            parent=resource_name(project, "runs", run),
            numbers=numbers,
            note=note,
            request_id=request_id or new_request_id(),
        ),
        service.CloseReviewsResponse,
        lambda answer: answer.closed_count,
    )


def get_review_summary(
    project: str, run: Reference
) -> Operation[service.GetReviewSummaryResponse, ReviewSummary]:
    """Tell how far the reviews of a run are, and how far the reviewers agree."""
    return Operation(
        "ReviewService/GetReviewSummary",
        service.GetReviewSummaryRequest(name=resource_name(project, "runs", run)),
        service.GetReviewSummaryResponse,
        ReviewSummary.from_message,
        timeout=LONG_TIMEOUT,
    )


def _parent(project: str, run: Reference | None) -> str:
    return project_name(project) if run is None else resource_name(project, "runs", run)


def _entries(messages: Iterable[review_pb2.ReviewEntry]) -> list[ReviewEntry]:
    return [ReviewEntry.from_message(message) for message in messages]
