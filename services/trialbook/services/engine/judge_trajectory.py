"""Lets the built-in scorers judge what targets did, without letting any of them stop the others."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Generic, TypeVar

import msgspec

from trialbook.services.application.found_trajectory import Found
from trialbook.services.application.item_extras import json_of, read_extras
from trialbook.services.application.views import ItemView
from trialbook.services.domain.experiment import ScorerScope, ScorerSpec
from trialbook.services.domain.judgement import Judgement, ScoreStatus
from trialbook.services.domain.run import ErrorCode
from trialbook.services.engine.place import NOT_APPLICABLE, Place
from trialbook.services.engine.plan import RunPlan, configured, configured_trajectory
from trialbook.services.engine.traced_step import traced_part
from trialbook.services.scoring.judgement import Sample
from trialbook.services.scoring.not_evaluable import NotEvaluable
from trialbook.services.scoring.trajectory_sample import TrajectorySample

_LOOKS_PER_LIMIT = 4
_log = logging.getLogger(__name__)

K = TypeVar("K")


class TrajectoryCase(msgspec.Struct, frozen=True):
    """A result whose trace has settled, its item, and the run that says how to judge it."""

    plan: RunPlan
    found: Found
    item: ItemView


def judge_case(case: TrajectoryCase, number: int) -> Judgement | None:
    """Return what the scorer at a place says; None if a worker says it.

    Never raises: of a scorer that fails, the score has failed.
    """
    place = case.plan.places[number]
    spec: ScorerSpec | None = place.spec
    if place.spec.per_item:
        spec = case.plan.asked_by(case.item.extras).get(number)
    if spec is None:
        return NOT_APPLICABLE
    try:
        return _judge(case, place, spec)
    except NotEvaluable as error:
        return error.judgement()
    except Exception as error:  # noqa: BLE001 — others are judged whatever one does
        _log.warning("the scorer %s failed", spec.scorer, exc_info=error)
        return _failed(ErrorCode.EXECUTION, f"{type(error).__name__}: {error}")


def _judge(case: TrajectoryCase, place: Place, spec: ScorerSpec) -> Judgement | None:
    subject, item = case.found.subject, case.item
    sample = Sample(subject.output or "null", item.expected, item.input)
    if spec.scope is ScorerScope.STEP:
        part = traced_part(place, sample, case.found)
        return configured(spec.scorer, spec.params)(part) if spec.built_in else None
    if not spec.built_in:
        return None
    trajectory = case.found.trajectory(place.output_pointer)
    return configured_trajectory(spec.scorer, spec.params)(
        TrajectorySample(
            place.beside_trajectory(sample),
            trajectory,
            json_of(read_extras(item.extras).expected_trajectory),
            subject.reported,
            "" if trajectory is not None else case.found.why_missing,
        )
    )


def _failed(code: ErrorCode, reason: str) -> Judgement:
    return Judgement(ScoreStatus.FAILED, None, None, code, reason[:2000], None)


class _Work(Generic[K]):
    """Judges one thing after the other on a thread, and tells others how far it is."""

    def __init__(self, todo: Mapping[K, Callable[[], Judgement | None]]) -> None:
        self._todo = todo
        self.said: dict[K, Judgement | None] = {}
        self.at: tuple[K, float] | None = None
        self.abandoned = False

    def run(self) -> None:
        """Do what is to be done, until all of it is or nobody waits any more."""
        for key, judge in self._todo.items():
            self.at = (key, time.monotonic())
            self.said[key] = judge()
            if self.abandoned:
                return


class Judging(Generic[K]):
    """A thread for scorers, of which none may hold up the others."""

    def __init__(self, limit: float) -> None:
        """Let each scorer have so many seconds for one thing."""
        self._limit = limit
        self._executor = _new_executor()

    async def judge(
        self, todo: Mapping[K, Callable[[], Judgement | None]]
    ) -> dict[K, Judgement | None]:
        """Return what is said of each thing; what took too long has failed."""
        said: dict[K, Judgement | None] = {}
        while left := {key: work for key, work in todo.items() if key not in said}:
            more, all_judged = await judge_within(left, self._executor, self._limit)
            said |= more
            if not all_judged:
                # What goes on in the old one is nobody's any more.
                self._executor.shutdown(wait=False)
                self._executor = _new_executor()
        return said

    def stop(self) -> None:
        """End, whatever is going on."""
        self._executor.shutdown(wait=False, cancel_futures=True)


def _new_executor() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="trialbook-trajectory")


async def judge_within(
    todo: Mapping[K, Callable[[], Judgement | None]], executor: Executor, limit: float
) -> tuple[dict[K, Judgement | None], bool]:
    """Return what is said of each thing, and whether all were judged.

    One that takes longer than `limit` seconds has failed, and its thread is lost until it ends; of
    those after it nothing is said.
    """
    work = _Work(todo)
    future = asyncio.get_running_loop().run_in_executor(executor, work.run)
    while not (await asyncio.wait({future}, timeout=limit / _LOOKS_PER_LIMIT))[0]:
        at = work.at
        if at is None or time.monotonic() - at[1] <= limit:
            continue
        work.abandoned = True
        late = _failed(ErrorCode.TIMEOUT, f"the scorer took longer than {limit:g} s")
        return {at[0]: late, **work.said}, False
    future.result()
    return work.said, True
