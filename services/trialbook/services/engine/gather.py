"""Records what a worker's calls report at about the same time in one transaction."""

from __future__ import annotations

import asyncio
from collections import defaultdict

import msgspec

from trialbook.services.application.ports import CommandContext, Store, UnitOfWork
from trialbook.services.application.work import TaskKey, TaskRow
from trialbook.services.domain.errors import Unavailable
from trialbook.services.engine.in_flight import Given, Recording
from trialbook.services.engine.plan import RunPlan
from trialbook.services.engine.record import record_reports
from trialbook.services.engine.report import Disposition, OnRecorded, Report

_SECONDS = 0.004
_ENOUGH = 100


class JudgedReports(msgspec.Struct, frozen=True):
    """One call's reports with the uids of their runs, their plans, and what is known of them."""

    reports: list[tuple[str, Report]]
    plans: dict[str, RunPlan]
    taken: dict[tuple[str, TaskKey], Given]
    recording: Recording
    on_recorded: OnRecorded


class _Call(msgspec.Struct, frozen=True):
    judged: JudgedReports
    answer: asyncio.Future[list[Disposition]]


class Gatherer:
    """Lets calls wait for each other for a moment before they are recorded.

    Nobody waits for that but the worker's acknowledgement: the slots of reported tasks are free
    already. Small batches cost several times what they cost together.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: defaultdict[str, list[_Call]] = defaultdict(list)
        self._writing: set[asyncio.Task[None]] = set()

    async def record(
        self, worker_id: str, judged: JudgedReports, *, wait: bool
    ) -> list[Disposition]:
        """Return what was done with each report, once that is durable.

        Without `wait` it is done at once, together with what waits already.
        """
        loop = asyncio.get_running_loop()
        call = _Call(judged, loop.create_future())
        waiting = self._waiting[worker_id]
        waiting.append(call)
        if not wait or sum(len(one.judged.reports) for one in waiting) >= _ENOUGH:
            self._flush(worker_id)
        elif len(waiting) == 1:
            loop.call_later(_SECONDS, self._flush, worker_id)
        return await call.answer

    def _flush(self, worker_id: str) -> None:
        calls = [call for call in self._waiting.pop(worker_id, ()) if not call.answer.cancelled()]
        if calls:
            task = asyncio.get_running_loop().create_task(self._write(worker_id, calls))
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)

    async def _write(self, worker_id: str, calls: list[_Call]) -> None:
        try:
            answers = await self._store.transact(
                CommandContext(actor=worker_id, command="CompleteTasks"),
                lambda uow: _record_all(uow, worker_id, [call.judged for call in calls]),
            )
        except Exception as error:  # noqa: BLE001 — it belongs to those who wait
            await self._fail(worker_id, calls, error)
        else:
            for call, answer in zip(calls, answers, strict=True):
                if not call.answer.done():
                    call.answer.set_result(answer)

    async def _fail(self, worker_id: str, calls: list[_Call], error: Exception) -> None:
        """Tell the callers; but one whose reports break must not break the others' calls."""
        if len(calls) > 1 and not isinstance(error, Unavailable):
            for call in calls:
                await self._write(worker_id, [call])
            return
        for call in calls:
            if not call.answer.done():
                call.answer.set_exception(error)


def _record_all(
    uow: UnitOfWork, worker_id: str, calls: list[JudgedReports]
) -> list[list[Disposition]]:
    """Record the reports of several calls, run by run; return each call's dispositions."""
    answers = [[Disposition.FENCED] * len(call.reports) for call in calls]
    plans: dict[str, RunPlan] = {}
    places: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    known: defaultdict[str, dict[TaskKey, TaskRow]] = defaultdict(dict)
    for index, call in enumerate(calls):
        # The rows are gone with this transaction, so they must no longer be counted as free.
        call.recording.end()
        # A late report may come under the plan of an earlier round: it must not count for others.
        plans |= {uid: _newer(plan, plans.get(uid)) for uid, plan in call.plans.items()}
        for place, (uid, _) in enumerate(call.reports):
            places[uid].append((index, place))
        for (uid, key), given in call.taken.items():
            known[uid][key] = given.row
    for uid, plan in plans.items():
        own = [calls[index].reports[place][1] for index, place in places[uid]]
        dispositions = record_reports(uow, plan, own, worker_id, known[uid])
        for (index, place), disposition in zip(places[uid], dispositions, strict=True):
            answers[index][place] = disposition
        _announce(uow, plan.number, calls[0].on_recorded)
    return answers


def _newer(plan: RunPlan, other: RunPlan | None) -> RunPlan:
    """Return that of two plans of a run which was made last."""
    return plan if other is None or plan.generation >= other.generation else other


def _announce(uow: UnitOfWork, run: int, on_recorded: OnRecorded) -> None:
    state = uow.work.state(run)
    uow.after_commit(lambda: on_recorded(run, state))
