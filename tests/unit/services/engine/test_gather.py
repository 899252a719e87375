from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from trialbook.services.application.ports import Store
from trialbook.services.application.work import TARGET, TaskKey
from trialbook.services.domain.errors import Unavailable
from trialbook.services.domain.run import ErrorCode, TaskError
from trialbook.services.engine.gather import Gatherer, JudgedReports
from trialbook.services.engine.in_flight import InFlight
from trialbook.services.engine.report import UNMEASURED, Broke, Disposition, Report


class ScriptedStore:
    """Runs what it is given, or raises what is next in its script; counts what it did."""

    def __init__(self, *script: Exception | None) -> None:
        self._script = list(script)
        self.transactions = 0
        self.calls_recorded = 0

    async def transact(self, _: object, work: Callable[[Any], Any], **__: object) -> Any:
        self.transactions += 1
        error = self._script.pop(0) if self._script else None
        if error is not None:
            raise error
        answers = work(None)
        self.calls_recorded += len(answers)
        return answers


def judged() -> JudgedReports:
    """One report of a run that nobody knows: it is answered without asking the store more."""
    report = Report(
        TaskKey(1, TARGET), "x", Broke(TaskError(ErrorCode.EXECUTION, "broke")), UNMEASURED
    )
    recording = InFlight().begin_recording({})
    return JudgedReports([("unknown", report)], {}, {}, recording, lambda *_: None)


def gatherer(store: ScriptedStore) -> Gatherer:
    return Gatherer(cast("Store", store))


async def test_calls_that_come_together_are_recorded_together() -> None:
    store = ScriptedStore()
    gathering = gatherer(store)

    answers = await asyncio.gather(*(gathering.record("w", judged(), wait=True) for _ in range(3)))

    assert answers == [[Disposition.FENCED]] * 3
    assert store.transactions == 1


async def test_workers_are_recorded_apart() -> None:
    store = ScriptedStore()
    gathering = gatherer(store)

    await asyncio.gather(*(gathering.record(name, judged(), wait=True) for name in ("v", "w")))

    assert store.transactions == 2


async def test_a_call_that_need_not_wait_takes_along_what_waits() -> None:
    store = ScriptedStore()
    gathering = gatherer(store)
    waiting = asyncio.create_task(gathering.record("w", judged(), wait=True))
    await asyncio.sleep(0)

    await gathering.record("w", judged(), wait=False)
    await waiting

    assert store.transactions == 1


async def test_a_call_over_which_the_store_breaks_fails_alone() -> None:
    store = ScriptedStore(RuntimeError("both"), RuntimeError("the first alone"), None)
    gathering = gatherer(store)

    first, second = await asyncio.gather(
        *(gathering.record("w", judged(), wait=True) for _ in range(2)), return_exceptions=True
    )

    assert str(first) == "the first alone"
    assert second == [Disposition.FENCED]


async def test_a_store_that_is_away_is_asked_once_for_all() -> None:
    store = ScriptedStore(Unavailable("the disk is full"))
    gathering = gatherer(store)

    answers = await asyncio.gather(
        *(gathering.record("w", judged(), wait=True) for _ in range(3)), return_exceptions=True
    )

    assert [str(answer) for answer in answers] == ["the disk is full"] * 3
    assert store.transactions == 1


async def test_what_nobody_waits_for_any_more_is_not_recorded() -> None:
    store = ScriptedStore()
    gathering = gatherer(store)
    gone = asyncio.create_task(gathering.record("w", judged(), wait=True))
    await asyncio.sleep(0)

    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    await gathering.record("w", judged(), wait=False)

    assert store.calls_recorded == 1
