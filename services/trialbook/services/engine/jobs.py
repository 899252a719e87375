"""Does the jobs of open runs: work that is the service's own, such as judging outputs anew.

A run's jobs lie beside its tasks (WorkState.jobs) and are done one after the other, each in slices
of one transaction, so that they go on after a restart and whichever server does them. What each
kind does stands in the registry job_kinds. A run does not end before its jobs have.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from trialbook.services.application.ports import Queries
from trialbook.services.application.work import Job
from trialbook.services.engine.job import JobKind, JobTools
from trialbook.services.engine.lookout import Lookout, tell
from trialbook.services.engine.plan import RunPlan

_SLICES_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class _Due:
    """What a look at a run finds: its plan, the job to be done now, and whether it has ended."""

    plan: RunPlan
    job: Job | None
    ended: bool


class Jobs:
    """Looks for jobs at intervals, or as soon as it is told to, and does them in the background.

    `on_changed` is called on the event loop with a run whose facts changed, and whether it ended;
    `on_tasks` when a job may have made tasks.
    """

    def __init__(
        self,
        tools: JobTools,
        kinds: Mapping[str, JobKind],
        *,
        interval: float,
        on_changed: Callable[[int, bool], None],
        on_tasks: Callable[[], None],
    ) -> None:
        self._tools = tools
        self._kinds = kinds
        self._on_changed = on_changed
        self._on_tasks = on_tasks
        self._lookout = Lookout(self._look, interval=interval, work="looking for jobs")
        self._slices = asyncio.Semaphore(_SLICES_AT_ONCE)
        self._at_work: set[int] = set()

    def start(self) -> None:
        """Begin. Call it on the event loop."""
        self._lookout.start()

    async def stop(self) -> None:
        """End, in the middle of whatever is going on: the next start goes on with it."""
        await self._lookout.stop()

    def hurry(self) -> None:
        """Look again now. Call it on the event loop."""
        self._lookout.hurry()

    async def _look(self) -> None:
        for run in await self._tools.store.read(self._find):
            if run not in self._at_work:
                self._at_work.add(run)
                self._lookout.spawn(self._work(run))

    def _find(self, queries: Queries) -> list[int]:
        return [
            state.run
            for state in queries.work.with_jobs()
            if (job := state.due_job) is not None and self._is_ours(job, queries.now)
        ]

    def _is_ours(self, job: Job, now: int) -> bool:
        # A kind that is not known here is that of a newer server.
        return job.kind in self._kinds and self._tools.may_take(job, now)

    async def _work(self, run: int) -> None:
        """Do a run's jobs for as long as there is something to do."""
        try:
            due = await self._tools.store.read(lambda queries: self._due(queries, run))
            while due.job is not None:
                async with self._slices:
                    await self._do(due.plan, due.job)
                due = await self._tools.store.read(lambda queries: self._due(queries, run))
                self._on_changed(run, due.ended)
                self._on_tasks()
        except Exception as error:  # noqa: BLE001 — it outlives whatever a job does
            tell("a job of a run", error)
        finally:
            self._at_work.discard(run)

    async def _do(self, plan: RunPlan, job: Job) -> None:
        with self._tools.observer.doing(f"job {job.kind}", plan):
            await self._kinds[job.kind].work(self._tools, plan, job)

    def _due(self, queries: Queries, run: int) -> _Due:
        state = queries.work.state(run)
        plan = self._tools.plans.by_number(queries, run)
        job = None if state is None else state.due_job
        if job is None or not self._is_ours(job, queries.now):
            return _Due(plan, None, state is None)
        is_open = queries.runs.by_number(run).status.open
        return _Due(plan, job if is_open else None, ended=False)
