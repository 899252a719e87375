"""Where a subscriber to the log stands, over any number of broken streams."""

from __future__ import annotations

import time
from typing import Final

from trialbook.client.errors import TrialbookError, Unavailable
from trialbook.client.models.event import Event, EventBatch
from trialbook.client.retry import Backoff
from trialbook.v1.event_service_pb2 import SubscribeEventsRequest, SubscribeEventsResponse

DEFAULT_PATIENCE: Final = 60.0


class SubscriptionCursor:
    """Makes each request of a subscription, and drops what was seen.

    It gives up when nothing has come for `patience` seconds of trying.
    """

    def __init__(
        self,
        request: SubscribeEventsRequest,
        patience: float = DEFAULT_PATIENCE,
        backoff: Backoff | None = None,
    ) -> None:
        self._request = request
        self._through = -1
        self._patience = patience
        self._backoff = backoff or Backoff()
        self._last_message = time.monotonic()

    @property
    def request(self) -> SubscribeEventsRequest:
        """What to ask for now: as at first, or after what was told."""
        request = SubscribeEventsRequest()
        request.CopyFrom(self._request)
        if self._through >= 0:
            request.after_position = self._through
        return request

    def accept(self, message: SubscribeEventsResponse) -> EventBatch:
        """Return what is new in a message."""
        before = self._through
        events = tuple(Event.from_message(e) for e in message.events if e.position > before)
        newest = events[-1].position if events else 0
        self._through = max(before, message.through_position, newest)
        self._last_message = time.monotonic()
        self._backoff.reset()
        return EventBatch(events, self._through)

    def delay_after_close(self) -> float:
        """Return the wait before the next stream; a subscription has no end of its own."""
        return self._backoff.next_delay()

    def delay_after(self, error: TrialbookError) -> float:
        """Return the wait before the next stream; raise `error` if it is of no use."""
        waited = time.monotonic() - self._last_message
        if not isinstance(error, Unavailable) or waited > self._patience:
            raise error
        return self._backoff.next_delay(error.retry_delay)
