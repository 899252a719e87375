"""The calls of EventService."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias

from google.protobuf.timestamp_pb2 import Timestamp

from trialbook.client.errors import invalid_field
from trialbook.client.models.event import EVENT_ORDERS, Event, EventConsumer, EventOrder
from trialbook.client.names import Named, Reference, new_request_id, project_name, resource_name
from trialbook.client.operation import Listing, Operation, Page, nothing
from trialbook.v1 import event_pb2
from trialbook.v1 import event_service_pb2 as service

SUBSCRIBE_METHOD = "EventService/SubscribeEvents"
ALL_PROJECTS = "-"

Words: TypeAlias = str | Iterable[str]
"""One word, or several."""


def scope(project: str, *, all_projects: bool) -> str:
    """Return the project whose events are wanted."""
    return ALL_PROJECTS if all_projects else project


def event_filter(
    *, nouns: Words, kinds: Words, resource: str | Named | None, author: str
) -> event_pb2.EventFilter:
    """Return a filter; a resource is a full name or a model. Raises `InvalidArgument`."""
    name = "" if resource is None else resource if isinstance(resource, str) else resource.name
    return event_pb2.EventFilter(
        nouns=_words(nouns), kinds=_words(kinds), resource=name, author=author
    )


def list_events(
    project: str,
    chosen: event_pb2.EventFilter,
    *,
    order: EventOrder | str | None,
    after_position: int,
    since: datetime | None,
    until: datetime | None,
    with_bodies: bool,
    summary: bool,
    page_size: int,
) -> Listing[Event]:
    """List events."""
    sorting = EventOrder(order or EventOrder.UNSPECIFIED)
    return lambda token: Operation(
        "EventService/ListEvents",
        service.ListEventsRequest(
            parent=project_name(project),
            page_size=page_size,
            page_token=token,
            after_position=after_position,
            order=EVENT_ORDERS.wire_name(sorting),
            filter=chosen,
            start_time=_timestamp(since, "since"),
            end_time=_timestamp(until, "until"),
            with_bodies=with_bodies,
            summary=summary,
        ),
        service.ListEventsResponse,
        lambda answer: Page(
            [Event.from_message(event) for event in answer.events], answer.next_page_token
        ),
    )


def last_position(project: str) -> Operation[service.ListEventsResponse, int]:
    """Return the end of the log."""
    return Operation(
        "EventService/ListEvents",
        service.ListEventsRequest(
            parent=project_name(project),
            page_size=1,
            order=EVENT_ORDERS.wire_name(EventOrder.NEWEST),
        ),
        service.ListEventsResponse,
        lambda answer: answer.last_position,
    )


def subscribe(
    project: str,
    chosen: event_pb2.EventFilter,
    *,
    after_position: int | None,
    consumer: Reference | None,
    with_bodies: bool,
) -> service.SubscribeEventsRequest:
    """Return the first request of a subscription."""
    return service.SubscribeEventsRequest(
        parent=project_name(project),
        after_position=after_position,
        filter=chosen,
        with_bodies=with_bodies,
        consumer="" if consumer is None else resource_name(project, "consumers", consumer),
    )


def acknowledge(
    project: str, consumer: Reference, position: int
) -> Operation[service.AcknowledgeEventsResponse, EventConsumer]:
    """Store how far a consumer has come."""
    return Operation(
        "EventService/AcknowledgeEvents",
        service.AcknowledgeEventsRequest(
            consumer=resource_name(project, "consumers", consumer), position=position
        ),
        service.AcknowledgeEventsResponse,
        lambda answer: EventConsumer.from_message(answer.consumer),
    )


def list_consumers(project: str, page_size: int) -> Listing[EventConsumer]:
    """List the consumers of a project."""
    return lambda token: Operation(
        "EventService/ListConsumers",
        service.ListConsumersRequest(
            parent=project_name(project), page_size=page_size, page_token=token
        ),
        service.ListConsumersResponse,
        lambda answer: Page(
            [EventConsumer.from_message(consumer) for consumer in answer.consumers],
            answer.next_page_token,
        ),
    )


def delete_consumer(
    project: str, consumer: Reference, *, request_id: str | None
) -> Operation[service.DeleteConsumerResponse, None]:
    """Forget a consumer."""
    return Operation(
        "EventService/DeleteConsumer",
        service.DeleteConsumerRequest(
            name=resource_name(project, "consumers", consumer),
            request_id=request_id or new_request_id(),
        ),
        service.DeleteConsumerResponse,
        nothing,
    )


def _words(given: Words) -> list[str]:
    return [given] if isinstance(given, str) and given else list(given)


def _timestamp(moment: datetime | None, field: str) -> Timestamp | None:
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise invalid_field(field, "has no time zone; say datetime.now(UTC), for example")
    timestamp = Timestamp()
    timestamp.FromDatetime(moment)
    return timestamp
