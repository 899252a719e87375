"""The work of runs: tasks that are out with a worker, or wait to be. Operational, not events."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

import msgspec

TARGET = -1
"""Stands in a task's `scorer` for the target itself."""


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


class TaskPlace(msgspec.Struct, frozen=True):
    """How far an expansion has come: the last item, its trial, and its result's number."""

    ordinal: int
    trial: int
    number: int


class WorkState(msgspec.Struct, frozen=True):
    """How far a run's expansion into tasks has come, and how many tasks there are.

    `ordinal` and `trial` are those of the last (item, trial) that became a task; `number` is its
    result's number. `out` counts leased tasks, `waiting` the others.
    """

    run: int
    ordinal: int
    trial: int
    number: int
    exhausted: bool
    out: int
    waiting: int

    @property
    def finished(self) -> bool:
        """Whether no task is left, nor will come."""
        return self.exhausted and not self.out and not self.waiting


class WorkTable(Protocol):
    """The operational rows of open runs. Row counts in the states are kept by the table."""

    def open(self, run: int) -> None:
        """Begin the work of a run."""
        ...

    def close(self, run: int) -> None:
        """Forget the work of a run that has ended."""
        ...

    def open_runs(self) -> list[WorkState]:
        """Return the running runs, the one that waits longest for a lease first."""
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

    def served(self, run: int, now: int) -> None:
        """Put a run at the end of the line."""
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

    def prolong(self, run: int, keys: Collection[TaskKey], session: int, expires_at: int) -> None:
        """Let leases of a session hold until then."""
        ...

    def prolong_all(self, expires_at: int) -> None:
        """Let every lease hold until then at least: the service itself was away."""
        ...

    def expired(self, now: int, limit: int) -> dict[int, list[TaskRow]]:
        """Return tasks whose lease or deadline is over, by run."""
        ...

    def next_wake(self, now: int) -> int | None:
        """Return when the next waiting task becomes ready, after now; None without any."""
        ...
