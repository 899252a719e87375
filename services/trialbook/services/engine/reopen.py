"""Finds the work of an open run again, where only its history came along."""

from __future__ import annotations

from collections.abc import Iterator

from trialbook.services.application.ports import UnitOfWork
from trialbook.services.application.views import ItemView, ResultView
from trialbook.services.application.work import TARGET, TaskRow
from trialbook.services.domain.run import ResultStatus
from trialbook.services.engine.expand import expand
from trialbook.services.engine.plan import PlanBook, RunPlan

_SLICE = 500


def reopen(uow: UnitOfWork, plans: PlanBook, run: int) -> None:
    """Make the task rows of a run that has none, from what is recorded of it.

    Tasks are operational rows and do not travel with an exported log. What was not recorded is
    done again, with all its attempts; nothing that was recorded is.
    """
    if uow.work.state(run) is not None:
        return
    plan = plans.by_number(uow, run)
    uow.work.open(run)
    recorded: set[int] = set()
    judging: list[TaskRow] = []
    for result in _results(uow, plan):
        recorded.add(result.number)
        judging += _missing_scores(uow, plan, result)
    _expand_beside(uow, plan, recorded)
    uow.work.settle(run, [], [], judging)


def _results(uow: UnitOfWork, plan: RunPlan) -> Iterator[ResultView]:
    after, more = 0, True
    while more:
        page = uow.runs.results(plan.view, after, _SLICE, None)
        yield from page.rows
        after, more = (page.rows[-1].number if page.rows else after), page.more


def _missing_scores(uow: UnitOfWork, plan: RunPlan, result: ResultView) -> list[TaskRow]:
    if result.status is not ResultStatus.SUCCEEDED:
        return []
    judged = {score.scorer for score in result.scores}
    return [
        TaskRow(result.number, place, result.ordinal, result.item_id, result.trial, 1, 0, uow.now)
        for place in range(len(plan.scorers))
        if place not in judged and place not in plan.built_in
    ]


def _expand_beside(uow: UnitOfWork, plan: RunPlan, recorded: set[int]) -> None:
    """Expand the run up to its last result, into tasks for what has none."""
    last = max(recorded, default=0)
    while (state := uow.work.state(plan.number)) is not None and state.number < last:
        expansion = expand(uow, plan, state, min(_SLICE, last - state.number))
        tasks = [
            _task(uow, number, item, trial)
            for number, item, trial in expansion.units
            if number not in recorded
        ]
        uow.work.expand(plan.number, tasks, expansion.upto, exhausted=expansion.exhausted)


def _task(uow: UnitOfWork, number: int, item: ItemView, trial: int) -> TaskRow:
    return TaskRow(number, TARGET, item.ordinal, item.item_id, trial, 1, 0, uow.now)
