"""What those who follow the log may rely on."""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from itertools import islice
from random import Random

import pytest

from tests.unit.eventstore.toy import MarksGiven, metadata, write_note
from trialbook.eventstore import SQLiteDatabase, Transaction


def follow(database: SQLiteDatabase, count: int, after: int = 0) -> list[int]:
    with database.recorder.subscribe(gt=after) as subscription:
        return [notification.id for notification in islice(subscription, count)]


def write_some(tx: Transaction, stream: str, count: int, fails: bool) -> None:
    for _ in range(count):
        write_note(tx, stream, "x")
    if fails:
        raise LookupError


async def write_at_random(database: SQLiteDatabase, client: int, requests: int) -> int:
    """Write one to five notes at a time; every fifth request fails and leaves nothing."""
    random = Random(client)
    written = 0
    for number in range(requests):
        count, fails = random.randrange(1, 6), number % 5 == 4
        work = partial(write_some, stream=f"n-{client}", count=count, fails=fails)
        if fails:
            with pytest.raises(LookupError):
                await database.transact(work)
        else:
            await database.transact(work)
            written += count
    return written


async def test_a_follower_misses_nothing_while_many_write(database: SQLiteDatabase) -> None:
    seen = [0]
    done = threading.Event()

    def tail() -> None:
        while not done.is_set() or database.recorder.max_notification_id() != seen[-1]:
            page = database.read_now(lambda view: view.events(after_position=seen[-1], limit=7))
            seen.extend(one.position for one in page)

    tailing = asyncio.create_task(asyncio.to_thread(tail))
    following = asyncio.create_task(asyncio.to_thread(follow, database, 1_000))
    written = sum(
        await asyncio.gather(*(write_at_random(database, client, 40) for client in range(20)))
    )
    done.set()
    await tailing

    assert seen == list(range(written + 1))
    assert await following == list(range(1, 1_001))


def test_past_events_come_first_then_new_ones(database: SQLiteDatabase) -> None:
    for _ in range(3):
        database.submit(lambda tx: write_note(tx, "n", "past")).result()

    with database.recorder.subscribe(gt=1) as subscription:
        assert [one.id for one in islice(subscription, 2)] == [2, 3]
        database.submit(lambda tx: write_note(tx, "n", "new")).result()
        assert next(subscription).id == 4


def test_more_than_a_page_is_followed(database: SQLiteDatabase) -> None:
    database.submit(partial(write_some, stream="n", count=1_203, fails=False)).result()

    assert follow(database, 1_203) == list(range(1, 1_204))
    assert follow(database, 3, after=1_200) == [1_201, 1_202, 1_203]


def test_topics_restrict_what_is_followed(database: SQLiteDatabase) -> None:
    def mark(tx: Transaction) -> int:
        marks = MarksGiven([])
        return tx.append("n", [marks], expected_version=None, metadata=metadata())[0].position

    database.submit(partial(write_some, stream="n", count=700, fails=False)).result()
    first = database.submit(mark).result()
    with database.recorder.subscribe(topics=["notebook.marks_given.v1"]) as subscription:
        assert next(subscription).id == first
        database.submit(partial(write_some, stream="n", count=10, fails=False)).result()
        second = database.submit(mark).result()
        assert next(subscription).id == second

    assert (first, second) == (701, 712)


def test_stopping_ends_a_follower_that_waits(database: SQLiteDatabase) -> None:
    subscription = database.recorder.subscribe()
    ended = threading.Event()

    def wait_for_the_first() -> None:
        with subscription:
            assert list(subscription) == []
        ended.set()

    thread = threading.Thread(target=wait_for_the_first)
    thread.start()
    subscription.stop()
    thread.join()

    assert ended.is_set()


def test_events_of_another_process_are_found_by_looking(
    database: SQLiteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[int] = []
    with database.recorder.subscribe() as subscription:
        waiting = threading.Thread(target=lambda: found.append(next(subscription).id))
        with monkeypatch.context() as deaf:
            # What another process commits announces nothing in this one.
            deaf.setattr(database.commits, "announce", lambda: None)
            waiting.start()
            database.submit(lambda tx: write_note(tx, "n", "from afar")).result()
            waiting.join()

    assert found == [1]
