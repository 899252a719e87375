"""What a kind of job is: work of a run that the service does itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import msgspec

from trialbook.services.application.ports import Store, UnitOfWork
from trialbook.services.application.work import Job
from trialbook.services.engine.observer import UNOBSERVED, Observer
from trialbook.services.engine.plan import PlanBook, RunPlan

_CLAIM = 2_000_000
"""For how long, in microseconds, a job is left to the server that did its last slice."""


@dataclass(frozen=True, slots=True)
class JobTools:
    """What slices are done with. `server` names this one among those that share the database."""

    store: Store
    plans: PlanBook
    scoring: Executor
    server: str
    observer: Observer = UNOBSERVED

    def advance(self, uow: UnitOfWork, run: int, job: Job, following: Job | None) -> bool:
        """Put what follows in the place of a run's first job; None, if that is done.

        To be called in the transaction that writes what the slice came to, before that is written:
        False says that another server was first, or that the run goes on no more, and that nothing
        may be written.
        """
        if following is not None:
            following = msgspec.structs.replace(
                following, claimed_by=self.server, claimed_until=uow.now + _CLAIM
            )
        return advance_job(uow, run, job, following)

    def may_take(self, job: Job, now: int) -> bool:
        """Say whether no other server is at a job. Only spares work: `advance` decides.

        A claim on a far time was made by a clock that was put back since.
        """
        is_free = not now < job.claimed_until <= now + 2 * _CLAIM
        return not self.store.shared or job.claimed_by == self.server or is_free


def advance_job(uow: UnitOfWork, run: int, job: Job, following: Job | None) -> bool:
    """Put what follows in the place of a run's first job, if it is that still."""
    state = uow.work.state(run)
    if state is None or not state.jobs or state.jobs[0] != job:
        return False
    if not uow.runs.by_number(run).status.open:
        return False
    uow.work.set_jobs(run, (() if following is None else (following,)) + state.jobs[1:])
    return True


@dataclass(frozen=True, slots=True)
class JobKind:
    """How jobs of a kind are done.

    `work` does one slice: it reads on a snapshot, judges on the executor, and writes about 1,000
    facts in one transaction, in which it calls JobTools.advance first. `stop` is called in a
    transaction when the run was stopped: it writes down one slice of what will never be done, and
    returns what is left of the job, None when that is nothing; the caller stores it.
    """

    work: Callable[[JobTools, RunPlan, Job], Awaitable[None]]
    stop: Callable[[UnitOfWork, RunPlan, Job], Job | None]
