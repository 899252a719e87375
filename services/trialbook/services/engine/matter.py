"""What a worker's scorer is given to judge."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from trialbook.services.application.ports import Queries
from trialbook.services.application.result_trace import TraceSubject
from trialbook.services.application.trace_set import TraceSet, trace_sets
from trialbook.services.application.views import ItemView
from trialbook.services.application.work import TARGET, WHOLE_RUN, TaskRow
from trialbook.services.domain.experiment import ScorerScope
from trialbook.services.engine.place import read_steps
from trialbook.services.engine.plan import RunPlan
from trialbook.services.scoring.judgement import Sample
from trialbook.services.scoring.not_evaluable import NotEvaluable

NO_ITEM = ItemView("", 0, "null", None, None, None, None, (), "", "", "", 0, 0, 0, 0)
"""Stands for the item of a task that judges the run as a whole."""


class Matter(msgspec.Struct, frozen=True):
    """The parts of a result that are to be judged, as JSON texts, and by which parameters.

    `trajectory` is what the target did, `expected_trajectory` what it should have done.
    """

    output: str | None
    expected: str | None
    params: str
    trajectory: str | None = None
    expected_trajectory: str | None = None


NO_MATTER = Matter(None, None, "")
"""Stands beside the tasks of targets."""


class Judged(msgspec.Struct, frozen=True):
    """What is read of the results that tasks judge, by number, and of their traces."""

    subjects: dict[int, TraceSubject]
    traces: dict[int, TraceSet]

    def weight(self, number: int) -> int:
        """Return about how many characters the trajectory of a result has."""
        traces = self.traces.get(number)
        return 0 if traces is None else traces.bytes + len(self.subjects[number].reported or "")


def judged_by(queries: Queries, plan: RunPlan, rows: Iterable[TaskRow]) -> Judged:
    """Return the results that scorers' tasks judge, as many of the first as a page may hold."""
    places: defaultdict[int, set[int]] = defaultdict(set)
    for row in rows:
        if row.scorer != TARGET and row.number != WHOLE_RUN:
            places[row.number].add(row.scorer)
    if not places:
        return Judged({}, {})
    subjects = queries.result_traces.subjects(plan.number, places)
    traced = [one for one in subjects if plan.awaiting(places[one.number], one.steps)]
    traces = trace_sets(queries, plan.view, traced) if traced else {}
    return Judged({one.number: one for one in subjects}, traces)


def matter_of(plan: RunPlan, row: TaskRow, item: ItemView, result: TraceSubject | None) -> Matter:
    """Return what the scorer of a task is to judge, but for what only a trajectory tells."""
    spec, place = plan.scorers[row.scorer], plan.places.get(row.scorer)
    if row.number == WHOLE_RUN:
        return Matter(None, None, spec.params)
    output = None if result is None else result.output
    if place is None or result is None or output is None:
        return Matter(output, item.expected, spec.params)
    if spec.per_item:
        spec = plan.asked_by(item.extras).get(row.scorer, spec)
    sample = Sample(output, item.expected, item.input)
    try:
        if spec.scope is ScorerScope.TRAJECTORY:
            parts = place.beside_trajectory(sample)
        else:
            parts = place.parts_of(sample, read_steps(result.steps))
    except NotEvaluable:
        # Its trajectory tells of it; or it was there when the task was made, and was purged since.
        return Matter(output, None, spec.params)
    return Matter(parts.output, parts.expected, spec.params)
