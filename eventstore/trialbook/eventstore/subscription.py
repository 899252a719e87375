"""Following the log, from any position in the past into the future."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence

from eventsourcing.persistence import (
    ApplicationRecorder,
    InterfaceError,
    Notification,
    OperationalError,
    Subscription,
)

from trialbook.eventstore.commits import CommitSignal

_log = logging.getLogger(__name__)

_PAGE = 500
_POLL_SECONDS = 1.0


class CatchUpSubscription(Subscription[ApplicationRecorder]):
    """Yields what is in the log already, then what is added, until it is stopped.

    It wakes on the signal of commits. What that does not tell of, such as another process's
    commit while no connection listens, is found by looking once a second. A database that cannot
    be read for a while is asked again, once a second too.
    """

    def __init__(
        self,
        recorder: ApplicationRecorder,
        commits: CommitSignal,
        gt: int | None = None,
        topics: Sequence[str] = (),
    ) -> None:
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        self._commits = commits
        self._position = gt or 0
        self._page: deque[Notification] = deque()

    def stop(self) -> None:
        """End the iteration, from whichever thread; a blocked reader wakes at once."""
        super().stop()
        self._commits.announce()

    def __next__(self) -> Notification:
        """Return the next notification, waiting for it if need be."""
        while not self._has_been_stopped:
            if self._page:
                return self._page.popleft()
            count = self._commits.count
            self._read_page_if_possible()
            if not self._page and not self._has_been_stopped:
                self._commits.wait_beyond(count, _POLL_SECONDS)
        raise StopIteration

    def _read_page_if_possible(self) -> None:
        try:
            self._read_page()
        except (InterfaceError, OperationalError) as error:
            _log.warning("The log cannot be followed for the moment: %s", error)

    def _read_page(self) -> None:
        # The head is read first: what the filter passes over up to there need not be read again.
        head = self._recorder.max_notification_id() or 0
        page = self._recorder.select_notifications(
            start=self._position, limit=_PAGE, topics=self._topics, inclusive_of_start=False
        )
        self._page.extend(page)
        seen = page[-1].id if page else self._position
        self._position = seen if len(page) == _PAGE else max(seen, head)
