"""Reviews, as `Client.reviews`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from trialbook.client.blocking.transport import BlockingTransport
from trialbook.client.models.agreement import ReviewSummary
from trialbook.client.models.result_filter import ResultFilter
from trialbook.client.models.review import ReviewEntry, ReviewState, ReviewSubmission
from trialbook.client.names import Reference
from trialbook.client.requests import review as requests


class Reviews:
    """What people say of results, and the queue of what waits for them."""

    def __init__(self, transport: BlockingTransport, project: str) -> None:
        self._transport = transport
        self._project = project

    def request(
        self,
        run: Reference,
        results: ResultFilter | None = None,
        *,
        reviewers_wanted: int = 1,
        note: str = "",
        request_id: str | None = None,
    ) -> int:
        """Put results of a run, by default all but skipped ones, into the review queue.

        Each needs `reviewers_wanted` reviewers, 1 to 100. Asks for more of those that are there,
        and opens closed ones again. Returns how many entries were made or changed.
        """
        operation = requests.request_reviews(
            self._project,
            run,
            results=results,
            reviewers_wanted=reviewers_wanted,
            note=note,
            request_id=request_id,
        )
        return self._transport.execute(operation)

    def entries(
        self,
        run: Reference | None = None,
        *,
        state: ReviewState | str | None = None,
        include_content: bool = False,
        blind: bool = False,
        page_size: int = 0,
    ) -> Iterator[ReviewEntry]:
        """Iterate over the queue of a run, or of the project, oldest first.

        `include_content` brings the results with scores and items. `blind` leaves out the scores
        and what others say.
        """
        listing = requests.list_review_entries(
            self._project,
            run,
            state=state,
            include_content=include_content,
            blind=blind,
            page_size=page_size,
        )
        return self._transport.pages(listing)

    def claim(
        self,
        run: Reference | None = None,
        *,
        limit: int = 1,
        duration: float | timedelta | None = None,
    ) -> list[ReviewEntry]:
        """Take up to `limit`, 1 to 100, waiting entries of a run or the project into one's hands.

        For `duration` seconds, 1 to 86,400, default 900. Those that one holds already come first,
        with their time prolonged. They come with results and items, without scores and reviews.
        """
        operation = requests.claim_review_entries(
            self._project, run, limit=limit, duration=duration
        )
        return self._transport.execute(operation)

    def submit(
        self,
        run: Reference,
        reviews: Iterable[ReviewSubmission],
        *,
        request_id: str | None = None,
    ) -> list[ReviewEntry]:
        """Record 1 to 1,000 reviews, all or none; return the entries of their results.

        A result need not be in the queue. `FailedPrecondition` for results that are skipped or not
        there yet.
        """
        operation = requests.submit_reviews(self._project, run, reviews, request_id=request_id)
        return self._transport.execute(operation)

    def close(
        self,
        run: Reference,
        numbers: Iterable[int],
        *,
        note: str = "",
        request_id: str | None = None,
    ) -> int:
        """Close entries, by the numbers of their results; return how many this call closed."""
        operation = requests.close_reviews(
            self._project, run, numbers, note=note, request_id=request_id
        )
        return self._transport.execute(operation)

    def summary(self, run: Reference) -> ReviewSummary:
        """Return how far the reviews of a run are, and how far raters agree."""
        return self._transport.execute(requests.get_review_summary(self._project, run))
