"""The log, as `Client.events`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

from trialbook.client.blocking.transport import BlockingTransport
from trialbook.client.errors import TrialbookError
from trialbook.client.models.event import Event, EventBatch, EventConsumer, EventOrder
from trialbook.client.names import Named, Reference
from trialbook.client.requests import event as requests
from trialbook.client.requests.event import Words
from trialbook.client.subscription import DEFAULT_PATIENCE, SubscriptionCursor
from trialbook.v1.event_service_pb2 import SubscribeEventsResponse


class Events:
    """What happened: facts of the log, one by one. A consumer is given by id, full name or model.

    `nouns` and `kinds` are words of the reference of events, say "dataset" and "items_added";
    `resource` is a full name or a model, with what lies below it.
    """

    def __init__(self, transport: BlockingTransport, project: str) -> None:
        self._transport = transport
        self._project = project

    def list(
        self,
        *,
        nouns: Words = (),
        kinds: Words = (),
        resource: str | Named | None = None,
        author: str = "",
        order: EventOrder | str | None = None,
        after_position: int = 0,
        since: datetime | None = None,
        until: datetime | None = None,
        with_bodies: bool = False,
        summary: bool = False,
        all_projects: bool = False,
        page_size: int = 0,
    ) -> Iterator[Event]:
        """Iterate over what was recorded so far, oldest or newest first.

        `since` is included, `until` is not. With `summary` one event stands for up to 250 facts.
        """
        listing = requests.list_events(
            requests.scope(self._project, all_projects=all_projects),
            requests.event_filter(nouns=nouns, kinds=kinds, resource=resource, author=author),
            order=order,
            after_position=after_position,
            since=since,
            until=until,
            with_bodies=with_bodies,
            summary=summary,
            page_size=page_size,
        )
        return self._transport.pages(listing)

    def last_position(self) -> int:
        """Return the end of the log: what is recorded from now on comes after it."""
        return self._transport.execute(requests.last_position(self._project))

    def subscribe(
        self,
        *,
        nouns: Words = (),
        kinds: Words = (),
        resource: str | Named | None = None,
        author: str = "",
        after: int | None = None,
        consumer: Reference | None = None,
        with_bodies: bool = False,
        all_projects: bool = False,
        patience: float = DEFAULT_PATIENCE,
    ) -> Iterator[EventBatch]:
        """Iterate over what was recorded after a position, then over what is recorded, for ever.

        Without `after` a `consumer` goes on after what it acknowledged last, everyone else begins
        at the first event. Goes on by itself after a broken connection, without losing or doubling
        an event; raises when nothing came for `patience` seconds of trying. Batches without events
        come too, as a sign of life, and tell how far the log has been read.
        """
        request = requests.subscribe(
            requests.scope(self._project, all_projects=all_projects),
            requests.event_filter(nouns=nouns, kinds=kinds, resource=resource, author=author),
            after_position=after,
            consumer=consumer,
            with_bodies=with_bodies,
        )
        cursor = SubscriptionCursor(request, patience)
        while True:
            try:
                for message in self._transport.stream(
                    requests.SUBSCRIBE_METHOD, cursor.request, SubscribeEventsResponse
                ):
                    yield cursor.accept(message)
                delay = cursor.delay_after_close()
            except TrialbookError as error:
                delay = cursor.delay_after(error)
            time.sleep(delay)

    def acknowledge(
        self, consumer: Reference, position: int, *, all_projects: bool = False
    ) -> EventConsumer:
        """Store that a consumer is done with everything up to a position.

        `Aborted` if it has acknowledged a later one, `OutOfRange` beyond the end of the log.
        """
        scope = requests.scope(self._project, all_projects=all_projects)
        return self._transport.execute(requests.acknowledge(scope, consumer, position))

    def consumers(
        self, *, all_projects: bool = False, page_size: int = 0
    ) -> Iterator[EventConsumer]:
        """Iterate over the consumers of the project, or over those that read all projects."""
        scope = requests.scope(self._project, all_projects=all_projects)
        return self._transport.pages(requests.list_consumers(scope, page_size))

    def delete_consumer(
        self, consumer: Reference, *, all_projects: bool = False, request_id: str | None = None
    ) -> None:
        """Forget how far a consumer has come. `NotFound` if it never acknowledged anything."""
        scope = requests.scope(self._project, all_projects=all_projects)
        operation = requests.delete_consumer(scope, consumer, request_id=request_id)
        self._transport.execute(operation)
