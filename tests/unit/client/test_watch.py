from __future__ import annotations

import asyncio
import itertools
import threading

import pytest

from tests.unit.client.fake_service import FakeServer, FakeService, Fault, wait_until
from trialbook.client import (
    AsyncClient,
    Client,
    NotFound,
    Result,
    RunEnded,
    RunRetried,
    RunStarted,
    RunStatus,
    Unavailable,
    WaitTimeout,
)
from trialbook.client.retry import Backoff
from trialbook.client.watch import WatchCursor
from trialbook.v1 import gate_pb2, run_pb2
from trialbook.v1.run_service_pb2 import WatchRunResponse

COMPLETED = run_pb2.RUN_STATUS_COMPLETED


def add_history(fake: FakeService, results: int, *, ended: bool = True) -> None:
    fake.events.append(run_pb2.RunEvent(position=1, started=run_pb2.RunStarted(planned=results)))
    for number in range(1, results + 1):
        result = run_pb2.Result(number=number, item_id=f"i{number}")
        result.output.json = str(number)
        fake.events.append(run_pb2.RunEvent(position=number + 1, result=result))
    if ended:
        finish(fake)


def finish(fake: FakeService) -> None:
    fake.events.append(
        run_pb2.RunEvent(position=len(fake.events) + 1, ended=run_pb2.RunEnded(status=COMPLETED))
    )
    fake.run.last_position = len(fake.events)
    fake.run.status = COMPLETED


def test_facts_come_in_order_up_to_the_end(fake: FakeService, client: Client) -> None:
    add_history(fake, 5)

    updates = list(client.runs.watch("r1"))

    facts = [event.fact for update in updates for event in update.events]
    assert facts[0] == RunStarted(5)
    assert [fact.output for fact in facts if isinstance(fact, Result)] == [1, 2, 3, 4, 5]
    assert isinstance(facts[-1], RunEnded)
    assert updates[-1].run is not None
    assert updates[-1].run.status is RunStatus.COMPLETED


def test_a_broken_watch_goes_on_without_losing_or_doubling_a_fact(
    fake: FakeService, client: Client
) -> None:
    add_history(fake, 20)
    fake.stream_lengths.extend([1, 0, 3, 2])

    positions = [e.position for update in client.runs.watch("r1") for e in update.events]

    assert positions == list(range(1, 23))
    assert fake.watched_from == [0, 2, 2, 8, 12]


async def test_the_async_watch_goes_on_likewise(
    fake: FakeService, async_client: AsyncClient
) -> None:
    add_history(fake, 20)
    fake.stream_lengths.extend([2, 0, 1])

    positions = [
        e.position async for update in async_client.runs.watch("r1") for e in update.events
    ]

    assert positions == list(range(1, 23))


def test_a_watch_survives_a_server_that_is_started_again(
    fake: FakeService, server: FakeServer, client: Client
) -> None:
    add_history(fake, 4, ended=False)
    updates = client.runs.watch("r1")
    seen = [e.position for update in itertools.islice(updates, 3) for e in update.events]

    server.stop()
    server.start()
    finish(fake)
    seen += [event.position for update in updates for event in update.events]

    assert seen == [1, 2, 3, 4, 5, 6]


def test_a_watch_starts_after_the_position_that_it_is_given(
    fake: FakeService, client: Client
) -> None:
    add_history(fake, 5)

    positions = [
        e.position for update in client.runs.watch("r1", after_position=4) for e in update.events
    ]

    assert positions == [5, 6, 7]


def test_facts_that_were_seen_are_dropped_when_a_server_repeats_them() -> None:
    cursor = WatchCursor("r", 3)
    message = WatchRunResponse(
        events=[run_pb2.RunEvent(position=position) for position in (2, 3, 4)], through_position=4
    )

    assert [event.position for event in cursor.accept(message).events] == [4]
    assert cursor.accept(message).events == ()
    assert cursor.request.after_position == 4


def test_a_run_is_over_only_when_all_its_facts_were_seen() -> None:
    cursor = WatchCursor("r", 0)
    run = run_pb2.Run(status=COMPLETED, last_position=9)

    cursor.note(WatchRunResponse(through_position=8, run=run))
    assert not cursor.ended
    cursor.note(WatchRunResponse(through_position=9, run=run))
    assert cursor.ended


def test_a_run_with_a_gate_is_over_only_with_its_verdict() -> None:
    cursor = WatchCursor("r", 0)
    run = run_pb2.Run(status=run_pb2.RUN_STATUS_FAILED, last_position=3)
    run.gate.baseline = "b"

    cursor.note(WatchRunResponse(through_position=3, run=run))
    assert not cursor.ended
    run.gate_verdict.verdict = gate_pb2.VERDICT_FAILED
    cursor.note(WatchRunResponse(through_position=3, run=run))
    assert cursor.ended


def test_a_watch_gives_up_when_nothing_comes_for_longer_than_its_patience() -> None:
    cursor = WatchCursor("r", 0, patience=-1.0)

    with pytest.raises(Unavailable):
        cursor.delay_after(Unavailable("away"))


def test_a_watch_raises_what_reconnecting_cannot_mend() -> None:
    cursor = WatchCursor("r", 0, backoff=Backoff(draw=lambda: 0.0))

    assert cursor.delay_after(Unavailable("away")) == 0.0
    with pytest.raises(NotFound):
        cursor.delay_after(NotFound("no such run"))


def test_waiting_returns_the_run_when_it_has_ended(fake: FakeService, client: Client) -> None:
    add_history(fake, 3, ended=False)
    fake.run.last_position = 1
    fake.faults["GetRun"].append(Fault())
    ending = threading.Thread(target=lambda: end_when_watched(fake))
    ending.start()

    run = client.runs.wait("r1", timeout=30)

    ending.join()
    assert run.status is RunStatus.COMPLETED
    assert fake.watched_from == [1]


def end_when_watched(fake: FakeService) -> None:
    wait_until(lambda: bool(fake.watched_from))
    finish(fake)


async def test_waiting_goes_on_until_the_gate_has_given_its_verdict(
    fake: FakeService, async_client: AsyncClient
) -> None:
    add_history(fake, 1)
    fake.run.gate.baseline = "b"
    waiting = asyncio.ensure_future(async_client.runs.wait("r1", timeout=30))
    while len(fake.watched_from) < 2:  # noqa: ASYNC110 - counted in the server's thread
        await asyncio.sleep(0.001)
    assert not waiting.done()

    fake.run.gate_verdict.verdict = gate_pb2.VERDICT_PASSED

    assert (await waiting).gate_verdict is not None


def test_a_watch_goes_on_through_an_end_that_a_retry_came_after(
    fake: FakeService, client: Client
) -> None:
    add_history(fake, 1)
    fake.events.append(run_pb2.RunEvent(position=4, retried=run_pb2.RunRetried(round=1, count=1)))
    fake.events.append(run_pb2.RunEvent(position=5, result=run_pb2.Result(number=1, round=1)))
    finish(fake)

    facts = [e.fact for update in client.runs.watch("r1") for e in update.events]

    assert [type(fact) for fact in facts] == [
        *(RunStarted, Result, RunEnded),
        *(RunRetried, Result, RunEnded),
    ]
    assert fake.watched_from == [0]


def test_waiting_ends_after_its_timeout(fake: FakeService, client: Client) -> None:
    add_history(fake, 3, ended=False)

    with pytest.raises(WaitTimeout, match="did not end within"):
        client.runs.wait("r1", timeout=0.05)
    with pytest.raises(WaitTimeout, match="did not end within"):
        list(client.runs.watch("r1", timeout=0.05))


def test_waiting_ends_after_its_timeout_where_no_server_answers() -> None:
    with Client("127.0.0.1:1") as client, pytest.raises(WaitTimeout):
        next(client.runs.watch("r1", timeout=0.2))


async def test_the_async_wait_ends_after_its_timeout(
    fake: FakeService, async_client: AsyncClient
) -> None:
    add_history(fake, 3, ended=False)

    with pytest.raises(WaitTimeout):
        await async_client.runs.wait("r1", timeout=0.05)
    with pytest.raises(WaitTimeout):
        async for _ in async_client.runs.watch("r1", timeout=0.05):
            pass
