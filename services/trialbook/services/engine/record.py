"""Records outcomes exactly once: results, scores, retries and the end of the run, all in one."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from trialbook.services.application.ports import UnitOfWork
from trialbook.services.application.result_trace import ResultTrace
from trialbook.services.application.rework_reads import Unit
from trialbook.services.application.task_identity import trace_id, write_task_id
from trialbook.services.application.work import TARGET, WAITS_FOR_TRACE, TaskKey, TaskRow
from trialbook.services.domain.content import Content, ContentCollector
from trialbook.services.domain.experiment import ScorerScope
from trialbook.services.domain.judgement import Judgement, ScoreStatus
from trialbook.services.domain.run import (
    FACTS_PER_EVENT,
    MAX_LOST_LEASES,
    ErrorCode,
    ResultFact,
    ResultsRecorded,
    ResultStatus,
    ScoreFact,
    ScoresRecorded,
    SkipReason,
    TaskError,
    facts_stream_of,
)
from trialbook.services.engine.backoff import backoff
from trialbook.services.engine.ending import end_run, stop_for_failures
from trialbook.services.engine.plan import RunPlan
from trialbook.services.engine.report import (
    UNMEASURED,
    Answered,
    Broke,
    Disposition,
    Judged,
    Measured,
    Report,
)
from trialbook.services.engine.skipped import ITEM_FAILED, SKIPPED, SUPERSEDED
from trialbook.services.trajectory.trajectory import TraceStatus

WRITER = "w0"
"""Names a run's stream of facts. Servers that share a database write to it in turn."""

_jitter = random.SystemRandom()


def record_reports(
    uow: UnitOfWork,
    plan: RunPlan,
    reports: Sequence[Report],
    worker_id: str,
    known: Mapping[TaskKey, TaskRow],
) -> list[Disposition]:
    """Record what workers report of one run; return what was done with each report.

    `known` are the tasks as they went out, as far as that is at hand; what the store says counts.
    """
    keys = {report.key for report in reports}
    if known.keys() >= keys and uow.work.all_leased(plan.number, known.values()):
        rows = dict(known)
    else:
        rows = uow.work.find(plan.number, keys)
    ledger = Ledger(uow, plan, worker_id)
    dispositions: list[Disposition | None] = []
    stale: set[TaskKey] = set()
    for report in reports:
        row = rows.get(report.key)
        if row is None or row.lease_token != report.lease_token:
            stale.add(report.key)
            dispositions.append(None)
            continue
        # A task that is reported twice in one call is recorded once.
        del rows[report.key]
        dispositions.append(ledger.take(row, report))
    ledger.write()
    recorded = uow.runs.recorded(plan.number, stale) if stale else set()
    return [
        disposition
        or (Disposition.ALREADY_RECORDED if report.key in recorded else Disposition.FENCED)
        for disposition, report in zip(dispositions, reports, strict=True)
    ]


class Ledger:
    """Gathers outcomes of one run's tasks, then writes them all at once."""

    def __init__(self, uow: UnitOfWork, plan: RunPlan, worker_id: str = "") -> None:
        self._uow = uow
        self._plan = plan
        self._worker_id = worker_id
        self._contents = ContentCollector()
        self._results: list[ResultFact] = []
        self._scores: list[ScoreFact] = []
        self._done: list[TaskRow] = []
        self._postponed: list[TaskRow] = []
        self._new: list[TaskRow] = []
        self._begun: list[ResultTrace] = []
        self._resumed: list[ResultTrace] = []

    def take(self, row: TaskRow, report: Report) -> Disposition:
        """Take in a report whose lease holds."""
        match report.outcome:
            case Answered() as answer:
                self._answered(row, answer, report.measured)
                self._done.append(row)
            case Judged(judgement):
                self._score(row, row.scorer, judgement, report.measured.duration)
                self._done.append(row)
            case Broke(error):
                return self.fail(row, error, report.measured)
        return Disposition.RECORDED

    def fail(self, row: TaskRow, error: TaskError, measured: Measured = UNMEASURED) -> Disposition:
        """Take in a failed attempt: another one is scheduled if that may help."""
        retries = self._plan.settings.max_retries
        if error.code is ErrorCode.CANCELLED:
            self._postpone(row, row.attempt, row.losses, 0)
        elif error.code.retryable and row.attempt <= retries:
            wait = backoff(self._plan.settings, row.attempt, _jitter)
            self._postpone(row, row.attempt + 1, row.losses, wait)
        else:
            self._failed(row, error, measured)
            self._done.append(row)
            return Disposition.RECORDED
        return Disposition.RETRY_SCHEDULED

    def lose(self, row: TaskRow) -> None:
        """Take in that a worker went away with a task: others get it, but not for ever."""
        losses = row.losses + 1
        if losses <= MAX_LOST_LEASES:
            self._postpone(row, row.attempt, losses, 0)
            return
        sentence = f"{losses} workers went away while they had this task"
        self._failed(row, TaskError(ErrorCode.WORKER_LOST, sentence), UNMEASURED)
        self._done.append(row)

    def give_back(self, row: TaskRow) -> None:
        """Take in that a worker ended its session with a task unfinished."""
        self._postpone(row, row.attempt, row.losses, 0)

    def skip(self, row: TaskRow, reason: SkipReason) -> None:
        """Take in that a task will never be run."""
        if row.scorer == TARGET and self._replaces:
            # What was not run again keeps the outcome that it had.
            pass
        elif row.scorer == TARGET:
            self.skip_unit(row.number, row.ordinal, row.item_id, row.trial, reason)
        else:
            self._score(row, row.scorer, SKIPPED[reason], None)
        self._done.append(row)

    def skip_unit(
        self, number: int, ordinal: int, item_id: str, trial: int, reason: SkipReason
    ) -> None:
        """Take in that an (item, trial) will never become a task."""
        self._results.append(
            ResultFact(number, ordinal, item_id, trial, ResultStatus.SKIPPED, skip_reason=reason)
        )

    def record(self, row: TaskRow, outcome: Answered | TaskError, measured: Measured) -> None:
        """Take in what became of an (item, trial) that was no task of a worker."""
        if isinstance(outcome, Answered):
            self._answered(row, outcome, measured)
        else:
            self._failed(row, outcome, measured)

    def judge(self, unit: Unit, place: int, judgement: Judgement) -> None:
        """Take in what is said of a result that is recorded."""
        self._score(unit, place, judgement, None)

    def conclude(self, row: TaskRow, judgement: Judgement) -> None:
        """Take in what is said here of a result whose trace has settled."""
        self._score(row, row.scorer, judgement, None)
        self._done.append(row)

    def leave(self, unit: Unit, places: Sequence[int], steps: str | None, recorded_at: int) -> None:
        """Leave it to others to judge a result that was recorded then, with these steps."""
        if places and self._ask(unit, places, steps):
            self._resumed.append(awaited(self._plan.number, unit.number, recorded_at, self._now))

    def add(self, tasks: Iterable[TaskRow]) -> None:
        """Take in new tasks."""
        self._new += tasks

    def write(self) -> None:
        """Write everything; the run stops at its last failure, and ends with its last task."""
        self._append_facts()
        if any(fact.status is ResultStatus.FAILED for fact in self._results):
            stop_for_failures(self._uow, self._plan)
        self._uow.result_traces.begin(self._begun)
        self._uow.result_traces.resume(self._resumed)
        state = self._uow.work.settle(self._plan.number, self._done, self._postponed, self._new)
        if state is not None and state.finished:
            end_run(self._uow, self._plan.number)

    def _answered(self, row: TaskRow, answer: Answered, measured: Measured) -> None:
        output = self._contents.add(answer.output)
        self._result(row, ResultStatus.SUCCEEDED, measured, output=output)
        unjudged: list[int] = []
        for place in self._plan.of_results:
            judgement = answer.judgements.get(place) or self._unjudged(place)
            if judgement is not None:
                self._score(row, place, judgement, answer.durations.get(place))
            else:
                unjudged.append(place)
        if unjudged and self._ask(row, unjudged, measured.steps):
            self._begun.append(awaited(self._plan.number, row.number, self._now, self._now))

    def _ask(self, of: TaskRow | Unit, places: Sequence[int], steps: str | None) -> bool:
        """Make tasks of what is not judged here yet; say whether some wait for the trace."""
        waiting = self._plan.awaiting(places, steps)
        self._new += (
            _task(of, place, WAITS_FOR_TRACE if place in waiting else self._now) for place in places
        )
        return bool(waiting)

    @property
    def _now(self) -> int:
        return self._uow.now

    def _unjudged(self, place: int) -> Judgement | None:
        """Return what stands for a judgement that was not made; None if it will be."""
        spec = self._plan.scorers[place]
        if spec.superseded:
            return SUPERSEDED
        if spec.by_caller:
            return SKIPPED[SkipReason.NOT_SUBMITTED]
        if spec.built_in and spec.scope is ScorerScope.ITEM:
            raise ValueError(f"the scorer at {place} of run {self._plan.uid} judges here")
        return None

    def _failed(self, row: TaskRow, error: TaskError, measured: Measured) -> None:
        if row.scorer == TARGET:
            self._result(row, ResultStatus.FAILED, measured, error=error)
            for place in self._plan.of_results:
                self._score(row, place, ITEM_FAILED, None)
        else:
            reason = f"{error.kind}: {error.message}" if error.kind else error.message
            broken = Judgement(ScoreStatus.FAILED, None, None, error.code, reason[:2000], None)
            self._score(row, row.scorer, broken, measured.duration)

    def _result(
        self,
        row: TaskRow,
        status: ResultStatus,
        measured: Measured,
        *,
        output: Content | None = None,
        error: TaskError | None = None,
    ) -> None:
        fact = ResultFact(
            row.number,
            row.ordinal,
            row.item_id,
            row.trial,
            status,
            output,
            error,
            row.attempt,
            measured.duration,
            self._worker_id,
            self._trace_id(row, measured),
            steps=self._contents.add_optional(measured.steps),
            usage=measured.usage,
            round=self._plan.view.round,
            trace=measured.trace,
            trajectory=self._contents.add_optional(measured.trajectory),
        )
        self._results.append(fact)

    def _trace_id(self, row: TaskRow, measured: Measured) -> str:
        if measured.trace_id is not None:
            return measured.trace_id
        return trace_id(write_task_id(self._plan.uid, row.key), row.attempt, self._plan.view.round)

    @property
    def _replaces(self) -> bool:
        """Whether every result of the run was recorded before, in an earlier round."""
        return self._plan.view.round > 0

    def _score(
        self, row: TaskRow | Unit, place: int, judgement: Judgement, duration: int | None
    ) -> None:
        evidence = self._contents.add_optional(judgement.evidence)
        self._scores.append(
            ScoreFact(
                row.number,
                row.item_id,
                row.trial,
                place,
                judgement.status,
                judgement.value,
                judgement.passed,
                judgement.label,
                # It may quote names out of traces, and PostgreSQL keeps no such character.
                judgement.reason.replace("\0", "\N{REPLACEMENT CHARACTER}"),
                evidence,
                duration,
            )
        )

    def _postpone(self, row: TaskRow, attempt: int, losses: int, wait: int) -> None:
        self._postponed.append(
            msgspec.structs.replace(
                row,
                attempt=attempt,
                losses=losses,
                ready_at=self._uow.now + wait,
                lease_token=None,
                session=None,
                expires_at=None,
                deadline=None,
            )
        )

    def _append_facts(self) -> None:
        if not self._results and not self._scores:
            return
        uid = self._plan.uid
        position = self._uow.runs.last_position(self._plan.number) + 1
        events: list[msgspec.Struct] = []
        for start in range(0, len(self._results), FACTS_PER_EVENT):
            results = tuple(self._results[start : start + FACTS_PER_EVENT])
            events.append(ResultsRecorded(uid, position, results, self._replaces))
            position += len(results)
        for start in range(0, len(self._scores), FACTS_PER_EVENT):
            scores = tuple(self._scores[start : start + FACTS_PER_EVENT])
            events.append(ScoresRecorded(uid, position, scores, self._replaces))
            position += len(scores)
        self._uow.store_blobs(self._contents.blobs)
        self._uow.append(facts_stream_of(uid, WRITER), events, expected_version=None)


def awaited(run: int, number: int, recorded_at: int, now: int) -> ResultTrace:
    """Return the row of a result whose scorers wait for its trace, to be looked at now."""
    return ResultTrace(run, number, TraceStatus.PENDING, 0, None, 0, recorded_at, now)


def _task(of: TaskRow | Unit, scorer: int, ready_at: int) -> TaskRow:
    """Return a first attempt at a score of a result."""
    return TaskRow(of.number, scorer, of.ordinal, of.item_id, of.trial, 1, 0, ready_at)
