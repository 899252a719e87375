"""The log through both clients, with a real server that comes and goes."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.contract.client.conftest import ServerProcess
from trialbook.client import (
    Aborted,
    AsyncClient,
    Client,
    Event,
    EventBatch,
    EventOrder,
    InvalidArgument,
    NotFound,
    OutOfRange,
    change_reason,
)


def add(client: Client, count: int, first: int = 1) -> None:
    for number in range(first, first + count):
        client.datasets.add_items("support", [{"input": number, "id": f"i{number}"}])


def taken(batches: Iterator[EventBatch], count: int) -> list[Event]:
    """Read so many events."""
    found: list[Event] = []
    for batch in batches:
        found += batch.events
        if len(found) >= count:
            return found
    raise AssertionError("a subscription does not end")


def inputs(events: list[Event]) -> list[object]:
    return [event.data["input"] for event in events if event.data is not None]


def test_events_are_listed_with_who_why_and_what(client: Client) -> None:
    with change_reason("Prüfung der Preise"):
        client.datasets.create("support")
    client.datasets.add_items("support", [{"input": {"a": 1}, "id": "one"}])

    created = next(client.events.list())
    (added,) = client.events.list(kinds="items_added")

    assert (created.noun, created.kind, created.command) == ("dataset", "created", "CreateDataset")
    assert created.reason == "Prüfung der Preise"
    assert created.author
    assert abs(created.create_time - datetime.now(UTC)) < timedelta(minutes=5)
    assert added.reason == ""
    assert added.resource == "projects/default/datasets/support/items/one"
    assert added.data is not None
    assert (added.data["item_id"], added.data["input"]) == ("one", {"a": 1})


def test_listings_are_filtered_ordered_and_summed_up(client: Client) -> None:
    dataset = client.datasets.create("support")
    client.datasets.add_items("support", [{"input": n} for n in range(30)])
    everything = list(client.events.list(page_size=7))

    assert list(client.events.list(order=EventOrder.NEWEST, page_size=7)) == everything[::-1]
    assert list(client.events.list(resource=dataset)) == everything
    assert list(client.events.list(nouns=["run", "experiment"])) == []
    assert list(client.events.list(since=everything[0].create_time)) == everything
    assert list(client.events.list(until=everything[0].create_time)) == []
    assert list(client.events.list(all_projects=True)) == everything
    assert list(client.events.list(after_position=client.events.last_position())) == []
    (summary,) = client.events.list(kinds=["items_added"], summary=True)
    assert (summary.fact_count, summary.data) == (30, None)
    with pytest.raises(InvalidArgument, match="time zone"):
        next(client.events.list(since=datetime(2026, 1, 1)))  # noqa: DTZ001 — it is what is refused


def test_a_subscription_goes_on_by_itself_when_the_server_is_killed(
    server: ServerProcess, client: Client
) -> None:
    client.datasets.create("support")
    batches = client.events.subscribe(kinds="items_added")
    add(client, 5)
    seen = taken(batches, 5)

    server.end(signal.SIGKILL)
    server.start()
    with Client(server.address) as other:
        add(other, 5, first=6)
    seen += taken(batches, 5)

    assert inputs(seen) == list(range(1, 11))


async def test_the_async_subscription_goes_on_likewise(
    server: ServerProcess, client: Client
) -> None:
    client.datasets.create("support")
    add(client, 3)
    seen: list[Event] = []
    async with AsyncClient(server.address) as asynchronous:
        async for batch in asynchronous.events.subscribe(kinds=["items_added"]):
            seen += batch.events
            if len(seen) == 3:
                server.end()
                server.start()
                add(client, 3, first=4)
            if len(seen) == 6:
                break

    assert inputs(seen) == list(range(1, 7))


def test_a_consumer_resumes_where_it_stood(client: Client, server: ServerProcess) -> None:
    client.datasets.create("support")
    add(client, 4)
    first = taken(client.events.subscribe(kinds="items_added", consumer="billing"), 4)
    client.events.acknowledge("billing", first[1].position)
    with Client(server.address) as successor:
        batches = successor.events.subscribe(kinds="items_added", consumer="billing")
        rest = taken(batches, 2)

    assert inputs(first) == [1, 2, 3, 4]
    assert inputs(rest) == [3, 4]
    (consumer,) = client.events.consumers()
    assert (consumer.id, consumer.position) == ("billing", first[1].position)
    assert consumer.behind > 0


async def test_acknowledgements_are_checked_in_both_clients(
    client: Client, server: ServerProcess
) -> None:
    client.datasets.create("support")
    last = client.events.last_position()
    async with AsyncClient(server.address) as asynchronous:
        assert await asynchronous.events.last_position() == last
        await asynchronous.events.acknowledge("billing", last)
        with pytest.raises(OutOfRange):
            await asynchronous.events.acknowledge("billing", last + 1)
        assert [found.id async for found in asynchronous.events.consumers()] == ["billing"]
        assert [event.kind async for event in asynchronous.events.list()] == ["created"]
        await asynchronous.events.delete_consumer("billing")
    with pytest.raises(NotFound):
        client.events.delete_consumer("billing")
    client.events.acknowledge("billing", last, all_projects=True)
    with pytest.raises(Aborted):
        client.events.acknowledge("billing", last - 1, all_projects=True)


def test_a_reason_holds_only_as_long_as_it_is_given(client: Client) -> None:
    with change_reason("outer"):
        with change_reason("inner"):
            client.datasets.create("a")
        client.datasets.create("b")
    client.datasets.create("c")

    assert [event.reason for event in client.events.list()] == ["inner", "outer", ""]


def test_a_reason_that_is_too_long_is_refused_before_anything_is_done(client: Client) -> None:
    with pytest.raises(InvalidArgument, match="500"), change_reason("x" * 501):
        client.datasets.create("a")

    assert list(client.datasets.list()) == []
