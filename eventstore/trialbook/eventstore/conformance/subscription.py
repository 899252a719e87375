"""What those who follow the log may rely on."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial
from itertools import islice
from random import Random

import pytest

from trialbook.eventstore import Database, StoreUnavailable
from trialbook.eventstore.conformance.backend import PATIENCE, Backend
from trialbook.eventstore.conformance.cases import Cases, require_shared, writer_held
from trialbook.eventstore.conformance.notebook import (
    MARKS_TOPIC,
    Undone,
    give_marks,
    write,
    write_at_random,
    write_note,
    write_some,
)


def follow(database: Database, count: int, after: int = 0, topics: Sequence[str] = ()) -> list[int]:
    with database.recorder.subscribe(gt=after, topics=topics) as subscription:
        return [notification.id for notification in islice(subscription, count)]


class Tail(threading.Thread):
    """Reads the log page by page as it grows, and keeps the positions that it saw.

    A patient one tries again when the database cannot be read.
    """

    def __init__(self, database: Database, seed: int = 0, *, patient: bool = False) -> None:
        super().__init__()
        self._database = database
        self._patient = patient
        self._random = Random(seed)
        self._end: int | None = None
        self.seen = [0]

    def run(self) -> None:
        while self._end is None or self.seen[-1] < self._end:
            try:
                self._read_page()
            except StoreUnavailable:
                if not self._patient:
                    raise

    def _read_page(self) -> None:
        after, limit = self.seen[-1], self._random.choice((1, 2, 7, 50, 500))
        page = self._database.read_now(lambda view: view.events(after_position=after, limit=limit))
        self.seen.extend(one.position for one in page)

    def finish(self, end: int) -> list[int]:
        """Read up to a position, which the log must have reached, and return all that was seen."""
        self._end = end
        self.join(PATIENCE)
        assert not self.is_alive(), f"the tail stands at {self.seen[-1]} of {end}"
        return self.seen


class Following(threading.Thread):
    """Follows the log by a subscription until it has so many notifications."""

    def __init__(self, database: Database, count: int, after: int = 0) -> None:
        super().__init__()
        self._subscription = database.recorder.subscribe(gt=after)
        self._count = count
        self.found: list[int] = []
        self.start()

    def run(self) -> None:
        with self._subscription:
            self.found.extend(one.id for one in islice(self._subscription, self._count))

    def finish(self) -> list[int]:
        self.join(PATIENCE)
        self._subscription.stop()
        self.join()
        return self.found


class SubscriptionCases(Cases):
    """From any position in the past into the future: everything, once, in order."""

    def test_a_tail_and_a_follower_miss_nothing_while_many_write(self, database: Database) -> None:
        tails = [Tail(database, seed) for seed in range(2)]
        for tail in tails:
            tail.start()
        following = Following(database, 400)
        written: list[int] = []
        writers = [
            threading.Thread(
                target=lambda client=client: written.append(
                    write_at_random(database, str(client), 20)
                )
            )
            for client in range(20)
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()

        assert len(written) == len(writers)
        for tail in tails:
            assert tail.finish(sum(written)) == list(range(sum(written) + 1))
        assert following.finish() == list(range(1, 401))

    def test_past_events_come_first_then_new_ones(self, database: Database) -> None:
        write(database, partial(write_some, stream="n", count=3))

        with database.recorder.subscribe(gt=1) as subscription:
            assert [one.id for one in islice(subscription, 2)] == [2, 3]
            write(database, lambda tx: write_note(tx, "n", "new"))
            assert next(subscription).id == 4

    def test_more_than_a_page_is_followed(self, database: Database) -> None:
        write(database, partial(write_some, stream="n", count=1_203))

        assert follow(database, 1_203) == list(range(1, 1_204))
        assert follow(database, 3, after=1_200) == [1_201, 1_202, 1_203]

    def test_a_follower_resumes_where_it_stood(self, backend: Backend) -> None:
        seen: list[int] = []
        for _ in range(4):
            with backend.open() as database:
                write(database, partial(write_some, stream="n", count=10))
                seen += follow(database, 7, after=seen[-1] if seen else 0)

        assert seen == list(range(1, 29))

    def test_a_slow_follower_gets_everything_and_holds_up_nobody(self, database: Database) -> None:
        with database.recorder.subscribe() as subscription:
            write(database, lambda tx: write_note(tx, "n", "first"))
            seen = [next(subscription).id]
            write(database, partial(write_some, stream="n", count=2_000))
            with writer_held(database):
                seen += [one.id for one in islice(subscription, 700)]
            write(database, lambda tx: write_note(tx, "n", "last"))
            seen += [one.id for one in islice(subscription, 1_301)]

        assert seen == list(range(1, 2_003))

    def test_topics_restrict_what_is_followed(self, database: Database) -> None:
        write(database, partial(write_some, stream="n", count=700))
        first = write(database, lambda tx: give_marks(tx, "n")).position
        with database.recorder.subscribe(topics=[MARKS_TOPIC]) as subscription:
            assert next(subscription).id == first
            write(database, partial(write_some, stream="n", count=10))
            second = write(database, lambda tx: give_marks(tx, "n")).position
            assert next(subscription).id == second

        assert (first, second) == (701, 712)
        assert follow(database, 1, after=first, topics=[MARKS_TOPIC]) == [second]

    def test_what_follows_gets_whole_notifications(self, database: Database) -> None:
        write(database, lambda tx: write_note(tx, "größe", "x"))
        (row,) = database.read_now(lambda view: view.log_rows())

        with database.recorder.subscribe() as subscription:
            found = next(subscription)

        assert (found.originator_id, found.originator_version, found.topic, found.state) == (
            (row.stream, row.version, row.topic, row.state)
        )

    def test_stopping_ends_a_follower_that_waits(self, database: Database) -> None:
        following = Following(database, 1)

        following._subscription.stop()
        following.join(PATIENCE)

        assert not following.is_alive()
        assert following.found == []

    def test_a_follower_sees_no_more_than_what_is_committed(self, database: Database) -> None:
        following = Following(database, 2)
        with pytest.raises(Undone):
            write(database, partial(write_some, stream="n", count=3, fails=True))
        write(database, partial(write_some, stream="m", count=2))

        assert following.finish() == [1, 2]
        assert [one.stream for one in database.read_now(lambda view: view.events())] == ["m", "m"]

    def test_commits_are_announced_to_those_who_asked(self, database: Database) -> None:
        heard: list[int] = []
        stop = database.commits.subscribe(lambda: heard.append(1))
        write(database, lambda tx: write_note(tx, "n", "x"))
        stop()
        stop()
        write(database, lambda tx: write_note(tx, "n", "x"))

        assert heard

    def test_a_commit_that_leaves_the_log_as_it_is_wakes_nobody(self, database: Database) -> None:
        before = database.commits.count
        write(database, lambda tx: tx.remember("c-1", b"", b"", 1))
        assert database.commits.count == before

        write(database, lambda tx: write_note(tx, "n", "x"))
        assert database.commits.count == before + 1

    # With a second one that has the database open.

    def test_what_another_commits_is_followed(self, backend: Backend) -> None:
        require_shared(backend)
        with backend.open() as writing, backend.open() as reading:
            write(writing, partial(write_some, stream="n", count=3))
            following = Following(reading, 6, after=1)
            for _ in range(4):
                write(writing, lambda tx: write_note(tx, "n", "from afar"))

            assert following.finish() == list(range(2, 8))

    def test_nothing_is_missed_between_the_first_read_and_the_listening(
        self, backend: Backend
    ) -> None:
        require_shared(backend)
        with backend.open() as writing:
            for position in range(1, 16):
                # Opened anew, so that its listening begins anew too.
                with backend.open() as reading:
                    following = Following(reading, 1, after=position - 1)
                    write(writing, lambda tx: write_note(tx, "n", "in between"))
                    assert following.finish() == [position]

    def test_a_follower_outlives_its_connections(self, backend: Backend) -> None:
        require_shared(backend)
        if backend.cut is None:
            pytest.skip("no connections to cut")
        with backend.open() as writing, backend.open() as reading:
            following = Following(reading, 10)
            position = 0
            for _ in range(5):
                position = write_until_answered(writing)
                backend.cut()
                position = write_until_answered(writing)

            assert following.finish() == list(range(1, 11))
            assert position >= 10

    def test_a_tail_misses_nothing_while_others_have_the_database_open(
        self, backend: Backend
    ) -> None:
        require_shared(backend)
        with backend.open() as reading, backend.open() as one, backend.open() as other:
            tail = Tail(reading)
            tail.start()
            written: list[int] = []
            writers = [
                threading.Thread(
                    target=lambda database=database, name=name: written.append(
                        write_at_random(database, name, 40)
                    )
                )
                for number, database in enumerate((one, other, one, other, reading))
                for name in [f"{number}"]
            ]
            for writer in writers:
                writer.start()
            for writer in writers:
                writer.join()

            assert len(written) == len(writers)
            assert tail.finish(sum(written)) == list(range(sum(written) + 1))


def write_until_answered(database: Database) -> int:
    """Write a note as somebody would whose connection is cut now and then."""
    for _ in range(1_000):
        try:
            return write(database, lambda tx: write_note(tx, "n", "x")).position
        except StoreUnavailable:
            continue
    raise AssertionError("the database did not come back")
