"""What a worker's scorer is given to judge."""

from __future__ import annotations

import msgspec

from trialbook.services.application.ports import Queries
from trialbook.services.application.views import ItemView
from trialbook.services.application.work import WHOLE_RUN, TaskRow
from trialbook.services.engine.place import read_steps
from trialbook.services.engine.plan import RunPlan
from trialbook.services.scoring.judgement import Sample
from trialbook.services.scoring.not_evaluable import NotEvaluable

NO_ITEM = ItemView("", 0, "null", None, None, None, None, (), "", "", "", 0, 0, 0, 0)
"""Stands for the item of a task that judges the run as a whole."""


class Matter(msgspec.Struct, frozen=True):
    """The parts of a result that are to be judged, as JSON texts, and by which parameters."""

    output: str | None
    expected: str | None
    params: str


NO_MATTER = Matter(None, None, "")
"""Stands beside the tasks of targets."""


def matter_of(queries: Queries, plan: RunPlan, row: TaskRow, item: ItemView) -> Matter:
    """Return what the scorer of a task is to judge."""
    spec, place = plan.scorers[row.scorer], plan.places.get(row.scorer)
    if row.number == WHOLE_RUN:
        return Matter(None, None, spec.params)
    result = queries.runs.result(plan.view, row.number)
    output = None if result is None else result.output
    if place is None or result is None or output is None:
        return Matter(output, item.expected, spec.params)
    if spec.per_item:
        spec = plan.asked_by(item.extras).get(row.scorer, spec)
    try:
        steps = read_steps(result.steps)
        parts = place.parts_of(Sample(output, item.expected, item.input), steps)
    except NotEvaluable:
        # It was there when the task was made: the item was purged since.
        return Matter(output, None, spec.params)
    return Matter(parts.output, parts.expected, spec.params)
