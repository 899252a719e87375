"""One subscriber: the past from the log, then the present as it becomes past."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

from trialbook.services.application.event import Detail, EventPage, Selection, Span
from trialbook.services.application.ports import Store
from trialbook.services.domain.errors import ShuttingDown
from trialbook.services.rpc.event_message import to_event
from trialbook.services.rpc.tail import PAGE, Tail
from trialbook.v1 import event_service_pb2 as rpc

SIGN_OF_LIFE = 15.0
"""Seconds between messages when nothing fits."""
_PROGRESS = 1.0
"""Seconds between messages while much of the past is read and nothing fits."""


class Subscription:
    """Tells events in order, each once; it keeps nothing but its position."""

    def __init__(
        self, store: Store, tail: Tail, selection: Selection, *, with_bodies: bool
    ) -> None:
        self._store = store
        self._tail = tail
        self._selection = selection
        self._detail = Detail(with_bodies=with_bodies)

    async def after(self, position: int) -> AsyncIterator[rpc.SubscribeEventsResponse]:
        """Yield messages without end. Raises ShuttingDown if the service goes away."""
        told_at = -SIGN_OF_LIFE
        with self._tail.followed(self._selection):
            while True:
                seen = self._tail.signal.count
                page = await self._page(position)
                position = page.reached
                patience = _PROGRESS if page.more else SIGN_OF_LIFE
                if page.rows or time.monotonic() - told_at >= patience:
                    told_at = time.monotonic()
                    yield rpc.SubscribeEventsResponse(
                        events=map(to_event, page.rows), through_position=position
                    )
                if self._tail.draining:
                    raise ShuttingDown
                if not page.more:
                    rest = told_at + SIGN_OF_LIFE - time.monotonic()
                    await self._tail.signal.wait(seen, rest)

    async def _page(self, position: int) -> EventPage:
        page = self._tail.page(self._selection, position)
        if page is not None and not (page.rows and self._detail.with_bodies):
            return page
        return await self._store.read(
            lambda queries: queries.events.page(
                self._selection, Span(after=position), PAGE, self._detail
            )
        )
