"""Gives out tasks: fair between runs, never more of a run than its concurrency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from trialbook.services.application.ports import UnitOfWork
from trialbook.services.application.views import ItemView, Session
from trialbook.services.application.work import TARGET, TaskRow, WorkState
from trialbook.services.engine.expand import expand
from trialbook.services.engine.pace import Pace
from trialbook.services.engine.plan import PlanBook, RunPlan

_ANSWER_CHARACTERS = 1024 * 1024


@dataclass(frozen=True, slots=True)
class LeaseTerms:
    """For how long tasks go out, in microseconds, at what pace, and what is about to be free.

    A task whose report has arrived but is not yet recorded no longer runs: `reported` counts
    these by run, and their slots are free.
    """

    duration: int
    grace: int
    reported: Mapping[int, int]
    pace: Pace


@dataclass(frozen=True, slots=True)
class LeaseRequest:
    """Who asks for how many tasks, and under which id of its own."""

    session: Session
    limit: int
    request_id: str

    @property
    def lease_token(self) -> str:
        """What fences the tasks: workers that number their requests alike are told apart."""
        return f"{self.session.number}.{self.request_id}"


class LeasedTask(msgspec.Struct, frozen=True):
    """A task on its way to a worker. `output` is what a scorer is to judge."""

    plan: RunPlan
    row: TaskRow
    item: ItemView
    output: str | None = None


def lease_tasks(
    uow: UnitOfWork, plans: PlanBook, request: LeaseRequest, terms: LeaseTerms
) -> list[LeasedTask]:
    """Lease tasks to a session; a repeated request gets what it got before."""
    again = uow.work.leased_as(request.session.number, request.lease_token)
    if again:
        return [
            task
            for run, rows in again.items()
            for task in _all_with_bodies(uow, plans.by_number(uow, run), rows)
        ]
    leased: list[LeasedTask] = []
    characters = 0
    for state in uow.work.open_runs():
        if len(leased) >= request.limit or characters > _ANSWER_CHARACTERS:
            break
        plan = plans.by_number(uow, state.run)
        served = plan.served_by(request.session)
        free = plan.settings.concurrency - state.out + terms.reported.get(state.run, 0)
        room = min(request.limit - len(leased), free, terms.pace.limit(state.run))
        if not served or room <= 0:
            continue
        taken = _Lease(uow, plan, request, terms).take(state, served, room)
        leased += taken
        characters += sum(map(_size, taken))
    return leased


def _size(task: LeasedTask) -> int:
    item = task.item
    bodies = (item.input, item.expected, item.context, item.metadata, task.output)
    return sum(len(body) for body in bodies if body is not None)


def _all_with_bodies(uow: UnitOfWork, plan: RunPlan, rows: list[TaskRow]) -> list[LeasedTask]:
    """Return tasks that fitted into one answer before, and so do again."""
    tasks: list[LeasedTask] = []
    while len(tasks) < len(rows):
        tasks += _with_bodies(uow, plan, rows[len(tasks) :])
    return tasks


def _with_bodies(uow: UnitOfWork, plan: RunPlan, rows: list[TaskRow]) -> list[LeasedTask]:
    """Return tasks with what they are to work on, as many of the first as one answer may hold."""
    items = uow.datasets.items_at(
        plan.view.dataset_number, plan.view.dataset_version, [row.ordinal for row in rows]
    )
    tasks: list[LeasedTask] = []
    room = _ANSWER_CHARACTERS
    for row in rows:
        if row.ordinal not in items or room <= 0:
            break
        output = _output(uow, plan, row)
        tasks.append(LeasedTask(plan, row, items[row.ordinal], output))
        room -= len(output or "")
    return tasks


def _output(uow: UnitOfWork, plan: RunPlan, row: TaskRow) -> str | None:
    if row.scorer == TARGET:
        return None
    result = uow.runs.result(plan.view, row.number)
    return None if result is None else result.output


class _Lease:
    """Leases tasks of one run to one session."""

    def __init__(
        self,
        uow: UnitOfWork,
        plan: RunPlan,
        request: LeaseRequest,
        terms: LeaseTerms,
    ) -> None:
        self._uow = uow
        self._plan = plan
        self._request = request
        self._terms = terms

    def take(self, state: WorkState, served: tuple[int, ...], room: int) -> list[LeasedTask]:
        """Lease tasks that waited, then new ones."""
        tasks = self._waiting(served, room) if state.waiting else []
        if TARGET in served and not state.exhausted and len(tasks) < room:
            tasks += self._new(state, room - len(tasks))
        if tasks:
            self._uow.work.served(self._plan.number, self._uow.now)
        return tasks

    def _waiting(self, served: tuple[int, ...], room: int) -> list[LeasedTask]:
        work = self._uow.work
        run, now = self._plan.number, self._uow.now
        rows = work.suspects(run, served, now, self._request.session.number)
        rows += work.ready(run, served, now, room - len(rows))
        if not rows:
            return []
        token, session, expires_at, deadline = self._terms_of_lease()
        leased = [
            msgspec.structs.replace(
                row,
                lease_token=token,
                session=session,
                expires_at=expires_at,
                deadline=deadline,
            )
            for row in rows
        ]
        tasks = _with_bodies(self._uow, self._plan, leased)
        work.lease(self._plan.number, [task.row for task in tasks])
        return tasks

    def _new(self, state: WorkState, room: int) -> list[LeasedTask]:
        expansion = expand(self._uow, self._plan, state, room)
        lease = self._terms_of_lease()
        tasks = [
            LeasedTask(
                self._plan,
                TaskRow(
                    number, TARGET, item.ordinal, item.item_id, trial, 1, 0, self._uow.now, *lease
                ),
                item,
            )
            for number, item, trial in expansion.units
        ]
        self._uow.work.expand(
            self._plan.number,
            [task.row for task in tasks],
            expansion.upto,
            exhausted=expansion.exhausted,
        )
        return tasks

    def _terms_of_lease(self) -> tuple[str, int, int, int]:
        """Return lease token, session, end of the lease and deadline of the attempt."""
        now = self._uow.now
        return (
            self._request.lease_token,
            self._request.session.number,
            now + self._terms.duration,
            now + self._plan.settings.attempt_timeout + self._terms.grace,
        )
