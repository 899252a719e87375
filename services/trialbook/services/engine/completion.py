"""One call's reports on their way from the wire to the log."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor

import msgspec

from trialbook.services.application.ports import Queries, Store
from trialbook.services.application.views import ItemView, Session
from trialbook.services.application.work import TaskKey
from trialbook.services.domain.judgement import Judgement
from trialbook.services.domain.run import TaskError
from trialbook.services.engine.gather import Gatherer, JudgedReports
from trialbook.services.engine.in_flight import Given, InFlight, Recording
from trialbook.services.engine.judge import Case, judge
from trialbook.services.engine.observer import UNOBSERVED, Observer
from trialbook.services.engine.pace import Pace
from trialbook.services.engine.place import steps_may_follow
from trialbook.services.engine.plan import PlanBook, RunPlan
from trialbook.services.engine.report import (
    Answered,
    Broke,
    Disposition,
    Judged,
    Measured,
    OnRecorded,
    Report,
)
from trialbook.services.scoring.judgement import Sample


class TaskReport(msgspec.Struct, frozen=True):
    """A report as it comes in: the run by uid, and an output (JSON text) not yet judged."""

    uid: str
    key: TaskKey
    lease_token: str
    outcome: str | Judged | TaskError
    measured: Measured


class Completions:
    """Judges and records reports."""

    def __init__(
        self,
        store: Store,
        plans: PlanBook,
        in_flight: InFlight,
        pace: Pace,
        scoring: Executor,
        *,
        observer: Observer = UNOBSERVED,
    ) -> None:
        self._store = store
        self._plans = plans
        self._in_flight = in_flight
        self._pace = pace
        self._scoring = scoring
        self._observer = observer
        self._gatherer = Gatherer(store)

    async def complete(
        self,
        session: Session,
        reports: Sequence[TaskReport],
        on_free: Callable[[], Awaitable[None]],
        on_recorded: OnRecorded,
    ) -> list[Disposition]:
        """Return what was done with each report, once that is durable.

        `on_free` is called as soon as it is known whose slots are free again: what has been
        reported no longer runs, and others need not wait for its recording. It is called once
        more if only the recording makes work or frees slots.
        """
        plans = await self._find_plans(reports)
        taken, recording = self._take(reports, plans)
        items = {key: given.item for key, given in taken.items() if given.item is not None}
        try:
            await on_free()
            await self._load_items(reports, plans, items)
            judged = await self._judge(reports, plans, items)
            dispositions = await self._gatherer.record(
                session.worker_id,
                JudgedReports(judged, plans, taken, recording, on_recorded),
                # The last ones of a run have none to wait for.
                wait=any(self._in_flight.has(plan.number) for plan in plans.values()),
            )
        finally:
            recording.end()
        hosted = any(plan.has_hosted_scorers for plan in plans.values())
        if hosted or recording.total < len(reports):
            await on_free()
        return dispositions

    async def _find_plans(self, reports: Sequence[TaskReport]) -> dict[str, RunPlan]:
        """Return the plans of the reports' runs: those under which the tasks went out, if known.

        A run's plan does not change while a task of it is out.
        """
        plans: dict[str, RunPlan] = {}
        for report in reports:
            known = self._plans.known(report.uid)
            given = known and self._in_flight.find(known.number, report.key, report.lease_token)
            if given:
                found = plans.setdefault(report.uid, given.plan)
                if found is not given.plan and given.plan.generation >= found.generation:
                    plans[report.uid] = given.plan
        for uid in {report.uid for report in reports} - plans.keys():
            plan = await self._store.read(_plan_of(self._plans, uid))
            if plan is not None:
                plans[uid] = plan
        return plans

    def _take(
        self, reports: Sequence[TaskReport], plans: dict[str, RunPlan]
    ) -> tuple[dict[tuple[str, TaskKey], Given], Recording]:
        taken: dict[tuple[str, TaskKey], Given] = {}
        counts: Counter[int] = Counter()
        for report in reports:
            plan = plans.get(report.uid)
            if plan is None:
                continue
            given = self._in_flight.take(plan.number, report.key, report.lease_token)
            if given is None:
                continue
            counts[plan.number] += 1
            self._pace.note(plan.number)
            taken[report.uid, report.key] = given
        return taken, self._in_flight.begin_recording(counts)

    async def _load_items(
        self,
        reports: Sequence[TaskReport],
        plans: dict[str, RunPlan],
        items: dict[tuple[str, TaskKey], ItemView],
    ) -> None:
        """Read the items that are not at hand. Tasks that are gone by now have none."""
        missing: defaultdict[str, set[TaskKey]] = defaultdict(set)
        for report in reports:
            plan = plans.get(report.uid)
            known = (report.uid, report.key) in items
            if isinstance(report.outcome, str) and plan and plan.judges_here and not known:
                missing[report.uid].add(report.key)
        for uid, keys in missing.items():
            found = await self._store.read(_items_of(plans[uid], keys))
            items.update({(uid, key): item for key, item in found.items()})

    async def _judge(
        self,
        reports: Sequence[TaskReport],
        plans: dict[str, RunPlan],
        items: dict[tuple[str, TaskKey], ItemView],
    ) -> list[tuple[str, Report]]:
        cases: dict[int, Case] = {}
        for place, report in enumerate(reports):
            item = items.get((report.uid, report.key))
            if isinstance(report.outcome, str) and item is not None:
                sample = Sample(report.outcome, item.expected, item.input)
                measured = report.measured
                cases[place] = Case(
                    plans[report.uid],
                    sample,
                    measured.steps,
                    item.extras,
                    steps_may_follow=steps_may_follow(
                        measured.steps,
                        measured.trace,
                        trajectory=measured.trajectory is not None,
                    ),
                )
        judgements = await judge(list(cases.values()), self._scoring, self._observer)
        by_place = dict(zip(cases, judgements, strict=True))
        return [
            (report.uid, _judged(report, by_place.get(place, {})))
            for place, report in enumerate(reports)
        ]


def _plan_of(plans: PlanBook, uid: str) -> Callable[[Queries], RunPlan | None]:
    return lambda queries: plans.by_uid(queries, uid)


def _items_of(plan: RunPlan, keys: set[TaskKey]) -> Callable[[Queries], dict[TaskKey, ItemView]]:
    def query(queries: Queries) -> dict[TaskKey, ItemView]:
        ordinals = {key: row.ordinal for key, row in queries.work.find(plan.number, keys).items()}
        view, found = plan.view, dict[int, ItemView]()
        # One read brings only what a page may hold: go on until all are there.
        while missing := sorted(set(ordinals.values()) - found.keys()):
            found |= queries.datasets.items_at(view.dataset_number, view.dataset_version, missing)
        return {key: found[ordinal] for key, ordinal in ordinals.items()}

    return query


def _judged(report: TaskReport, judgements: dict[int, Judgement]) -> Report:
    outcome: Answered | Judged | Broke
    if isinstance(report.outcome, str):
        outcome = Answered(report.outcome, judgements)
    elif isinstance(report.outcome, TaskError):
        outcome = Broke(report.outcome)
    else:
        outcome = report.outcome
    return Report(report.key, report.lease_token, outcome, report.measured)
