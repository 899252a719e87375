"""Brings trajectories to the scorers of workers, which are given them with their tasks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from trialbook.services.application.found_trajectory import Found
from trialbook.services.application.item_extras import json_of, read_extras
from trialbook.services.application.ports import Queries
from trialbook.services.application.trace_set import trace_sets
from trialbook.services.application.trajectory import load
from trialbook.services.application.views import ItemView
from trialbook.services.application.work import TARGET, WHOLE_RUN
from trialbook.services.domain.experiment import ScorerScope
from trialbook.services.engine.lease import LeasedTask
from trialbook.services.engine.matter import Matter
from trialbook.services.engine.place import Place
from trialbook.services.engine.plan import RunPlan
from trialbook.services.engine.traced_step import traced_part
from trialbook.services.scoring.judgement import Sample
from trialbook.services.scoring.not_evaluable import NotEvaluable
from trialbook.services.trajectory.step import Step
from trialbook.services.trajectory.trajectory import Trajectory

_MOST_CHARACTERS = 4 * 1024 * 1024
_TOO_LARGE = "Arguments and outputs were left out: together they are too large for a task."
_NO_ROOM = "All steps were left out: even so they are too large for a task."
_LONGEST_ERROR = 200


def needs_trajectory(task: LeasedTask) -> bool:
    """Say whether what a task judges may be told by a trajectory only."""
    row, place = task.row, task.plan.places.get(task.row.scorer)
    return (
        row.scorer != TARGET
        and row.number != WHOLE_RUN
        and place is not None
        and place.spec.scope is not ScorerScope.ITEM
    )


def with_trajectories(queries: Queries, tasks: Sequence[LeasedTask]) -> list[LeasedTask]:
    """Return tasks with what trajectories tell. Takes long for large traces."""
    numbers: defaultdict[int, set[int]] = defaultdict(set)
    plans = {task.plan.number: task.plan for task in tasks}
    for task in tasks:
        if needs_trajectory(task):
            numbers[task.plan.number].add(task.row.number)
    found = {
        (run, number): one
        for run, some in numbers.items()
        for number, one in _found(queries, plans[run], some).items()
    }
    return [_told(task, found.get((task.plan.number, task.row.number))) for task in tasks]


def _found(queries: Queries, plan: RunPlan, numbers: set[int]) -> dict[int, Found]:
    found: dict[int, Found] = {}
    while left := numbers - found.keys():
        # One read brings only what a page may hold.
        subjects = queries.result_traces.subjects(plan.number, left)
        if not subjects:
            break
        sets = trace_sets(queries, plan.view, subjects)
        found |= load(queries, plan.view, subjects, sets)
    return found


def _told(task: LeasedTask, found: Found | None) -> LeasedTask:
    if found is None or not needs_trajectory(task):
        return task
    place = task.plan.places[task.row.scorer]
    matter = task.matter
    if place.spec.scope is ScorerScope.STEP:
        matter = _step_matter(place, found, task.item, matter)
    else:
        trajectory = found.trajectory(place.output_pointer)
        expected = json_of(read_extras(task.item.extras).expected_trajectory)
        matter = msgspec.structs.replace(
            matter,
            trajectory=None if trajectory is None else trajectory_json(trajectory),
            expected_trajectory=expected,
        )
    return msgspec.structs.replace(task, matter=matter)


def _step_matter(place: Place, found: Found, item: ItemView, matter: Matter) -> Matter:
    sample = Sample(found.subject.output or "null", item.expected, item.input)
    try:
        part = traced_part(place, sample, found)
    except NotEvaluable:
        # It was there when the task went out: the item was purged since.
        return matter
    return Matter(part.output, part.expected, matter.params)


def trajectory_json(trajectory: Trajectory, most: int = _MOST_CHARACTERS) -> str:
    """Return a trajectory as JSON text, without arguments and outputs if it is too large.

    Without any steps, and not complete, if there are more of them than a task has room for.
    """
    text = msgspec.json.encode(trajectory).decode()
    if len(text) <= most:
        return text
    steps = tuple(map(_without_payload, trajectory.steps))
    evidence = msgspec.structs.replace(
        trajectory.evidence, notes=(*trajectory.evidence.notes, _TOO_LARGE)
    )
    bare = msgspec.structs.replace(trajectory, steps=steps, evidence=evidence)
    text = msgspec.json.encode(bare).decode()
    if len(text) <= most:
        return text
    nothing = msgspec.structs.replace(
        evidence, complete=False, tools_observable=False, notes=(*evidence.notes, _NO_ROOM)
    )
    return msgspec.json.encode(msgspec.structs.replace(bare, steps=(), evidence=nothing)).decode()


def _without_payload(step: Step) -> Step:
    return msgspec.structs.replace(
        step,
        args=msgspec.UNSET,
        output=msgspec.UNSET,
        error=step.error and step.error[:_LONGEST_ERROR],
        attributes={},
        missing=tuple(sorted({*step.missing, "args", "output"})),
        children=tuple(map(_without_payload, step.children)),
    )
