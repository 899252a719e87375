"""EventService on the wire."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from trialbook.services.application import consumer as consumers
from trialbook.services.application.event import (
    ConsumerView,
    Detail,
    EventPage,
    Selection,
    Span,
    require_reached,
    require_scope,
)
from trialbook.services.application.paging import cut_page, page_size, read_token, write_token
from trialbook.services.application.ports import Queries, Store, UnitOfWork
from trialbook.services.domain.errors import Invalid
from trialbook.services.domain.naming import parse_consumer, parse_projects
from trialbook.services.rpc.caller import command, unrepeated
from trialbook.services.rpc.event_message import (
    read_moment,
    read_selection,
    require_listable,
    to_consumer,
    to_event,
)
from trialbook.services.rpc.subscription import Subscription
from trialbook.services.rpc.tail import Tail
from trialbook.v1 import event_service_pb2 as rpc
from trialbook.v1.event_service_pb2_grpc import EventServiceServicer

_FIRST_PAGE = -1


class EventServicer(EventServiceServicer):
    """Answers EventService."""

    def __init__(self, store: Store, tail: Tail) -> None:
        self._store = store
        self._tail = tail

    async def ListEvents(
        self, request: rpc.ListEventsRequest, context: Any
    ) -> rpc.ListEventsResponse:
        """List events."""
        page = await self._store.read(_listing(request))
        token = write_token(_listing_name(request), page.reached) if page.more else ""
        return rpc.ListEventsResponse(
            events=map(to_event, page.rows), next_page_token=token, last_position=page.end
        )

    async def SubscribeEvents(
        self, request: rpc.SubscribeEventsRequest, context: Any
    ) -> AsyncIterator[rpc.SubscribeEventsResponse]:
        """Stream events."""
        selection = read_selection(parse_projects("parent", request.parent), request.filter)
        position = await self._store.read(_beginning(request, selection))
        subscription = Subscription(
            self._store, self._tail, selection, with_bodies=request.with_bodies
        )
        async for response in subscription.after(position):
            yield response

    async def AcknowledgeEvents(
        self, request: rpc.AcknowledgeEventsRequest, context: Any
    ) -> rpc.AcknowledgeEventsResponse:
        """Store how far a consumer has come."""
        project, consumer = parse_consumer("consumer", request.consumer)

        def work(uow: UnitOfWork) -> tuple[ConsumerView, int]:
            view = consumers.acknowledge(uow, project, consumer, request.position)
            return view, uow.events.last_position()

        view, last = await self._store.transact(unrepeated(context, "AcknowledgeEvents"), work)
        return rpc.AcknowledgeEventsResponse(consumer=to_consumer(view, last))

    async def ListConsumers(
        self, request: rpc.ListConsumersRequest, context: Any
    ) -> rpc.ListConsumersResponse:
        """List consumers by name."""
        project = parse_projects("parent", request.parent)
        listing, limit = f"consumers {request.parent}", page_size(request.page_size)
        after = read_token(listing, request.page_token, str, "")

        def query(queries: Queries) -> tuple[list[ConsumerView], int]:
            found = queries.consumers.page(project, after, limit + 1)
            return found, queries.events.last_position()

        views, last = await self._store.read(query)
        page, token = cut_page(listing, views, limit, lambda view: view.consumer_id)
        return rpc.ListConsumersResponse(
            consumers=[to_consumer(view, last) for view in page], next_page_token=token
        )

    async def DeleteConsumer(
        self, request: rpc.DeleteConsumerRequest, context: Any
    ) -> rpc.DeleteConsumerResponse:
        """Forget a consumer."""
        project, consumer = parse_consumer("name", request.name)
        await self._store.execute(
            command(context, "DeleteConsumer", request),
            lambda uow: consumers.delete(uow, project, consumer),
            ConsumerView,
        )
        return rpc.DeleteConsumerResponse()


def _listing_name(request: rpc.ListEventsRequest) -> str:
    """Return what a page token is bound to: all of the request but the page."""
    same = rpc.ListEventsRequest()
    same.CopyFrom(request)
    same.ClearField("page_size")
    same.ClearField("page_token")
    return f"events {same.SerializeToString(deterministic=True).hex()}"


def _listing(request: rpc.ListEventsRequest) -> Any:
    """Return the query of a page of events. Raises Invalid."""
    selection = read_selection(parse_projects("parent", request.parent), request.filter)
    selection = msgspec.structs.replace(
        selection, start=read_moment(request, "start_time"), end=read_moment(request, "end_time")
    )
    require_listable(request)
    limit = page_size(request.page_size)
    reached = read_token(_listing_name(request), request.page_token, int, _FIRST_PAGE)
    detail = Detail(with_bodies=request.with_bodies, summary=request.summary)

    def query(queries: Queries) -> EventPage:
        require_reached(queries.events, request.after_position, "after_position")
        require_scope(queries.events, selection)
        return queries.events.page(selection, _span(request, reached), limit, detail)

    return query


def _span(request: rpc.ListEventsRequest, reached: int) -> Span:
    first_page = reached == _FIRST_PAGE
    if request.order == rpc.EVENT_ORDER_NEWEST:
        return Span(request.after_position, None if first_page else reached, newest_first=True)
    return Span(request.after_position if first_page else reached)


def _beginning(request: rpc.SubscribeEventsRequest, selection: Selection) -> Any:
    """Return the query of the position after which a subscription begins. Raises Invalid."""
    consumer = ""
    if request.consumer:
        project, consumer = parse_consumer("consumer", request.consumer)
        if project != selection.project:
            raise Invalid.field("consumer", f"lies in another project than {request.parent}")

    def query(queries: Queries) -> int:
        require_scope(queries.events, selection)
        if request.HasField("after_position"):
            require_reached(queries.events, request.after_position, "after_position")
            return request.after_position
        return consumers.position(queries, selection.project, consumer) if consumer else 0

    return query
