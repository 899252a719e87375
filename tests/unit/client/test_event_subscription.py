"""Where a subscriber stands when streams break."""

from __future__ import annotations

import pytest

from trialbook.client import InvalidArgument, Unavailable
from trialbook.client.retry import Backoff
from trialbook.client.subscription import SubscriptionCursor
from trialbook.v1.event_pb2 import Event
from trialbook.v1.event_service_pb2 import SubscribeEventsRequest, SubscribeEventsResponse

REQUEST = SubscribeEventsRequest(parent="projects/p", consumer="projects/p/consumers/c")


def message(*positions: int, through: int) -> SubscribeEventsResponse:
    return SubscribeEventsResponse(
        events=[Event(position=position) for position in positions], through_position=through
    )


def test_a_consumer_leaves_its_first_position_to_the_server() -> None:
    cursor = SubscriptionCursor(REQUEST)

    assert cursor.request == REQUEST
    cursor.accept(message(through=0))
    assert cursor.request.HasField("after_position")
    assert cursor.request.after_position == 0
    assert cursor.request.consumer == REQUEST.consumer


def test_the_next_stream_begins_after_what_was_told() -> None:
    cursor = SubscriptionCursor(REQUEST)

    assert len(cursor.accept(message(256, 257, through=511))) == 2
    assert cursor.request.after_position == 511
    assert cursor.accept(message(through=767)).through_position == 767
    assert cursor.request.after_position == 767


def test_events_that_were_seen_are_dropped() -> None:
    cursor = SubscriptionCursor(REQUEST)
    cursor.accept(message(256, 257, through=257))

    batch = cursor.accept(message(257, 258, through=258))

    assert [event.position for event in batch] == [258]


def test_a_subscription_gives_up_when_nothing_comes_for_longer_than_its_patience() -> None:
    with pytest.raises(Unavailable):
        SubscriptionCursor(REQUEST, patience=-1.0).delay_after(Unavailable("away"))


def test_a_subscription_raises_what_reconnecting_cannot_mend() -> None:
    cursor = SubscriptionCursor(REQUEST, backoff=Backoff(draw=lambda: 0.0))

    assert cursor.delay_after(Unavailable("away")) == 0.0
    with pytest.raises(InvalidArgument):
        cursor.delay_after(InvalidArgument("no"))
