"""Turns a dataset version into tasks, a page at a time, in the dataset's order."""

from __future__ import annotations

from dataclasses import dataclass

from trialbook.services.application.ports import Queries
from trialbook.services.application.views import ItemView
from trialbook.services.application.work import TaskPlace, WorkState
from trialbook.services.engine.plan import RunPlan


@dataclass(frozen=True, slots=True)
class Expansion:
    """The next (number, item, trial) of a run, and how far the expansion has come with them."""

    units: list[tuple[int, ItemView, int]]
    upto: TaskPlace
    exhausted: bool


def expand(queries: Queries, plan: RunPlan, state: WorkState, limit: int) -> Expansion:
    """Return the next up to `limit` units of a run's work; fewer if their bodies are large."""
    trials = plan.settings.trials
    item_begun = 0 < state.trial < trials
    page = queries.datasets.items(
        plan.view.dataset_number,
        plan.view.dataset_version,
        state.ordinal - 1 if item_begun else state.ordinal,
        -(-limit // trials) + item_begun,
        purged=False,
    )
    pairs = [(item, trial) for item in page.rows for trial in range(1, trials + 1)]
    pairs = pairs[state.trial if item_begun else 0 :]
    units = [
        (number, item, trial)
        for number, (item, trial) in enumerate(pairs[:limit], state.number + 1)
    ]
    if not units:
        upto = TaskPlace(state.ordinal, state.trial, state.number)
        return Expansion([], upto, exhausted=True)
    number, last, trial = units[-1]
    exhausted = not page.more and len(units) == len(pairs)
    return Expansion(units, TaskPlace(last.ordinal, trial, number), exhausted)
