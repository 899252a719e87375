from __future__ import annotations

from collections.abc import Callable
from typing import cast

import msgspec

from tests.unit.services.engine.run_view import run_view
from trialbook.services.application.ports import Queries
from trialbook.services.application.views import RunView
from trialbook.services.application.work import WorkState
from trialbook.services.engine.plan import PlanBook

FIRST = run_view(uid="first")


class OneRun:
    """Shows one run, inside a change that commits or comes to nothing."""

    def __init__(self, view: RunView, generation: int = 0) -> None:
        self._view = view
        self._generation = generation
        self._callbacks: list[Callable[[], None]] = []
        self.runs = self.work = self

    def by_number(self, _: int) -> RunView:
        return self._view

    def state(self, run: int) -> WorkState:
        return WorkState(
            run, 0, 0, 0, exhausted=False, out=0, waiting=0, generation=self._generation
        )

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


def test_a_plan_is_made_anew_when_its_run_is_pinned_to_something_else() -> None:
    """Whichever server did that."""
    book, before = PlanBook(), OneRun(FIRST)
    uid_by_number(book, before)
    before.commit()

    again = OneRun(msgspec.structs.replace(FIRST, uid="again"), generation=2)

    assert uid_by_number(book, before) == "first"
    assert uid_by_number(book, again) == "again"
