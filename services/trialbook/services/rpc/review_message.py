"""Reviews and the review queue on the wire."""

from __future__ import annotations

from trialbook.services.application.review import OVERALL, Submission
from trialbook.services.application.review_queue import FilledEntry
from trialbook.services.application.review_summary import Agreement, PairAgreement, RatingsOfRun
from trialbook.services.application.views import ReviewEntryView, ReviewView, RunView
from trialbook.services.domain.errors import Invalid
from trialbook.services.domain.naming import parse_project, parse_run, result_name
from trialbook.services.domain.review import ReviewState
from trialbook.services.rpc.payload import write_time
from trialbook.services.rpc.result import to_result
from trialbook.v1 import review_pb2 as pb
from trialbook.v1 import review_service_pb2 as rpc

STATES = {
    ReviewState.WAITING: pb.REVIEW_STATE_WAITING,
    ReviewState.IN_REVIEW: pb.REVIEW_STATE_IN_REVIEW,
    ReviewState.REVIEWED: pb.REVIEW_STATE_REVIEWED,
    ReviewState.CLOSED: pb.REVIEW_STATE_CLOSED,
}


def read_queue(path: str, name: str) -> tuple[str, str | None]:
    """Return project and run id of a run's name; None for the id in a project's. Raises Invalid."""
    if "/runs" in name:
        return parse_run(path, name)
    return parse_project(path, name), None


def read_state(path: str, number: int) -> ReviewState | None:
    """Return a state; None if it is not specified. Raises Invalid for an unknown one."""
    if number == pb.REVIEW_STATE_UNSPECIFIED:
        return None
    for state, known in STATES.items():
        if known == number:
            return state
    raise Invalid.field(path, f"{number} is no state of this version")


def read_submission(given: rpc.ReviewSubmission) -> Submission:
    """Return a review on its way in."""
    review = given.review
    return Submission(
        number=given.number,
        criterion=review.criterion or OVERALL,
        value=review.value if review.HasField("value") else None,
        passed=review.passed if review.HasField("passed") else None,
        label=review.label,
        comment=review.comment,
    )


def to_filled_entry(filled: FilledEntry) -> pb.ReviewEntry:
    """Return an entry of the queue, with the result if it was asked for."""
    entry = to_entry(filled.run, filled.entry)
    if filled.content is not None:
        entry.content.CopyFrom(to_result(filled.run, filled.content))
    return entry


def to_entry(run: RunView, view: ReviewEntryView) -> pb.ReviewEntry:
    """Return an entry of the queue without its result."""
    name = result_name(run.project, run.run_id, view.number)
    return pb.ReviewEntry(
        result=name,
        item_id=view.item_id,
        trial=view.trial,
        state=STATES[view.state],
        reviewers_wanted=view.reviewers_wanted,
        claimed_by=[reviewer for reviewer, _ in view.claims],
        claim_expire_time=(
            write_time(max(expires_at for _, expires_at in view.claims)) if view.claims else None
        ),
        author=view.author,
        note=view.note,
        create_time=write_time(view.created_at),
        reviews=[to_review(name, review) for review in view.reviews],
    )


def to_review(result: str, view: ReviewView) -> pb.Review:
    """Return a review of a result."""
    return pb.Review(
        name=f"{result}/reviews/{view.reviewer}",
        reviewer=view.reviewer,
        criterion=view.criterion,
        value=view.value,
        passed=view.passed,
        label=view.label,
        comment=view.comment,
        create_time=write_time(view.created_at),
    )


def to_counts(told: RatingsOfRun) -> pb.ReviewCounts:
    """Return how many entries of a run stand where."""
    return pb.ReviewCounts(
        waiting=told.counts[ReviewState.WAITING],
        in_review=told.counts[ReviewState.IN_REVIEW],
        reviewed=told.counts[ReviewState.REVIEWED],
        closed=told.counts[ReviewState.CLOSED],
    )


def to_agreement(agreement: Agreement) -> pb.Agreement:
    """Return how far raters agree on one criterion."""
    return pb.Agreement(
        criterion=agreement.criterion,
        field=agreement.field,
        results=agreement.results,
        ratings=agreement.ratings,
        krippendorff_alpha=agreement.krippendorff_alpha,
        pairs=map(_to_pair, agreement.pairs),
    )


def _to_pair(pair: PairAgreement) -> pb.PairAgreement:
    return pb.PairAgreement(
        first=pair.first,
        second=pair.second,
        results=pair.results,
        observed=pair.observed,
        cohen_kappa=pair.cohen_kappa,
    )
