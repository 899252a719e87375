"""ReviewService on the wire."""

from __future__ import annotations

import asyncio
from typing import Any

from trialbook.services.application import review as application
from trialbook.services.application import review_queue as queue
from trialbook.services.application import review_summary as summary
from trialbook.services.application.paging import page_size, read_token, write_token
from trialbook.services.application.ports import Queries, Store, UnitOfWork
from trialbook.services.application.review import (
    ClosedReviews,
    RequestedReviews,
    SubmittedReviews,
)
from trialbook.services.application.review_queue import Claimed, Look, QueuePage
from trialbook.services.application.review_reads import FIRST_PLACE
from trialbook.services.domain.naming import parse_run
from trialbook.services.rpc.caller import author, command, unrepeated
from trialbook.services.rpc.payload import read_duration
from trialbook.services.rpc.result_filter import read_filter
from trialbook.services.rpc.review_message import (
    read_queue,
    read_state,
    read_submission,
    to_agreement,
    to_counts,
    to_entry,
    to_filled_entry,
)
from trialbook.v1 import review_service_pb2 as rpc
from trialbook.v1.review_service_pb2_grpc import ReviewServiceServicer


class ReviewServicer(ReviewServiceServicer):
    """Answers ReviewService."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def RequestReviews(
        self, request: rpc.RequestReviewsRequest, context: Any
    ) -> rpc.RequestReviewsResponse:
        """Put results into the queue."""
        run = parse_run("parent", request.parent)
        wanted = read_filter("filter", request.filter)
        reviewers = application.check_wanted(request.reviewers_wanted)
        application.check_note(request.note)
        caller = command(context, "RequestReviews", request)
        done = await self._store.recall(caller, RequestedReviews)
        if done is not None:
            return rpc.RequestReviewsResponse(changed_count=done.changed_count)
        # Not for the writer's thread: the whole run may have to be looked through.
        keys = await self._store.read(lambda q: application.find(q, *run, wanted))
        changed = 0
        for some in application.batches(keys):
            work = application.requesting(run, some, reviewers, request.note)
            changed += await self._store.transact(caller, work)
        done = await self._store.execute(
            caller, lambda _: RequestedReviews(changed), RequestedReviews
        )
        return rpc.RequestReviewsResponse(changed_count=done.changed_count)

    async def ListReviewEntries(
        self, request: rpc.ListReviewEntriesRequest, context: Any
    ) -> rpc.ListReviewEntriesResponse:
        """List the queue."""
        project, run = read_queue("parent", request.parent)
        state = read_state("state", request.state)
        limit, listing = page_size(request.page_size), f"reviews {request.parent} {request.state}"
        after = read_token(listing, request.page_token, tuple[int, int, int], FIRST_PLACE)
        look = Look(author(context), content=request.include_content, blind=request.blind)

        def query(queries: Queries) -> QueuePage:
            scope = queue.scope_of(queries, project, run)
            return queue.page(queries, scope, state, look, after=after, limit=limit)

        page = await self._store.read(query)
        token = write_token(listing, queue.place_of(page.entries[-1].entry)) if page.more else ""
        return rpc.ListReviewEntriesResponse(
            entries=map(to_filled_entry, page.entries), next_page_token=token
        )

    async def ClaimReviewEntries(
        self, request: rpc.ClaimReviewEntriesRequest, context: Any
    ) -> rpc.ClaimReviewEntriesResponse:
        """Take entries into the caller's hands."""
        project, run = read_queue("parent", request.parent)
        limit = queue.check_limit(request.limit)
        duration = queue.check_duration(
            read_duration(request.duration) if request.HasField("duration") else None
        )
        caller = unrepeated(context, "ClaimReviewEntries")

        def take(uow: UnitOfWork) -> Claimed:
            return queue.claim(uow, queue.scope_of(uow, project, run), limit, duration)

        claimed = await self._store.transact(caller, take)
        filled, unseen = await self._store.read(
            lambda q: queue.show_claimed(q, claimed, caller.actor)
        )
        if unseen:
            # What does not fit into the answer is for others to take.
            await self._store.transact(caller, lambda uow: queue.give_back(uow, unseen))
        return rpc.ClaimReviewEntriesResponse(entries=map(to_filled_entry, filled))

    async def SubmitReviews(
        self, request: rpc.SubmitReviewsRequest, context: Any
    ) -> rpc.SubmitReviewsResponse:
        """Record reviews by the caller."""
        run = parse_run("parent", request.parent)
        submissions = list(map(read_submission, request.reviews))
        application.check_submissions(submissions)
        done = await self._store.execute(
            command(context, "SubmitReviews", request),
            lambda uow: application.submit(uow, run, submissions),
            SubmittedReviews,
        )
        return rpc.SubmitReviewsResponse(
            entries=[to_entry(done.run, entry) for entry in done.entries]
        )

    async def CloseReviews(
        self, request: rpc.CloseReviewsRequest, context: Any
    ) -> rpc.CloseReviewsResponse:
        """Close entries of the queue."""
        run = parse_run("parent", request.parent)
        numbers = application.check_numbers(request.numbers)
        application.check_note(request.note)
        done = await self._store.execute(
            command(context, "CloseReviews", request),
            lambda uow: application.close(uow, run, numbers, request.note),
            ClosedReviews,
        )
        return rpc.CloseReviewsResponse(closed_count=done.closed_count)

    async def GetReviewSummary(
        self, request: rpc.GetReviewSummaryRequest, context: Any
    ) -> rpc.GetReviewSummaryResponse:
        """Tell how far the reviewers agree."""
        run = parse_run("name", request.name)
        told = await self._store.read(lambda q: summary.ratings(q, *run))
        # A large run's take a while, and other calls are to be answered meanwhile.
        found = await asyncio.to_thread(summary.agreements, told)
        return rpc.GetReviewSummaryResponse(
            counts=to_counts(told), agreements=map(to_agreement, found)
        )
