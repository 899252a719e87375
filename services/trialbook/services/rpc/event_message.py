"""Events and consumers as messages, and filters from them."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp

from trialbook.services.application.event import (
    ConsumerView,
    EventView,
    Selection,
    is_part,
    scope_of,
    topics_of,
)
from trialbook.services.domain.errors import Invalid
from trialbook.services.domain.naming import consumer_name
from trialbook.services.rpc.payload import write_json, write_time
from trialbook.v1 import event_pb2 as pb
from trialbook.v1 import event_service_pb2 as rpc

_MICROSECONDS = 1_000_000


def to_event(view: EventView) -> pb.Event:
    """Return the message of an event."""
    return pb.Event(
        position=view.position,
        noun=view.noun,
        kind=view.kind,
        schema_version=view.schema_version,
        project=view.project,
        resource=view.resource,
        create_time=write_time(view.recorded_at),
        author=view.author,
        command=view.command,
        command_id=view.command_id,
        cause=view.cause,
        reason=view.reason,
        data=write_json(view.data),
        fact_count=view.fact_count,
    )


def to_consumer(view: ConsumerView, last_position: int) -> pb.EventConsumer:
    """Return the message of a consumer."""
    return pb.EventConsumer(
        name=consumer_name(view.project, view.consumer_id),
        position=view.position,
        behind=view.behind(last_position),
        author=view.author,
        update_time=write_time(view.updated_at),
    )


def read_selection(project: str, chosen: pb.EventFilter) -> Selection:
    """Return what a filter selects in a project, empty for all of them. Raises Invalid."""
    scope = scope_of(chosen.resource, "filter.resource") if chosen.resource else None
    if scope is not None and project and scope.project != project:
        raise Invalid.field("filter.resource", f"lies in another project than projects/{project}")
    return Selection(
        project=project,
        topics=topics_of(chosen.nouns, chosen.kinds, "filter"),
        resource=chosen.resource,
        scope=scope,
        author=chosen.author,
    )


def require_listable(request: rpc.ListEventsRequest) -> None:
    """Refuse an order of a newer version, and a summary of parts. Raises Invalid."""
    if request.order not in (rpc.EVENT_ORDER_UNSPECIFIED, rpc.EVENT_ORDER_NEWEST):
        raise Invalid.field("order", f"{request.order} is no order of this version")
    if request.summary and is_part(request.filter.resource):
        raise Invalid.field(
            "summary", "tells of whole datasets, experiments and runs; list the facts instead"
        )


def read_moment(message: rpc.ListEventsRequest, field: str) -> int | None:
    """Return a time in microseconds since the epoch; None if it is not set."""
    if not message.HasField(field):
        return None
    moment: Timestamp = getattr(message, field)
    return moment.seconds * _MICROSECONDS + moment.nanos // 1000
