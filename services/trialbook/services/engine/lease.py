"""Gives out tasks: fair between runs, never more of a run than its concurrency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from trialbook.services.application.hosting import hosted_as
from trialbook.services.application.ports import UnitOfWork
from trialbook.services.application.views import ItemView, Session
from trialbook.services.application.work import TARGET, WHOLE_RUN, TaskRow, WorkState
from trialbook.services.domain.run import RunStatus
from trialbook.services.engine.begin import begin
from trialbook.services.engine.expand import expand
from trialbook.services.engine.matter import NO_ITEM, NO_MATTER, Matter, judged_by, matter_of
from trialbook.services.engine.pace import Pace
from trialbook.services.engine.plan import PlanBook, RunPlan
from trialbook.services.engine.rate_limit import allowance, taken

_ANSWER_CHARACTERS = 1024 * 1024


@dataclass(frozen=True, slots=True)
class LeaseTerms:
    """For how long tasks go out, in microseconds, at what pace, and what is about to be free.

    A task whose report has arrived but is not yet recorded no longer runs: `reported` counts
    these by run, and their slots are free. `may_begin` says whether the transaction is as durable
    as the event that a pending run begins has to be.
    """

    duration: int
    grace: int
    reported: Mapping[int, int]
    pace: Pace
    may_begin: bool = False


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
    """A task on its way to a worker. `matter` is what a scorer is to judge.

    `weight` says about how many characters a trajectory adds to it, without which it must not go
    out if there are any.
    """

    plan: RunPlan
    row: TaskRow
    item: ItemView
    matter: Matter = NO_MATTER
    weight: int = 0


@dataclass(slots=True)
class Leases:
    """What a request got, and which runs have begun with it.

    `searching` says that a selection was looked through in part, and that there may be more.
    """

    tasks: list[LeasedTask]
    begun: list[int] = field(default_factory=list)
    searching: bool = False


class RunWouldBegin(Exception):
    """A pending run would begin, which this transaction may not do."""


def lease_tasks(
    uow: UnitOfWork, plans: PlanBook, request: LeaseRequest, terms: LeaseTerms
) -> Leases:
    """Lease tasks to a session; a repeated request gets what it got before.

    Raises RunWouldBegin.
    """
    again = uow.work.leased_as(request.session.number, request.lease_token)
    if again:
        return Leases(
            [
                task
                for run, rows in again.items()
                for task in _all_with_bodies(uow, plans.by_number(uow, run), rows)
            ]
        )
    leases = Leases([])
    characters = 0
    for state in uow.work.open_runs():
        if len(leases.tasks) >= request.limit or characters > _ANSWER_CHARACTERS:
            break
        plan = plans.by_state(uow, state)
        served = plan.served_by(request.session)
        free = plan.settings.concurrency - state.out + terms.reported.get(state.run, 0)
        most = min(terms.pace.limit(state.run), _most_tasks(plan))
        room = min(request.limit - len(leases.tasks), free, most)
        if not served or room <= 0:
            continue
        if plan.view.status is RunStatus.PENDING:
            plan = _begun(uow, plans, plan, request, terms)
            leases.begun.append(plan.number)
        lease = _Lease(uow, plan, request, terms)
        tasks = lease.take(state, served, room)
        leases.tasks += tasks
        leases.searching |= lease.searching
        characters += sum(map(_size, tasks))
    return leases


def _begun(
    uow: UnitOfWork, plans: PlanBook, plan: RunPlan, request: LeaseRequest, terms: LeaseTerms
) -> RunPlan:
    target = hosted_as(request.session, plan.target)
    if not terms.may_begin:
        raise RunWouldBegin
    return plan if target is None else begin(uow, plans, plan, target)


def _most_tasks(plan: RunPlan) -> int:
    """Return how many tasks of a run one answer may hold, by what each brings of the run's own."""
    pins = plan.view.pins
    return 1 + _ANSWER_CHARACTERS // (1 + len(pins.target_options) + len(pins.context))


def _size(task: LeasedTask) -> int:
    item = task.item
    bodies = (item.input, item.expected, item.context, item.metadata, task.matter.output)
    return task.weight + sum(len(body) for body in bodies if body is not None)


def _all_with_bodies(uow: UnitOfWork, plan: RunPlan, rows: list[TaskRow]) -> list[LeasedTask]:
    """Return tasks that fitted into one answer before, and so do again."""
    tasks: list[LeasedTask] = []
    while len(tasks) < len(rows):
        tasks += _with_bodies(uow, plan, rows[len(tasks) :])
    return tasks


def _with_bodies(uow: UnitOfWork, plan: RunPlan, rows: list[TaskRow]) -> list[LeasedTask]:
    """Return tasks with what they are to work on, as many of the first as one answer may hold."""
    items = uow.datasets.items_at(
        plan.view.dataset_number,
        plan.view.dataset_version,
        [row.ordinal for row in rows if row.number != WHOLE_RUN],
    )
    items[NO_ITEM.ordinal] = NO_ITEM
    judged = judged_by(uow, plan, rows)
    tasks: list[LeasedTask] = []
    room = _ANSWER_CHARACTERS
    for row in rows:
        if row.ordinal not in items or room <= 0:
            break
        task = LeasedTask(plan, row, items[row.ordinal])
        if row.scorer != TARGET:
            result = judged.subjects.get(row.number)
            if result is None and row.number != WHOLE_RUN and tasks:
                # The page of results was full before.
                break
            matter = matter_of(plan, row, task.item, result)
            task = LeasedTask(plan, row, task.item, matter, judged.weight(row.number))
        tasks.append(task)
        room -= len(task.matter.output or "") + task.weight
    return tasks


def _attempts(tasks: list[LeasedTask]) -> int:
    """Return how many of these tasks are attempts at the target."""
    return sum(task.row.scorer == TARGET for task in tasks)


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
        self.searching = False

    def take(self, state: WorkState, served: tuple[int, ...], room: int) -> list[LeasedTask]:
        """Lease tasks that waited, then new ones; no more for the target than may begin now."""
        run, now, rate = self._plan.number, self._uow.now, self._plan.settings.rate_limit
        allowed = allowance(rate, state.rate_at, now) if rate else room
        tasks = self._waiting(served, room, allowed) if state.leasable else []
        left = min(room - len(tasks), allowed - _attempts(tasks))
        if TARGET in served and not state.exhausted and left > 0:
            tasks += self._new(state, left)
        if tasks:
            self._uow.work.served(run, len(tasks), self._plan.settings.concurrency)
        if rate and (attempts := _attempts(tasks)):
            self._uow.work.limit(run, taken(rate, state.rate_at, now, attempts))
        return tasks

    def _waiting(self, served: tuple[int, ...], room: int, allowed: int) -> list[LeasedTask]:
        work = self._uow.work
        run, now = self._plan.number, self._uow.now
        rows = work.suspects(run, served, now, self._request.session.number)
        rows += work.ready(run, served, now, room - len(rows))
        of_target = [row for row in rows if row.scorer == TARGET]
        rows = [row for row in rows if row.scorer != TARGET] + of_target[:allowed]
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
        self.searching = not expansion.units and not expansion.exhausted
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
