"""Takes in what the callers of runs submit, and writes down what they do not."""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Executor

import msgspec

from trialbook.services.application.item_selection import Selected, select
from trialbook.services.application.ports import CommandContext, Queries, Store, UnitOfWork
from trialbook.services.application.rework_reads import RecordedOutcome, Unit
from trialbook.services.application.run import require
from trialbook.services.application.submission import (
    Submitted,
    number_of,
    require_selected,
    require_submitting,
    resolve,
)
from trialbook.services.application.views import ItemView
from trialbook.services.application.work import TARGET, Job, WorkState
from trialbook.services.domain.judgement import Judgement
from trialbook.services.domain.run import SkipReason, TaskError, skipped_for
from trialbook.services.engine.expand import expand
from trialbook.services.engine.job import JobKind, JobTools
from trialbook.services.engine.judge import Case, judge
from trialbook.services.engine.observer import Observer
from trialbook.services.engine.place import steps_may_follow
from trialbook.services.engine.plan import PlanBook, RunPlan
from trialbook.services.engine.presence import SYSTEM
from trialbook.services.engine.record import Ledger
from trialbook.services.engine.report import Answered, Measured, OnRecorded
from trialbook.services.engine.retry import new_task
from trialbook.services.scoring.judgement import Sample

_SLICE = 1000


class Submission(enum.Enum):
    """What was done with a submitted result."""

    RECORDED = enum.auto()
    ALREADY_RECORDED = enum.auto()
    CONFLICT = enum.auto()


class _Resolved(msgspec.Struct, frozen=True):
    """The run of a call, and what each of its results stands for."""

    plan: RunPlan
    units: list[Unit]


class Submissions:
    """Judges and records what callers submit."""

    def __init__(
        self,
        store: Store,
        plans: PlanBook,
        scoring: Executor,
        on_recorded: OnRecorded,
        observer: Observer,
    ) -> None:
        self._store = store
        self._plans = plans
        self._scoring = scoring
        self._on_recorded = on_recorded
        self._observer = observer

    async def submit(
        self, context: CommandContext, project: str, run_id: str, results: Sequence[Submitted]
    ) -> list[Submission]:
        """Return what was done with each result, once that is durable.

        Raises Invalid, NotFound, NotCallerDriven, RunEnded; then none is recorded.
        """

        def look_up(queries: Queries) -> _Resolved:
            view = require(queries, project, run_id)
            require_submitting(view)
            return _Resolved(
                self._plans.by_number(queries, view.number), resolve(queries, view, results)
            )

        found = await self._store.read(look_up)
        judgements = await self._judge(found.plan, results)
        return await self._store.transact(
            context,
            lambda uow: self._record(uow, found, results, judgements),
        )

    async def _judge(
        self, plan: RunPlan, results: Sequence[Submitted]
    ) -> list[dict[int, Judgement]]:
        """Return what is said here of each result, with only a page of items in memory at once.

        Raises Invalid for items that the run leaves out.
        """
        by_item: defaultdict[str, list[int]] = defaultdict(list)
        for index, result in enumerate(results):
            by_item[result.item_id].append(index)
        said: dict[int, dict[int, Judgement]] = {}
        after: int | None = 0
        while after is not None:
            page = await self._store.read(_selected(plan, sorted(by_item), after))
            cases = {
                index: _case(plan, results[index], item)
                for item in page.rows
                for index in by_item[item.item_id]
            }
            judgements = await judge(list(cases.values()), self._scoring, self._observer)
            said.update(zip(cases, judgements, strict=True))
            after = page.after
        require_selected(plan.view, results, said.keys())
        return [said[index] for index in range(len(results))]

    def _record(
        self,
        uow: UnitOfWork,
        found: _Resolved,
        results: Sequence[Submitted],
        judgements: Sequence[dict[int, Judgement]],
    ) -> list[Submission]:
        run = found.plan.number
        require_submitting(uow.runs.by_number(run))
        plan = self._plans.by_number(uow, run)
        known = uow.rework.outcomes(plan.view, sorted({unit.number for unit in found.units}))
        ledger = Ledger(uow, plan, uow.actor)
        done: list[Submission] = []
        for unit, result, said in zip(found.units, results, judgements, strict=True):
            before = known.get(unit.number)
            if before is not None:
                done.append(_compared(result, before))
                continue
            known[unit.number] = result.recorded
            row = new_task(unit, TARGET, uow.now)
            row = msgspec.structs.replace(row, attempt=result.attempts)
            ledger.record(row, _outcome(plan, result, said), _measured(result))
            done.append(Submission.RECORDED)
        ledger.write()
        state = uow.work.state(run)
        uow.after_commit(lambda: self._on_recorded(run, state))
        return done


def _selected(plan: RunPlan, item_ids: Sequence[str], after: int) -> Callable[[Queries], Selected]:
    """Return the query of those of these items that a run has selected."""
    view, chosen = plan.view, plan.selection
    if chosen.item_ids:
        item_ids = sorted(set(item_ids) & set(chosen.item_ids))
    if not item_ids:
        return lambda _: Selected([], None)
    selection = msgspec.structs.replace(chosen, item_ids=tuple(item_ids))
    return lambda queries: select(
        queries,
        view.dataset_number,
        view.dataset_version,
        selection,
        after=after,
        limit=len(item_ids),
        purged=False,
    )


def _case(plan: RunPlan, result: Submitted, item: ItemView) -> Case:
    """Return what is judged; of a result that failed, nothing is."""
    output, places = result.outcome, None
    if not isinstance(output, str):
        output, places = "null", frozenset[int]()
    sample = Sample(output, item.expected, item.input)
    told = result.trajectory is not None
    follow = steps_may_follow(result.steps, result.trace, trajectory=told)
    return Case(plan, sample, result.steps, item.extras, places, follow)


def _compared(result: Submitted, before: RecordedOutcome) -> Submission:
    same = result.recorded == before
    return Submission.ALREADY_RECORDED if same else Submission.CONFLICT


def _outcome(plan: RunPlan, result: Submitted, said: dict[int, Judgement]) -> Answered | TaskError:
    if not isinstance(result.outcome, str):
        return result.outcome
    by_caller = {
        place: result.scores[spec.alias]
        for place, spec in enumerate(plan.scorers)
        if spec.by_caller and spec.alias in result.scores
    }
    judgements = said | {place: score.judgement for place, score in by_caller.items()}
    durations = {place: score.duration for place, score in by_caller.items()}
    return Answered(result.outcome, judgements, durations)


def _measured(result: Submitted) -> Measured:
    return Measured(
        result.latency,
        result.usage,
        result.steps,
        result.trace_id,
        result.trace,
        result.trajectory,
    )


async def _skip_missing(tools: JobTools, plan: RunPlan, job: Job) -> None:
    """Write down what of some of a run's items was not submitted."""
    found = await tools.store.read(lambda queries: _missing(queries, plan, job))

    def write(uow: UnitOfWork) -> None:
        if tools.advance(uow, plan.number, job, found.following):
            ledger = Ledger(uow, plan)
            _skip(ledger, found.units, SkipReason.NOT_SUBMITTED)
            ledger.write()

    await tools.store.transact(SYSTEM, write)


def _skip_stopped(uow: UnitOfWork, plan: RunPlan, job: Job) -> Job | None:
    """Write down what of some items was not submitted before the run was stopped."""
    found = _missing(uow, plan, job)
    ledger = Ledger(uow, plan)
    _skip(ledger, found.units, skipped_for(uow.runs.by_number(plan.number).end_reason))
    ledger.write()
    return found.following


class _Missing(msgspec.Struct, frozen=True):
    """What was not submitted of some items, and how the job goes on after them."""

    units: list[Unit]
    following: Job | None


def _missing(queries: Queries, plan: RunPlan, job: Job) -> _Missing:
    trials = plan.settings.trials
    state = WorkState(plan.number, job.upto, 0, 0, exhausted=False, out=0, waiting=0)
    expansion = expand(queries, plan, state, max(1, _SLICE // trials) * trials)
    units = [
        Unit(number_of(item.ordinal, trial, trials), item.ordinal, item.item_id, trial)
        for _, item, trial in expansion.units
    ]
    known = queries.rework.known_numbers(plan.view, [unit.number for unit in units])
    following = None
    if not expansion.exhausted:
        following = msgspec.structs.replace(job, upto=expansion.upto.ordinal)
    return _Missing([unit for unit in units if unit.number not in known], following)


def _skip(ledger: Ledger, units: Sequence[Unit], reason: SkipReason) -> None:
    for unit in units:
        ledger.skip_unit(unit.number, unit.ordinal, unit.item_id, unit.trial, reason)


FINISH = JobKind(work=_skip_missing, stop=_skip_stopped)
