"""EventService's named consumers: who dies resumes where it stood, and gets all at least once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.service import (
    PATIENCE,
    PROJECT,
    Service,
    add,
    invalid,
    items,
    new_dataset,
    refusal,
    started,
    summary,
)
from trialbook.v1.event_pb2 import Event, EventConsumer, EventFilter
from trialbook.v1.event_service_pb2 import (
    AcknowledgeEventsRequest,
    DeleteConsumerRequest,
    ListConsumersRequest,
    ListEventsRequest,
    SubscribeEventsRequest,
)

BILLING = f"{PROJECT}/consumers/billing"
ADDED = EventFilter(kinds=["items_added"])


async def acknowledge(
    service: Service, position: int, consumer: str = BILLING, author: str = "ada"
) -> EventConsumer:
    answer = await service.events.AcknowledgeEvents(
        AcknowledgeEventsRequest(consumer=consumer, position=position),
        metadata=(("trialbook-author", author),),
    )
    return answer.consumer


async def consumers(service: Service, parent: str = PROJECT, size: int = 0) -> list[EventConsumer]:
    found: list[EventConsumer] = []
    token = ""
    while True:
        page = await service.events.ListConsumers(
            ListConsumersRequest(parent=parent, page_size=size, page_token=token)
        )
        found += page.consumers
        token = page.next_page_token
        if not token:
            return found


async def heard(service: Service, count: int, **request: Any) -> list[Event]:
    """Subscribe as the consumer, and return what comes up to so many events."""
    call = service.events.SubscribeEvents(
        SubscribeEventsRequest(
            **{"parent": PROJECT, "filter": ADDED, "consumer": BILLING, **request}
        )
    )
    found: list[Event] = []
    async with asyncio.timeout(PATIENCE):
        async for message in call:
            found += message.events
            if len(found) >= count:
                break
    call.cancel()
    return found


async def last_position(service: Service) -> int:
    return (await service.events.ListEvents(ListEventsRequest(parent=PROJECT))).last_position


async def test_a_new_consumer_begins_at_the_first_event(service: Service) -> None:
    await new_dataset(service, 3)

    assert len(await heard(service, 3)) == 3
    assert await consumers(service) == []


async def test_what_is_not_acknowledged_comes_again(service: Service) -> None:
    await new_dataset(service, 5)
    first = await heard(service, 5)

    assert await heard(service, 5) == first
    await acknowledge(service, first[2].position)
    assert await heard(service, 2) == first[3:]
    await acknowledge(service, first[4].position)
    assert await heard(service, 0) == []


async def test_a_consumer_that_dies_resumes_where_it_stood_also_after_a_restart(
    tmp_path: Path,
) -> None:
    async with started(tmp_path) as service:
        dataset = await new_dataset(service, 4)
        first = await heard(service, 4)
        await acknowledge(service, first[-1].position)
    async with started(tmp_path) as service:
        await add(service, dataset.name, items(2, first=5))

        second = await heard(service, 2)

    assert [event.resource.rpartition("/")[2] for event in first + second] == [
        f"i{number}" for number in range(1, 7)
    ]


async def test_a_position_that_is_given_wins_over_the_consumers(service: Service) -> None:
    await new_dataset(service, 3)
    first = await heard(service, 3)
    await acknowledge(service, first[-1].position)

    assert await heard(service, 3, after_position=0) == first


async def test_a_consumer_is_told_with_its_author_and_how_far_it_is_behind(
    service: Service,
) -> None:
    dataset = await new_dataset(service, 1)
    last = await last_position(service)

    told = await acknowledge(service, last)

    assert (told.name, told.position, told.behind, told.author) == (BILLING, last, 0, "ada")
    assert told.update_time.seconds > 0
    await add(service, dataset.name, items(1, first=2))
    (later,) = await consumers(service)
    assert later.behind > 0
    assert (later.position, later.update_time) == (last, told.update_time)


async def test_acknowledging_the_same_position_again_changes_nothing(service: Service) -> None:
    await new_dataset(service, 1)
    last = await last_position(service)
    first = await acknowledge(service, last)

    assert await acknowledge(service, last, author="bob") == first


async def test_acknowledging_backwards_is_refused(service: Service) -> None:
    await new_dataset(service, 3)
    last = await last_position(service)
    await acknowledge(service, last)

    told = await refusal(acknowledge(service, last - 1))

    assert (told.code, told.reason) == (grpc.StatusCode.ABORTED, "STALE_VERSION")
    assert str(last) in told.message
    assert [consumer.position for consumer in await consumers(service)] == [last]


async def test_a_position_beyond_the_log_is_out_of_range(service: Service) -> None:
    await new_dataset(service)
    last = await last_position(service)

    told = await refusal(acknowledge(service, last + 1))

    assert (told.code, told.reason) == (grpc.StatusCode.OUT_OF_RANGE, "POSITION_OUT_OF_RANGE")
    assert told.metadata == {"last_position": str(last)}
    assert await consumers(service) == []


@pytest.mark.parametrize(
    ("consumer", "position", "path"),
    [
        ("", 1, "consumer"),
        ("billing", 1, "consumer"),
        (f"{PROJECT}/consumers/Not Allowed", 1, "consumer"),
        ("projects/A B/consumers/c", 1, "consumer"),
        (BILLING, 0, "position"),
        (BILLING, -1, "position"),
    ],
)
async def test_a_bad_acknowledgement_is_refused(
    service: Service, consumer: str, position: int, path: str
) -> None:
    assert summary(await refusal(acknowledge(service, position, consumer))) == invalid(path)


async def test_consumers_are_listed_by_name_in_pages_and_by_project(service: Service) -> None:
    await new_dataset(service)
    last = await last_position(service)
    names = [f"{PROJECT}/consumers/{name}" for name in ("a", "b", "c")]
    for name in (*reversed(names), "projects/other/consumers/a", "projects/-/consumers/a"):
        await acknowledge(service, last, name)

    assert [found.name for found in await consumers(service)] == names
    assert [found.name for found in await consumers(service, size=1)] == names
    assert [found.name for found in await consumers(service, "projects/-")] == [
        "projects/-/consumers/a"
    ]


async def test_a_consumer_of_all_projects_keeps_its_own_position(service: Service) -> None:
    await new_dataset(service, 2)
    everyone = "projects/-/consumers/billing"
    seen = await heard(service, 2, parent="projects/-", consumer=everyone)
    await acknowledge(service, seen[0].position, everyone)

    assert await heard(service, 1, parent="projects/-", consumer=everyone) == seen[1:]
    assert await heard(service, 2) == seen


@pytest.mark.parametrize(
    ("field", "value"), [("parent", "x"), ("page_size", -1), ("page_token", "x")]
)
async def test_a_bad_listing_of_consumers_is_refused(
    service: Service, field: str, value: object
) -> None:
    request = ListConsumersRequest(parent=PROJECT)
    setattr(request, field, value)

    told = await refusal(service.events.ListConsumers(request))

    assert told.paths == [field]


async def test_a_forgotten_consumer_begins_again(service: Service) -> None:
    await new_dataset(service, 2)
    await acknowledge(service, await last_position(service))
    request = DeleteConsumerRequest(name=BILLING, request_id="r-1")

    await service.events.DeleteConsumer(request)

    assert await consumers(service) == []
    assert len(await heard(service, 2)) == 2
    await service.events.DeleteConsumer(request)
    told = await refusal(service.events.DeleteConsumer(DeleteConsumerRequest(name=BILLING)))
    assert (told.code, told.reason) == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")
    assert told.metadata == {"resource": BILLING}


async def test_a_bad_name_of_a_consumer_is_refused(service: Service) -> None:
    told = await refusal(service.events.DeleteConsumer(DeleteConsumerRequest(name="billing")))

    assert summary(told) == invalid("name")


async def test_an_acknowledgement_is_no_event(service: Service) -> None:
    await new_dataset(service)
    last = await last_position(service)
    await acknowledge(service, last)

    assert await last_position(service) == last
