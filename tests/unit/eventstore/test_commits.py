from __future__ import annotations

import threading

import pytest

from trialbook.eventstore import CommitSignal

pytestmark = pytest.mark.unit


def test_a_commit_after_the_count_was_taken_is_not_missed() -> None:
    commits = CommitSignal()
    count = commits.count
    commits.announce()

    assert commits.wait_beyond(count, timeout=0)


def test_without_a_commit_the_wait_runs_out() -> None:
    commits = CommitSignal()
    commits.announce()

    assert not commits.wait_beyond(commits.count, timeout=0)


def test_a_commit_wakes_everyone_who_waits() -> None:
    commits = CommitSignal()
    woken = [False] * 3

    def wait(place: int) -> None:
        woken[place] = commits.wait_beyond(0, timeout=30)

    threads = [threading.Thread(target=wait, args=(place,)) for place in range(3)]
    for thread in threads:
        thread.start()
    commits.announce()
    for thread in threads:
        thread.join()

    assert all(woken)


def test_subscribers_are_called_for_each_commit_until_they_leave() -> None:
    commits = CommitSignal()
    seen: list[int] = []
    unsubscribe = commits.subscribe(lambda: seen.append(commits.count))

    commits.announce()
    commits.announce()
    unsubscribe()
    unsubscribe()
    commits.announce()

    assert seen == [1, 2]


def test_the_same_callback_can_subscribe_twice_and_leave_once() -> None:
    commits = CommitSignal()
    calls: list[str] = []

    def callback() -> None:
        calls.append("called")

    commits.subscribe(callback)
    commits.subscribe(callback)()
    commits.announce()

    assert calls == ["called"]
