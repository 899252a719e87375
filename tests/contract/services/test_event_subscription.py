"""EventService.SubscribeEvents: each event once, in order, from any position, without end."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.service import (
    PATIENCE,
    PROJECT,
    Service,
    add,
    connected,
    invalid,
    item,
    items,
    new_dataset,
    new_experiment,
    new_run,
    new_worker,
    read_refusal,
    scorer,
    started,
    summary,
)
from trialbook.eventstore import StoreUnavailable
from trialbook.services.domain.experiment import ExperimentCreated
from trialbook.services.engine import commit_watch
from trialbook.services.projections import event as projection
from trialbook.services.projections.event import SqlEvents
from trialbook.services.rpc import subscription, tail
from trialbook.v1.event_pb2 import Event, EventFilter
from trialbook.v1.event_service_pb2 import (
    ListEventsRequest,
    SubscribeEventsRequest,
    SubscribeEventsResponse,
)

ADDED = EventFilter(kinds=["items_added"])


class Subscriber:
    """A subscription whose messages are gathered in the background."""

    def __init__(self, service: Service, **request: Any) -> None:
        self.events: list[Event] = []
        self.messages = 0
        self.through = -1
        self.error: grpc.aio.AioRpcError | None = None
        self._arrived = asyncio.Condition()
        self._call = service.events.SubscribeEvents(
            SubscribeEventsRequest(**{"parent": PROJECT, **request})
        )
        self._task = asyncio.create_task(self._read())

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition on what came holds."""
        async with asyncio.timeout(PATIENCE), self._arrived:
            await self._arrived.wait_for(condition)

    async def tells(self, count: int) -> None:
        """Wait until so many events have come."""
        await self.until(lambda: len(self.events) >= count)

    async def speaks(self, messages: int = 1) -> None:
        """Wait until so many messages have come."""
        await self.until(lambda: self.messages >= messages)

    async def is_refused(self) -> Any:
        """Wait until the server ends the subscription; return what it says."""
        await self.until(lambda: self.error is not None)
        return read_refusal(self.error)

    async def stop(self) -> None:
        self._call.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _read(self) -> None:
        try:
            async for message in self._call:
                await self._note(message)
        except grpc.aio.AioRpcError as error:
            self.error = error
            async with self._arrived:
                self._arrived.notify_all()

    async def _note(self, message: SubscribeEventsResponse) -> None:
        async with self._arrived:
            self.events += message.events
            self.messages += 1
            self.through = message.through_position
            self._arrived.notify_all()


@asynccontextmanager
async def subscribed(service: Service, **request: Any) -> AsyncIterator[Subscriber]:
    subscriber = Subscriber(service, **request)
    try:
        yield subscriber
    finally:
        await subscriber.stop()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts how often the log is read."""
    counted: Counter[str] = Counter()
    for name in ("page", "last_position"):
        original = getattr(SqlEvents, name)

        def counting(*arguments: Any, original: Any = original, name: str = name) -> Any:
            counted[name] += 1
            return original(*arguments)

        monkeypatch.setattr(SqlEvents, name, counting)
    return counted


async def listed(service: Service, **request: Any) -> list[Event]:
    found = await service.events.ListEvents(
        ListEventsRequest(**{"parent": PROJECT, "page_size": 1000, **request})
    )
    assert not found.next_page_token
    return list(found.events)


async def test_the_past_comes_first_and_then_the_present(service: Service) -> None:
    dataset = await new_dataset(service, 3)
    async with subscribed(service) as subscriber:
        past = await listed(service)
        await subscriber.tells(len(past))

        for number in range(4, 14):
            await add(service, dataset.name, items(1, first=number))
        everything = await listed(service)
        await subscriber.tells(len(everything))

    assert subscriber.events == everything


async def test_the_first_message_comes_at_once_and_tells_the_position(service: Service) -> None:
    async with subscribed(service) as subscriber:
        await subscriber.speaks()
        assert (subscriber.events, subscriber.through) == ([], 0)

    await new_dataset(service, 3)
    async with subscribed(service, filter=EventFilter(nouns=["run"])) as subscriber:
        await subscriber.speaks()

    last = (await listed(service))[-1].position
    assert subscriber.events == []
    assert subscriber.through >= last


async def test_a_subscription_can_begin_after_every_position(service: Service) -> None:
    await new_dataset(service, 4)
    everything = await listed(service)

    for index in range(len(everything)):
        left = everything[index + 1 :]
        async with subscribed(service, after_position=everything[index].position) as subscriber:
            await subscriber.speaks()
        assert subscriber.events == left


async def test_only_what_fits_the_filter_is_told_live(service: Service) -> None:
    dataset = await new_dataset(service, dataset_id="mine")
    async with (
        subscribed(service, filter=ADDED) as kinds,
        subscribed(service, filter=EventFilter(resource=f"{dataset.name}/items/i2")) as one,
        subscribed(service, parent="projects/other") as other,
        subscribed(service, parent="projects/-") as every,
    ):
        for subscriber in (kinds, one, other, every):
            await subscriber.speaks()
        await add(service, dataset.name, items(3))
        await new_dataset(service, dataset_id="theirs", parent="projects/other")
        everything = await listed(service, parent="projects/-")
        await every.tells(len(everything))
        await kinds.tells(3)
        await one.tells(1)
        await other.tells(1)

    assert every.events == everything
    assert kinds.events == [e for e in everything if e.kind == "items_added"]
    assert one.events == [e for e in everything if e.resource == f"{dataset.name}/items/i2"]
    assert other.events == [e for e in everything if e.project == "other"]


async def test_large_payloads_come_live_when_they_are_asked_for(service: Service) -> None:
    large = '"' + "x" * 5_000 + '"'
    dataset = await new_dataset(service)
    async with (
        subscribed(service, filter=ADDED, with_bodies=True) as complete,
        subscribed(service, filter=ADDED) as without,
    ):
        await complete.speaks()
        await without.speaks()
        await add(service, dataset.name, [item(large)])
        await complete.tells(1)
        await without.tells(1)

    assert large in complete.events[0].data.json
    assert large not in without.events[0].data.json


async def test_many_subscribers_of_a_run_see_the_same(service: Service) -> None:
    worker = await new_worker(service)
    run = await new_run(service, 20, scorer("exact_match"))
    subscribers = [Subscriber(service, parent="projects/-") for _ in range(10)]
    await worker.finish(run.name)
    everything = await listed(service, parent="projects/-")

    for subscriber in subscribers:
        await subscriber.tells(len(everything))
        await subscriber.stop()

    assert all(subscriber.events == everything for subscriber in subscribers)


async def test_idle_subscribers_cost_no_reads_and_a_commit_costs_one_for_all(
    service: Service, reads: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription, "SIGN_OF_LIFE", 0.3)
    await new_dataset(service, 2)
    subscribers = [Subscriber(service, filter=ADDED) for _ in range(200)]
    for subscriber in subscribers:
        await subscriber.tells(2)
    before = reads.copy()

    beats_before = [subscriber.messages for subscriber in subscribers]
    for subscriber, beats in zip(subscribers, beats_before, strict=True):
        await subscriber.speaks(beats + 1)
    assert reads == before

    await new_dataset(service, 1)
    for subscriber in subscribers:
        await subscriber.tells(3)
        await subscriber.stop()
    # Creating, reserving, bringing and making the version are four commits at most.
    assert reads["page"] - before["page"] <= 4


async def test_a_store_that_fails_for_a_moment_does_not_end_subscriptions(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit_watch, "_BETWEEN_TRIES", 0.01)
    failures = [StoreUnavailable("the database is away"), ValueError("a defect")]
    original = SqlEvents.page

    def failing(*arguments: Any) -> Any:
        if failures:
            raise failures.pop()
        return original(*arguments)

    dataset = await new_dataset(service, 1)
    async with subscribed(service, filter=ADDED) as subscriber:
        await subscriber.tells(1)
        # From the second commit on, the newest events are at hand: only the tail reads.
        await add(service, dataset.name, items(1, first=2))
        await subscriber.tells(2)
        monkeypatch.setattr(SqlEvents, "page", failing)
        await add(service, dataset.name, items(1, first=3))
        await subscriber.tells(3)

    assert failures == []
    assert subscriber.error is None


async def test_signs_of_life_tell_how_far_a_filter_that_fits_nothing_has_come(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription, "SIGN_OF_LIFE", 0.02)
    async with subscribed(service, filter=EventFilter(nouns=["run"])) as subscriber:
        await new_dataset(service, 3)
        last = (await listed(service))[-1].position
        await subscriber.until(lambda: subscriber.through >= last)

    assert subscriber.events == []


async def test_what_nobody_subscribes_to_is_passed_over_unread(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[object] = []

    def noting(fact: object, _: object) -> str:
        written.append(fact)
        return "{}"

    monkeypatch.setattr(projection, "fact_json", noting)
    wanted = EventFilter(nouns=["experiment"])
    async with (
        subscribed(service, filter=wanted) as one,
        subscribed(service, parent="projects/-", filter=wanted) as other,
    ):
        await one.speaks()
        await other.speaks()
        dataset = await new_dataset(service, 100)
        await new_experiment(service, dataset.name)
        await one.tells(1)
        await other.tells(1)

    assert {type(fact) for fact in written} == {ExperimentCreated}


async def test_a_slow_reader_loses_nothing_and_is_not_waited_for(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "PAGE", 50)
    monkeypatch.setattr(subscription, "PAGE", 50)
    text = '"' + "x" * 900 + '"'
    dataset = await new_dataset(service)
    call = service.events.SubscribeEvents(SubscribeEventsRequest(parent=PROJECT, filter=ADDED))
    reading = aiter(call)
    first = await anext(reading)
    assert not first.events

    async with subscribed(service, filter=ADDED) as quick:
        rows = [item(text, item_id=f"i{number}") for number in range(3_000)]
        await add(service, dataset.name, rows)
        await quick.tells(3_000)

    seen: list[Event] = []
    async with asyncio.timeout(PATIENCE):
        while len(seen) < 3_000:
            message = await anext(reading)
            assert len(message.events) <= 50
            seen += message.events
    call.cancel()
    assert seen == quick.events


async def test_what_is_kept_for_live_subscribers_is_bounded(service: Service) -> None:
    dataset = await new_dataset(service)
    kept: list[int] = []
    original = tail._Recent.add

    def noting(recent: Any, page: Any) -> None:
        original(recent, page)
        kept.append(len(recent.events))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tail, "PAGE", 40)
        patch.setattr(tail._Recent, "add", noting)
        async with subscribed(service, filter=ADDED) as subscriber:
            await subscriber.speaks()
            await add(service, dataset.name, items(500))
            await subscriber.tells(500)

    assert max(kept) == 40
    assert len({event.position for event in subscriber.events}) == 500


async def test_a_subscriber_that_dies_resumes_without_loss_or_doubles(service: Service) -> None:
    dataset = await new_dataset(service)
    seen: list[Event] = []
    through = 0
    writing = asyncio.create_task(write(service, dataset.name, 40))
    while len(seen) < 40:
        async with (
            connected(service.address) as own,
            subscribed(own, filter=ADDED, after_position=through) as subscriber,
        ):
            await subscriber.tells(1)
        seen += subscriber.events
        through = subscriber.through
    await writing

    assert seen == await listed(service, filter=ADDED)


async def write(service: Service, dataset: str, count: int) -> None:
    for number in range(1, count + 1):
        await add(service, dataset, items(1, first=number))


async def test_a_subscriber_hears_what_another_server_on_the_same_database_records(
    service: Service, backend: str, tmp_path: Path
) -> None:
    if backend == "sqlite":
        pytest.skip("a database file has one server")
    dataset = await new_dataset(service, 1)
    async with (
        started(tmp_path, address=f"unix:{tmp_path / 'another'}") as another,
        subscribed(another, filter=ADDED) as subscriber,
    ):
        await subscriber.tells(1)
        for number in range(2, 12):
            await add(service, dataset.name, items(1, first=number))
            await subscriber.tells(number)

    assert subscriber.events == await listed(service, filter=ADDED)


async def test_a_subscriber_goes_on_after_the_server_was_started_again(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        async with started(tmp_path) as service:
            own = await stack.enter_async_context(connected(service.address))
            dataset = await new_dataset(service, 3)
            subscriber = Subscriber(own, filter=ADDED)
            await subscriber.tells(3)
        await subscriber.is_refused()

    async with started(tmp_path) as service:
        await add(service, dataset.name, items(3, first=4))
        async with subscribed(
            service, filter=ADDED, after_position=subscriber.through
        ) as successor:
            await successor.tells(3)
        seen = subscriber.events + successor.events

        assert seen == await listed(service, filter=ADDED)


async def test_a_stop_ends_idle_subscriptions_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription, "SIGN_OF_LIFE", 3600.0)
    async with AsyncExitStack() as stack:
        async with started(tmp_path) as service:
            own = await stack.enter_async_context(connected(service.address))
            subscriber = Subscriber(own)
            await subscriber.speaks()
        told = await subscriber.is_refused()

    assert (told.code, told.reason) == (grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN")
    assert told.retry_after is not None


@pytest.mark.parametrize(
    ("request_fields", "path"),
    [
        ({"parent": "datasets/d"}, "parent"),
        ({"after_position": -1}, "after_position"),
        ({"filter": EventFilter(nouns=["x"])}, "filter.nouns[0]"),
        ({"filter": EventFilter(resource="projects/other/runs/r")}, "filter.resource"),
        ({"consumer": "c"}, "consumer"),
        ({"consumer": "projects/other/consumers/c"}, "consumer"),
        ({"consumer": "projects/-/consumers/c"}, "consumer"),
    ],
)
async def test_a_bad_subscription_is_refused(
    service: Service, request_fields: dict[str, Any], path: str
) -> None:
    async with subscribed(service, **request_fields) as subscriber:
        told = await subscriber.is_refused()

    assert summary(told) == invalid(path)


async def test_a_subscription_to_what_never_was_is_refused(service: Service) -> None:
    wanted = EventFilter(resource=f"{PROJECT}/runs/none")
    async with subscribed(service, filter=wanted) as subscriber:
        told = await subscriber.is_refused()

    assert told.reason == "RESOURCE_NOT_FOUND"


async def test_a_subscription_cannot_begin_in_the_future(service: Service) -> None:
    async with subscribed(service, after_position=1) as subscriber:
        told = await subscriber.is_refused()

    assert (told.code, told.reason) == (grpc.StatusCode.OUT_OF_RANGE, "POSITION_OUT_OF_RANGE")
    assert told.metadata == {"last_position": "0"}
