from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import pytest

from tests.unit.services.engine.run_view import TARGET_OF_ALL, run_view
from trialbook.services.application.ports import Store
from trialbook.services.application.views import ItemView, Session
from trialbook.services.application.work import TARGET, TaskKey, TaskRow
from trialbook.services.engine.completion import Completions, TaskReport
from trialbook.services.engine.in_flight import InFlight
from trialbook.services.engine.lease import LeasedTask
from trialbook.services.engine.pace import Pace
from trialbook.services.engine.plan import PlanBook, RunPlan, make_plan
from trialbook.services.engine.report import Measured

VIEW = run_view()
SESSION = Session(1, "w", "p", (TARGET_OF_ALL,), frozenset(), 1, 0)
ITEM = ItemView("i", 1, "1", None, None, None, None, (), "", "", "", 1, 1, 0, 0)
ROW = TaskRow(1, TARGET, 1, "i", 1, 1, 0, 0, lease_token="x", session=1, expires_at=9, deadline=9)
REPORT = TaskReport("u", TaskKey(1, TARGET), "x", "1", Measured(5))


class KnownPlan(PlanBook):
    """A book that knows one plan."""

    def __init__(self, plan: RunPlan) -> None:
        super().__init__()
        self._by_number[plan.number] = plan
        self._by_uid[plan.uid] = plan


class UnreachableStore:
    """A store that fails whatever is asked of it."""

    async def transact(self, *_: object, **__: object) -> object:
        raise ConnectionError("the store is away")


async def never() -> None:
    await asyncio.Event().wait()


async def at_once() -> None:
    pass


@pytest.fixture
def in_flight() -> InFlight:
    known = InFlight()
    known.add(LeasedTask(make_plan(VIEW), ROW, ITEM))
    return known


def completions(in_flight: InFlight) -> Completions:
    store = cast("Store", UnreachableStore())
    executor = ThreadPoolExecutor(1)
    return Completions(store, KnownPlan(make_plan(VIEW)), in_flight, Pace(), executor)


async def test_a_call_that_is_broken_off_leaves_no_slot_counted_as_free(
    in_flight: InFlight,
) -> None:
    """Or the run's concurrency would be exceeded for ever."""
    call = asyncio.create_task(
        completions(in_flight).complete(SESSION, [REPORT], never, lambda *_: None)
    )
    while not in_flight.reported.get(1):  # noqa: ASYNC110 — a plain count, with no event to await
        await asyncio.sleep(0)

    call.cancel()
    await asyncio.gather(call, return_exceptions=True)

    assert not in_flight.reported.get(1)


async def test_a_call_that_fails_leaves_no_slot_counted_as_free(in_flight: InFlight) -> None:
    with pytest.raises(ConnectionError):
        await completions(in_flight).complete(SESSION, [REPORT], at_once, lambda *_: None)

    assert not in_flight.reported.get(1)
