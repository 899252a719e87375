"""Finds the work of an open run again, where only its history came along."""

from __future__ import annotations

from collections.abc import Iterator

from trialbook.services.application.ports import UnitOfWork
from trialbook.services.application.result_trace import ResultTrace
from trialbook.services.application.rework_reads import RetryTerms, Unit
from trialbook.services.application.run_job import (
    places_of,
    released,
    rescore_jobs,
    retry_job,
    run_scope_jobs,
    start_jobs,
    with_places,
)
from trialbook.services.application.views import ItemView, ResultView
from trialbook.services.application.work import (
    TARGET,
    WAITS_FOR_TRACE,
    WHOLE_RUN,
    Job,
    JobName,
    TaskRow,
)
from trialbook.services.domain.run import ResultStatus, Run, evolve, stream_of
from trialbook.services.engine.expand import expand
from trialbook.services.engine.plan import PlanBook, RunPlan
from trialbook.services.engine.record import awaited
from trialbook.services.engine.retry import new_task

_SLICE = 500


def reopen(uow: UnitOfWork, plans: PlanBook, run: int) -> None:
    """Make the task rows of a run that has none, from what is recorded of it.

    Tasks are operational rows and do not travel with an exported log. What was not recorded is
    done again, with all its attempts; nothing that was recorded is.
    """
    if uow.work.state(run) is not None:
        return
    plan = plans.by_number(uow, run)
    head, _ = uow.head(stream_of(plan.uid), Run, evolve)
    goes_on = head.retried is not None or head.rescored is not None
    exhausted = goes_on or head.caller_driven
    generation = plan.view.last_position if goes_on else 0
    uow.work.open(run, _jobs(uow, plan, head), exhausted=exhausted, generation=generation)
    if head.rescored is not None:
        return
    recorded: set[int] = set()
    judging: list[TaskRow] = []
    waiting: list[ResultTrace] = []
    for result in _results(uow, plan):
        recorded.add(result.number)
        missing = _missing_scores(uow, plan, result)
        judging += missing
        if any(row.waits_for_trace for row in missing):
            waiting.append(awaited(run, result.number, result.recorded_at, uow.now))
    if not exhausted:
        _expand_beside(uow, plan, recorded)
    uow.result_traces.begin(waiting)
    uow.work.settle(run, [], [], judging)


def _jobs(uow: UnitOfWork, plan: RunPlan, head: Run) -> list[Job]:
    """Return the jobs of a run, without what is done of them as far as that cannot be repeated."""
    scorers = plan.scorers
    if head.rescored is not None:
        added = head.rescored.scorers
        jobs = rescore_jobs(added, len(scorers) - len(added))
    elif head.retried is not None:
        again = head.retried
        terms = RetryTerms(again.round, again.include_skipped, again.numbers)
        return [retry_job(plan.target, terms), *run_scope_jobs(enumerate(scorers))]
    else:
        jobs = start_jobs(plan.view)
        if head.finishing:
            jobs = [released(job) for job in jobs]
    return [left for job in jobs if (left := _without_judged(uow, plan, job)) is not None]


def _without_judged(uow: UnitOfWork, plan: RunPlan, job: Job) -> Job | None:
    """Return what is left of a job that judges the run as a whole."""
    if job.kind != JobName.SCORE_RUN:
        return job
    places = places_of(job)
    judged = uow.rework.scored(plan.view, places, WHOLE_RUN, WHOLE_RUN)
    return with_places(job, [place for place in places if (WHOLE_RUN, place) not in judged])


def _results(uow: UnitOfWork, plan: RunPlan) -> Iterator[ResultView]:
    after, more = 0, True
    while more:
        page = uow.runs.results(plan.view, after, _SLICE, None)
        yield from page.rows
        after, more = (page.rows[-1].number if page.rows else after), page.more


def _missing_scores(uow: UnitOfWork, plan: RunPlan, result: ResultView) -> list[TaskRow]:
    if result.status is not ResultStatus.SUCCEEDED:
        return []
    # What is said of an outcome that was replaced since says nothing of this one.
    stale = result.recorded_at if result.round else 0
    judged = {score.scorer for score in result.scores if score.recorded_at >= stale}
    missing = [place for place in plan.of_results if place not in judged]
    waiting = plan.awaiting(missing, result.steps)
    unit = Unit(result.number, result.ordinal, result.item_id, result.trial)
    return [
        new_task(unit, place, WAITS_FOR_TRACE if place in waiting else uow.now)
        for place in missing
        if place in waiting or plan.hosts(place)
    ]


def _expand_beside(uow: UnitOfWork, plan: RunPlan, recorded: set[int]) -> None:
    """Expand the run up to its last result, into tasks for what has none."""
    last = max(recorded, default=0)
    while (
        (state := uow.work.state(plan.number)) is not None
        and not state.exhausted
        and state.number < last
    ):
        expansion = expand(uow, plan, state, min(_SLICE, last - state.number))
        tasks = [
            _task(uow, number, item, trial)
            for number, item, trial in expansion.units
            if number not in recorded
        ]
        uow.work.expand(plan.number, tasks, expansion.upto, exhausted=expansion.exhausted)


def _task(uow: UnitOfWork, number: int, item: ItemView, trial: int) -> TaskRow:
    return TaskRow(number, TARGET, item.ordinal, item.item_id, trial, 1, 0, uow.now)
