"""Judges runs as a whole, once all their results are there: the job "score_run"."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from itertools import takewhile

import msgspec

from trialbook.services.application.ports import Queries, UnitOfWork
from trialbook.services.application.rework_reads import Unit
from trialbook.services.application.run_job import places_of, with_places
from trialbook.services.application.work import WHOLE_RUN, Job
from trialbook.services.domain.judgement import Judgement
from trialbook.services.domain.run import skipped_for
from trialbook.services.engine.job import JobKind, JobTools
from trialbook.services.engine.place import Place
from trialbook.services.engine.plan import RunPlan
from trialbook.services.engine.presence import SYSTEM
from trialbook.services.engine.record import Ledger
from trialbook.services.engine.retry import new_task
from trialbook.services.engine.skipped import SKIPPED
from trialbook.services.scoring.catalogue import RunJudge, configure_run
from trialbook.services.scoring.judgement import Sample
from trialbook.services.scoring.not_evaluable import NotEvaluable

_SLICE = 2000
_RUN = Unit(WHOLE_RUN, 0, "", 0)


class _Slice(msgspec.Struct, frozen=True):
    """Some results of a run, and the last number that was looked at; None at the end."""

    samples: list[Sample]
    after: int | None


async def _work(tools: JobTools, plan: RunPlan, job: Job) -> None:
    """Judge by one built-in scorer; by all that workers host, together, when these are done."""
    places = places_of(job)
    here = [place for place in places if plan.scorers[place].built_in]
    if not here:
        await tools.store.transact(SYSTEM, partial(_ask, tools=tools, plan=plan, job=job))
        return
    judgement = await _judge(tools, plan, here[0])
    left = tuple(place for place in places if place != here[0])

    def write(uow: UnitOfWork) -> None:
        if tools.advance(uow, plan.number, job, with_places(job, left)):
            ledger = Ledger(uow, plan)
            ledger.judge(_RUN, here[0], judgement)
            ledger.write()

    await tools.store.transact(SYSTEM, write)


def _ask(uow: UnitOfWork, tools: JobTools, plan: RunPlan, job: Job) -> None:
    """Make the tasks of scorers that workers host."""
    if tools.advance(uow, plan.number, job, None):
        ledger = Ledger(uow, plan)
        ledger.add(new_task(_RUN, place, uow.now) for place in places_of(job))
        ledger.write()


async def _judge(tools: JobTools, plan: RunPlan, number: int) -> Judgement:
    spec = plan.scorers[number]
    place, judge = Place.of(spec), configure_run(spec.scorer, spec.params)()
    loop = asyncio.get_running_loop()
    after: int | None = 0
    while after is not None:
        some = await tools.store.read(partial(_read, plan=plan, place=place, after=after))
        await loop.run_in_executor(tools.scoring, _show, judge, some.samples)
        after = some.after
    return await loop.run_in_executor(tools.scoring, judge.judgement)


def _show(judge: RunJudge, samples: Sequence[Sample]) -> None:
    for sample in samples:
        judge.add(sample)


def _read(queries: Queries, plan: RunPlan, place: Place, after: int) -> _Slice:
    """Return the parts of the next succeeded results that a scorer looks at."""
    page = queries.rework.outputs(plan.view, after, _SLICE)
    items = queries.datasets.items_at(
        plan.view.dataset_number,
        plan.view.dataset_version,
        sorted({row.unit.ordinal for row in page.rows}),
    )
    # Both are cut where their bodies are large.
    rows = list(takewhile(lambda row: row.unit.ordinal in items, page.rows))
    samples = [
        _part(place, Sample(row.output, items[row.unit.ordinal].expected, "null"))
        for row in rows
        if row.output is not None
    ]
    more = page.more or len(rows) < len(page.rows)
    return _Slice(samples, rows[-1].unit.number if more else None)


def _part(place: Place, sample: Sample) -> Sample:
    """Return the part of a result that counts; without it, one that says that nothing is there."""
    try:
        return place.parts_of(sample, {})
    except NotEvaluable:
        return Sample(sample.output, None, sample.input)


def _stop(uow: UnitOfWork, plan: RunPlan, job: Job) -> Job | None:
    """Write down that a run which was stopped is not judged as a whole."""
    reason = skipped_for(uow.runs.by_number(plan.number).end_reason)
    ledger = Ledger(uow, plan)
    for place in places_of(job):
        ledger.judge(_RUN, place, SKIPPED[reason])
    ledger.write()
    return None


SCORE_RUN = JobKind(_work, _stop)
