"""Scorers of trajectories that take too long, or break."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from trialbook.services.domain.judgement import Judgement, ScoreStatus
from trialbook.services.engine.judge_trajectory import Judging, judge_within

FINE = Judgement(ScoreStatus.SCORED, 1.0, True, "", "", None)


async def test_one_that_takes_too_long_fails_and_those_before_it_count() -> None:
    gate, executor = threading.Event(), ThreadPoolExecutor(1)

    def endless() -> Judgement:
        gate.wait()
        return FINE

    todo = {"first": lambda: FINE, "second": endless, "third": lambda: FINE}
    said, all_judged = await judge_within(todo, executor, 0.05)
    gate.set()
    executor.shutdown()

    assert not all_judged
    assert said["first"] == FINE
    late = said["second"]
    assert late is not None
    assert (late.status, late.label) == (ScoreStatus.FAILED, "timeout")
    assert "third" not in said


async def test_all_are_judged_in_time() -> None:
    with ThreadPoolExecutor(1) as executor:
        said, all_judged = await judge_within({1: lambda: FINE, 2: lambda: None}, executor, 30.0)
    assert (said, all_judged) == ({1: FINE, 2: None}, True)


async def test_what_comes_after_one_that_takes_too_long_is_judged_all_the_same() -> None:
    gate, judging = threading.Event(), Judging[str](0.05)

    def endless() -> Judgement:
        gate.wait()
        return FINE

    said = await judging.judge({"first": lambda: FINE, "second": endless, "third": lambda: None})
    gate.set()
    judging.stop()

    late = said["second"]
    assert late is not None
    assert late.label == "timeout"
    assert (said["first"], said["third"]) == (FINE, None)
