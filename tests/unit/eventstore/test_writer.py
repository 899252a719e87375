from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from trialbook.eventstore import GroupCommitWriter, StoreUnavailable, Transaction
from trialbook.eventstore.writer import BatchSpoiled

pytestmark = pytest.mark.unit


class Steps:
    """Notes what the writer does, and spoils as many commits as it is told to."""

    def __init__(self, spoiled_commits: int = 0) -> None:
        self.taken: list[str] = []
        self.spoiled_commits = spoiled_commits

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda **_: self.taken.append(name)

    def commit(self) -> Sequence[Callable[[], None]]:
        self.taken.append("commit")
        if self.spoiled_commits:
            self.spoiled_commits -= 1
            raise BatchSpoiled
        return []


@contextmanager
def writing(steps: Any) -> Iterator[GroupCommitWriter]:
    writer = GroupCommitWriter(steps)
    try:
        yield writer
    finally:
        writer.close()


def noted(steps: Steps) -> Callable[[Transaction], str]:
    def work(_: Transaction) -> str:
        steps.taken.append("work")
        return "result"

    return work


def test_a_spoiled_batch_is_done_once_more() -> None:
    steps = Steps(spoiled_commits=1)
    with writing(steps) as writer:
        assert writer.submit(noted(steps)).result() == "result"

    once = ["begin", "work", "require_sound", "commit"]
    assert steps.taken == [*once, "rollback", *once]


def test_a_batch_that_is_spoiled_again_fails() -> None:
    steps = Steps(spoiled_commits=2)
    with writing(steps) as writer:
        with pytest.raises(StoreUnavailable):
            writer.submit(noted(steps)).result()
        assert writer.submit(noted(steps)).result() == "result"

    assert steps.taken.count("work") == 3


def test_a_work_in_which_the_batch_is_spoiled_is_done_again() -> None:
    steps = Steps()
    attempts: list[int] = []

    def work(_: Transaction) -> int:
        attempts.append(1)
        if len(attempts) == 1:
            raise BatchSpoiled
        return len(attempts)

    with writing(steps) as writer:
        assert writer.submit(work).result() == 2


def test_an_error_is_its_requests_own_only_once_the_session_is_certain() -> None:
    steps = Steps()

    def fail(_: Transaction) -> None:
        raise LookupError

    with writing(steps) as writer, pytest.raises(LookupError):
        writer.submit(fail).result()

    assert steps.taken == ["begin", "require_certain", "rollback"]
