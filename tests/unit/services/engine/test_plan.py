from __future__ import annotations

from collections.abc import Callable
from typing import cast

import msgspec

from trialbook.services.application.ports import Queries
from trialbook.services.application.views import RunView
from trialbook.services.domain.experiment import RunSettings, Target, TargetKind
from trialbook.services.domain.run import RunStatus
from trialbook.services.engine.plan import PlanBook

FIRST = RunView(
    number=1,
    uid="first",
    project="p",
    run_id="r",
    experiment_id="e",
    experiment_version=1,
    dataset_number=1,
    dataset_id="d",
    dataset_version=1,
    target=Target(TargetKind.AGENT, "t"),
    scorers=(),
    settings=RunSettings(),
    status=RunStatus.RUNNING,
    planned=1,
    succeeded=0,
    failed=0,
    skipped=0,
    summaries=(),
    last_position=1,
    author="",
    created_at=0,
    ended_at=None,
)


class OneRun:
    """Shows one run, inside a change that commits or comes to nothing."""

    def __init__(self, view: RunView) -> None:
        self._view = view
        self._callbacks: list[Callable[[], None]] = []
        self.runs = self

    def by_number(self, _: int) -> RunView:
        return self._view

    def after_commit(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)

    def commit(self) -> None:
        for callback in self._callbacks:
            callback()


def uid_by_number(book: PlanBook, run: OneRun) -> str:
    return book.by_number(cast("Queries", run), 1).uid


def test_a_plan_is_kept_once_its_run_is_durable() -> None:
    book, run = PlanBook(), OneRun(FIRST)

    uid_by_number(book, run)
    assert book.numbers() == []
    run.commit()

    assert book.numbers() == [1]
    assert book.known("first") is not None


def test_the_plan_of_a_run_that_came_to_nothing_is_not_given_to_the_next_of_its_number() -> None:
    book = PlanBook()
    uid_by_number(book, OneRun(FIRST))

    second = OneRun(msgspec.structs.replace(FIRST, uid="second"))

    assert uid_by_number(book, second) == "second"
