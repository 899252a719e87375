"""Judges outputs that are recorded, page by page; what workers judge becomes tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile

import msgspec

from trialbook.services.application.ports import Queries, UnitOfWork
from trialbook.services.application.rework_reads import RecordedOutput
from trialbook.services.application.run_job import places_of
from trialbook.services.application.views import ItemView
from trialbook.services.application.work import Job
from trialbook.services.domain.judgement import Judgement, ScoreStatus
from trialbook.services.domain.run import ResultStatus, skipped_for
from trialbook.services.engine.job import JobKind, JobTools
from trialbook.services.engine.judge import Case, judge
from trialbook.services.engine.place import steps_may_follow
from trialbook.services.engine.plan import RunPlan
from trialbook.services.engine.presence import SYSTEM
from trialbook.services.engine.record import Ledger
from trialbook.services.engine.skipped import SKIPPED
from trialbook.services.scoring.judgement import Sample

_SLICE = 1000
"""How many scores one transaction writes, about."""


def _skipped(label: str, reason: str) -> Judgement:
    return Judgement(ScoreStatus.SKIPPED, None, None, label, reason, None)


_NO_OUTPUT = {
    ResultStatus.SUCCEEDED: _skipped("item_purged", "The item was purged: there is no output."),
    ResultStatus.FAILED: _skipped("item_failed", "The item failed: there is no output."),
    ResultStatus.SKIPPED: _skipped("item_skipped", "The item was not run: there is no output."),
}


class _Slice(msgspec.Struct, frozen=True):
    """Some results with their items, which (number, place) have a score, and if more follow."""

    results: list[RecordedOutput]
    items: dict[int, ItemView]
    scored: set[tuple[int, int]]
    more: bool


async def _judge_slice(tools: JobTools, plan: RunPlan, job: Job) -> None:
    places = places_of(job)
    found = await tools.store.read(lambda queries: _read(queries, plan, places, job.upto))
    said = await _say(tools, plan, places, found)
    following = None
    if found.more:
        following = msgspec.structs.replace(job, upto=found.results[-1].unit.number)

    def write(uow: UnitOfWork) -> None:
        if not tools.advance(uow, plan.number, job, following):
            return
        ledger = Ledger(uow, plan)
        for result in found.results:
            left = [place for place in places if (result.unit.number, place) not in found.scored]
            _take(ledger, result, left, said.get(result.unit.number, {}))
        ledger.write()

    await tools.store.transact(SYSTEM, write)


def _take(
    ledger: Ledger, result: RecordedOutput, places: Sequence[int], said: Mapping[int, Judgement]
) -> None:
    """Take in what is said of a result; what is not said here is left to others."""
    unjudged: list[int] = []
    for place in places:
        judgement = said.get(place) or _unjudged(result)
        if judgement is None:
            unjudged.append(place)
        else:
            ledger.judge(result.unit, place, judgement)
    ledger.leave(result.unit, unjudged, result.steps, result.recorded_at)


def _read(queries: Queries, plan: RunPlan, places: tuple[int, ...], after: int) -> _Slice:
    page = queries.rework.outputs(plan.view, after, max(1, _SLICE // len(places)))
    ordinals = sorted({result.unit.ordinal for result in page.rows})
    items = queries.datasets.items_at(plan.view.dataset_number, plan.view.dataset_version, ordinals)
    results = list(takewhile(lambda result: result.unit.ordinal in items, page.rows))
    scored = set[tuple[int, int]]()
    if results:
        first, last = results[0].unit.number, results[-1].unit.number
        scored = queries.rework.scored(plan.view, places, first, last)
    return _Slice(results, items, scored, page.more or len(results) < len(page.rows))


async def _say(
    tools: JobTools, plan: RunPlan, places: tuple[int, ...], found: _Slice
) -> dict[int, dict[int, Judgement]]:
    """Return what is said here of the outputs, by the result's number and the scorer's place."""
    wanted = frozenset(places)
    cases: dict[int, Case] = {}
    for result in found.results:
        if result.output is not None:
            item = found.items[result.unit.ordinal]
            sample = Sample(result.output, item.expected, item.input)
            follow = steps_may_follow(
                result.steps, result.trace, trajectory=result.tells_trajectory
            )
            cases[result.unit.number] = Case(
                plan, sample, result.steps, item.extras, wanted, follow
            )
    judgements = await judge(list(cases.values()), tools.scoring, tools.observer)
    return dict(zip(cases, judgements, strict=True))


def _unjudged(result: RecordedOutput) -> Judgement | None:
    """Return what stands for a judgement where there is no output; None if a worker judges."""
    return _NO_OUTPUT[result.status] if result.output is None else None


def _skip_slice(uow: UnitOfWork, plan: RunPlan, job: Job) -> Job | None:
    """Write down that what is left is not judged, since the run was stopped."""
    places = places_of(job)
    units = uow.rework.units(plan.view, job.upto, max(1, _SLICE // len(places)))
    if not units:
        return None
    reason = skipped_for(uow.runs.by_number(plan.number).end_reason)
    scored = uow.rework.scored(plan.view, places, units[0].number, units[-1].number)
    ledger = Ledger(uow, plan)
    for unit in units:
        for place in places:
            if (unit.number, place) not in scored:
                ledger.judge(unit, place, SKIPPED[reason])
    ledger.write()
    return msgspec.structs.replace(job, upto=units[-1].number)


RESCORE = JobKind(work=_judge_slice, stop=_skip_slice)
