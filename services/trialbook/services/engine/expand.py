"""Turns a dataset version into tasks, a page at a time, in the dataset's order."""

from __future__ import annotations

from dataclasses import dataclass

from trialbook.services.application.item_selection import select
from trialbook.services.application.ports import Queries
from trialbook.services.application.views import ItemView
from trialbook.services.application.work import TaskPlace, WorkState
from trialbook.services.engine.plan import RunPlan

_MOST_SCANNED = 5_000
"""How many items one expansion looks at: it may keep a writer from its other work."""


@dataclass(frozen=True, slots=True)
class Expansion:
    """The next (number, item, trial) of a run, and how far the expansion has come with them."""

    units: list[tuple[int, ItemView, int]]
    upto: TaskPlace
    exhausted: bool


def expand(queries: Queries, plan: RunPlan, state: WorkState, limit: int) -> Expansion:
    """Return the next up to `limit` units of a run's work.

    Fewer if their bodies are large, or none if few of many items are selected: without being
    exhausted it has come further all the same.
    """
    trials = plan.settings.trials
    item_begun = 0 < state.trial < trials
    found = select(
        queries,
        plan.view.dataset_number,
        plan.view.dataset_version,
        plan.selection,
        after=state.ordinal - 1 if item_begun else state.ordinal,
        limit=-(-limit // trials) + item_begun,
        purged=False,
        most_scanned=_MOST_SCANNED,
    )
    pairs = [(item, trial) for item in found.rows for trial in range(1, trials + 1)]
    pairs = pairs[state.trial if item_begun else 0 :]
    units = [
        (number, item, trial)
        for number, (item, trial) in enumerate(pairs[:limit], state.number + 1)
    ]
    if not units:
        # The trial 0 says that the next one is the first of an item.
        ordinal = state.ordinal if found.after is None else found.after
        return Expansion([], TaskPlace(ordinal, 0, state.number), exhausted=found.after is None)
    number, last, trial = units[-1]
    exhausted = len(units) == len(pairs) and (found.after is None or number == plan.view.planned)
    return Expansion(units, TaskPlace(last.ordinal, trial, number), exhausted)
