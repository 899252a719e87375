"""The work of runs: tasks that are out with a worker, or wait to be. Operational, not events."""

from __future__ import annotations

import enum
from collections.abc import Collection, Sequence
from typing import Protocol

import msgspec

TARGET = -1
"""Stands in a task's `scorer` for the target itself."""
WHOLE_RUN = 0
"""Stands in a task's `number` for the run as a whole, which has neither item nor trial."""
WAITS_FOR_TRACE = 2**62
"""The `ready_at` of a task that goes out, or is done here, when its result's trace has settled."""
TASKS_AHEAD = 2000
"""So many tasks of a run may wait before a job that makes them rests."""
UNSETTLED_AHEAD = 20_000
"""So many more may wait for traces: nobody is at them, and they are done in the end."""


class TaskKey(msgspec.Struct, frozen=True):
    """Names a task inside its run: a result's number, and a scorer (or TARGET)."""

    number: int
    scorer: int


class TaskRow(msgspec.Struct, frozen=True):
    """One task. Times are in microseconds; without a lease `ready_at` says when it may go out."""

    number: int
    scorer: int
    ordinal: int
    item_id: str
    trial: int
    attempt: int
    losses: int
    ready_at: int
    lease_token: str | None = None
    session: int | None = None
    expires_at: int | None = None
    deadline: int | None = None

    @property
    def key(self) -> TaskKey:
        """The task's name in its run."""
        return TaskKey(self.number, self.scorer)

    @property
    def waits_for_trace(self) -> bool:
        """Whether it can only be done when the trace of its result has settled."""
        return self.ready_at == WAITS_FOR_TRACE


class TaskPlace(msgspec.Struct, frozen=True):
    """How far an expansion has come: the last item, its trial, and its result's number."""

    ordinal: int
    trial: int
    number: int


class JobName(enum.StrEnum):
    """The kinds of jobs. The names stand in rows: they stay as they are."""

    RETRY = "retry"
    RESCORE = "rescore"
    FINISH = "finish"
    SCORE_RUN = "score_run"
    EXECUTE = "execute"


class Job(msgspec.Struct, frozen=True, omit_defaults=True):
    """Work of a run that the service itself does, a slice at a time. See engine/jobs.py.

    `arguments` is JSON text of the kind's own; `upto` says how far it came. One that is
    `after_tasks` begins only when no task of the run is left; one that is `held`, only when a
    command releases it. Until `claimed_until` (microseconds) it is the server's whose name is
    `claimed_by`.
    """

    kind: str
    arguments: str = ""
    upto: int = 0
    after_tasks: bool = False
    held: bool = False
    claimed_by: str = ""
    claimed_until: int = 0


class WorkState(msgspec.Struct, frozen=True):
    """How far a run's expansion into tasks has come, and how many tasks there are.

    `ordinal` and `trial` are those of the last (item, trial) that became a task; `number` is its
    result's number. `out` counts leased tasks, `waiting` the others, those `unsettled` among them
    that wait for a trace. `jobs` are done one after the other. `generation` grows whenever what the
    run is pinned to does.
    """

    run: int
    ordinal: int
    trial: int
    number: int
    exhausted: bool
    out: int
    waiting: int
    jobs: tuple[Job, ...] = ()
    generation: int = 0
    rate_at: int = 0
    unsettled: int = 0

    @property
    def finished(self) -> bool:
        """Whether no task and no job is left, nor will come."""
        return self.without_tasks and not self.jobs

    @property
    def without_tasks(self) -> bool:
        """Whether no task is left, nor will come but from a job."""
        return self.exhausted and not self.out and not self.waiting

    @property
    def due_job(self) -> Job | None:
        """The job whose next slice can be done now, if there is one."""
        if not self.jobs or self.jobs[0].held:
            return None
        first = self.jobs[0]
        due = self.without_tasks if first.after_tasks else self._has_room
        return first if due else None

    @property
    def leasable(self) -> int:
        """How many tasks wait that workers may have, now or later."""
        return self.waiting - self.unsettled

    @property
    def _has_room(self) -> bool:
        # What waits for traces must not keep those from their tasks who make the traces.
        return self.leasable < TASKS_AHEAD and self.unsettled < UNSETTLED_AHEAD


class WorkTable(Protocol):
    """The operational rows of open runs. Row counts in the states are kept by the table."""

    def open(
        self,
        run: int,
        jobs: Sequence[Job] = (),
        *,
        exhausted: bool = False,
        generation: int = 0,
    ) -> None:
        """Begin the work of a run; if it is `exhausted`, only jobs make tasks."""
        ...

    def renew(self, run: int, generation: int) -> None:
        """Note that what a run is pinned to has changed, at a position of its facts."""
        ...

    def set_jobs(self, run: int, jobs: Sequence[Job]) -> None:
        """Store which jobs a run has."""
        ...

    def close(self, run: int) -> None:
        """Forget the work of a run that has ended."""
        ...

    def open_runs(self) -> list[WorkState]:
        """Return the running runs, the one that got the fewest tasks first. See `served`."""
        ...

    def with_jobs(self) -> list[WorkState]:
        """Return the running runs that have jobs."""
        ...

    def without_work(self) -> list[int]:
        """Return the open runs that have no rows here, since only their history came along."""
        ...

    def state(self, run: int) -> WorkState | None:
        """Return a run's state; None if its work is over."""
        ...

    def expand(
        self, run: int, tasks: Sequence[TaskRow], upto: TaskPlace, *, exhausted: bool
    ) -> None:
        """Store new tasks, and how far the expansion has come with them."""
        ...

    def served(self, run: int, tasks: int, credit: int) -> None:
        """Move a run back in the line by the tasks that it got.

        One that could not be served for a while comes first afterwards, but by no more than
        `credit` tasks before the one that got most.
        """
        ...

    def limit(self, run: int, rate_at: int) -> None:
        """Store when the next attempt at a run's target may begin. See WorkState.rate_at."""
        ...

    def ready(self, run: int, scorers: Collection[int], now: int, limit: int) -> list[TaskRow]:
        """Return waiting tasks that may go out now, scorers' first, of these scorers or TARGET.

        Without suspects, which were lost SUSPECT_LOSSES times or more.
        """
        ...

    def suspects(self, run: int, scorers: Collection[int], now: int, session: int) -> list[TaskRow]:
        """Return the suspect, if there is one, that may go out to a session now.

        None if the session holds one already: a task that ends its workers must not take the same
        innocent ones with it every time.
        """
        ...

    def lease(self, run: int, tasks: Sequence[TaskRow]) -> None:
        """Store the leases of tasks that waited."""
        ...

    def leased_as(self, session: int, lease_token: str) -> dict[int, list[TaskRow]]:
        """Return the tasks that are out under a lease token, by run."""
        ...

    def held_by(self, session: int) -> dict[int, list[TaskRow]]:
        """Return all tasks that are out with a session, by run."""
        ...

    def all_leased(self, run: int, tasks: Collection[TaskRow]) -> bool:
        """Say whether all of these tasks are still out under the leases that they show."""
        ...

    def find(self, run: int, keys: Collection[TaskKey]) -> dict[TaskKey, TaskRow]:
        """Return those of these tasks that exist."""
        ...

    def unsettled(self, run: int, numbers: Collection[int]) -> list[TaskRow]:
        """Return the tasks of these results that wait for their traces."""
        ...

    def all(self, run: int, limit: int) -> list[TaskRow]:
        """Return tasks of a run, by number."""
        ...

    def settle(
        self,
        run: int,
        done: Sequence[TaskRow],
        postponed: Sequence[TaskRow],
        new: Sequence[TaskRow],
    ) -> WorkState | None:
        """Delete tasks that are done, take the leases of postponed ones back, store new ones.

        Returns the run's state after that; None if its work is over.
        """
        ...

    def release(self, run: int, tasks: Sequence[TaskRow], now: int) -> None:
        """Let tasks go out whose traces have settled."""
        ...

    def prolong(self, run: int, keys: Collection[TaskKey], session: int, expires_at: int) -> None:
        """Let leases of a session hold until then."""
        ...

    def realign(self, run: int, now: int, expires_at: int, deadline: int) -> None:
        """Let a run's leases and attempts end then, and what waits for a time go out now.

        For when the service itself was away, or its clock was set: no stored time can be trusted.
        """
        ...

    def expired(self, now: int, limit: int) -> dict[int, list[TaskRow]]:
        """Return tasks whose lease or deadline is over, by run."""
        ...

    def next_wake(self, now: int) -> int | None:
        """Return when the next task may go out that may not now; None without any."""
        ...
