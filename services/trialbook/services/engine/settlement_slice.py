"""Some results whose scorers wait for traces, as a look at the store finds them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from trialbook.services.application.found_trajectory import Found
from trialbook.services.application.ports import Queries
from trialbook.services.application.result_trace import ResultTrace, TraceSubject
from trialbook.services.application.trace_set import TraceSet, trace_sets
from trialbook.services.application.trace_settlement import expected_settlement
from trialbook.services.application.trajectory import load
from trialbook.services.application.work import TaskRow
from trialbook.services.engine.judge_trajectory import TrajectoryCase
from trialbook.services.engine.plan import PlanBook, RunPlan
from trialbook.services.trajectory.settlement import Patience

_AT_ONCE = 400
_BYTES_AT_ONCE = 8 * 1024 * 1024
_SHORTEST_WAIT = 5_000
_LONGEST_WAIT = 1_000_000


class Waiting(msgspec.Struct, frozen=True):
    """A result whose scorers wait: its row, their tasks, and where its trace stands.

    `version` is TraceSet.version; `check_at` says when it may have settled, None if it has.
    """

    row: ResultTrace
    tasks: tuple[TaskRow, ...]
    version: int
    check_at: int | None
    case: TrajectoryCase | None = None


class SettlementSlice(msgspec.Struct, frozen=True):
    """Results of one run; for those that are `forsaken` no scorer waits any more."""

    plan: RunPlan
    results: list[Waiting]
    forsaken: list[int]

    @property
    def is_something(self) -> bool:
        """Whether there is anything to be done."""
        return bool(self.results or self.forsaken)


class Outlook(msgspec.Struct, frozen=True):
    """What a look finds, when the next one is due (microseconds), and whether more is due now."""

    slices: list[SettlementSlice]
    next_check: int | None
    more: bool
    now: int


class Finder:
    """Finds what is due. Remembers of traces that were read in vain how much there was of them."""

    def __init__(self, plans: PlanBook, patience: Patience) -> None:
        self._plans = plans
        self._patience = patience
        self._read_in_vain: dict[tuple[int, int], tuple[int, int]] = {}

    def find(self, queries: Queries) -> Outlook:
        """Return what is due, with what is found of the traces that have settled."""
        due = queries.result_traces.due(queries.now, _AT_ONCE)
        by_run: defaultdict[int, list[ResultTrace]] = defaultdict(list)
        for row in due:
            by_run[row.run].append(row)
        slices: list[SettlementSlice] = []
        more = len(due) == _AT_ONCE
        for run, rows in by_run.items():
            found = self._slice(queries, run, rows)
            slices.append(found)
            more |= len(found.results) + len(found.forsaken) < len(rows)
        return Outlook(slices, queries.result_traces.next_check(), more, queries.now)

    def forget(self, run: int, number: int) -> None:
        """Forget a result that has settled."""
        self._read_in_vain.pop((run, number), None)

    def _slice(self, queries: Queries, run: int, rows: Sequence[ResultTrace]) -> SettlementSlice:
        """Return some of these results at least; the others are due the next time."""
        plan = self._plans.by_number(queries, run)
        tasks: defaultdict[int, list[TaskRow]] = defaultdict(list)
        for task in queries.work.unsettled(run, [row.number for row in rows]):
            tasks[task.number].append(task)
        forsaken = [row.number for row in rows if row.number not in tasks]
        since = {row.number: row for row in rows if row.number in tasks}
        subjects = [
            msgspec.structs.replace(subject, recorded_at=since[subject.number].recorded_at)
            for subject in queries.result_traces.subjects(run, since)
        ]
        sets = trace_sets(queries, plan.view, subjects)
        results: list[Waiting] = []
        ripe: list[TraceSubject] = []
        for subject in subjects:
            row, traces = since[subject.number], sets[subject.number]
            check_at = self._expected_check(queries, plan, subject, traces)
            if check_at is None:
                ripe.append(subject)
            else:
                waiting = tuple(tasks[row.number])
                results.append(Waiting(row, waiting, traces.version, check_at))
        cases = self._cases(queries, plan, ripe, sets)
        results += (self._judged(since[one], tasks[one], case) for one, case in cases.items())
        return SettlementSlice(plan, results, forsaken)

    def _expected_check(
        self, queries: Queries, plan: RunPlan, subject: TraceSubject, traces: TraceSet
    ) -> int | None:
        """Return when a trace may have settled that need not be read now; None if it need."""
        version, check_at = self._read_in_vain.get((plan.number, subject.number), (-1, 0))
        if version == traces.version and queries.now < check_at:
            return check_at
        return expected_settlement(plan.view, subject, traces, queries.now, self._patience).check_at

    def _cases(
        self,
        queries: Queries,
        plan: RunPlan,
        ripe: Sequence[TraceSubject],
        sets: dict[int, TraceSet],
    ) -> dict[int, TrajectoryCase]:
        """Return what is found of the first of these results, as much as one look may read."""
        some: list[TraceSubject] = []
        size = 0
        for subject in ripe:
            size += sets[subject.number].bytes
            if some and size > _BYTES_AT_ONCE:
                break
            some.append(subject)
        view = plan.view
        ordinals = sorted({subject.ordinal for subject in some})
        items = queries.datasets.items_at(view.dataset_number, view.dataset_version, ordinals)
        some = [subject for subject in some if subject.ordinal in items]
        found = load(queries, view, some, sets, patience=self._patience, settled_only=True)
        return {
            subject.number: TrajectoryCase(plan, found[subject.number], items[subject.ordinal])
            for subject in some
        }

    def _judged(self, row: ResultTrace, tasks: list[TaskRow], case: TrajectoryCase) -> Waiting:
        found = case.found
        if found.check_at is not None:
            seen = (found.state.version, found.check_at)
            self._read_in_vain[row.run, row.number] = seen
        return Waiting(row, tuple(tasks), found.state.version, found.check_at, case)


def later(waiting: Waiting, now: int) -> int:
    """Return for how long to leave a trace that has not settled, in microseconds.

    Something may come at any moment: the longer it has been waited for, the rarer the looks.
    """
    if waiting.check_at is None:
        return 0
    wanted = min(waiting.check_at - now, max(0, now - waiting.row.recorded_at) // 2)
    wait = _SHORTEST_WAIT
    # Few different waits, so that many results can be put off together.
    while wait < wanted and wait < _LONGEST_WAIT:
        wait *= 2
    return min(wait, _LONGEST_WAIT)


def settled_row(waiting: Waiting, found: Found, now: int) -> ResultTrace:
    """Return the row of a result that is judged now."""
    row, state = waiting.row, found.state
    known = msgspec.structs.replace(row, status=state.status, check_at=None)
    if not found.kept:
        # How much there was once stays known: the next judgement will miss it too.
        return known
    same = row.settled_at is not None and row.version == state.version
    return msgspec.structs.replace(
        known,
        received=state.received,
        expected=state.expected,
        version=state.version,
        settled_at=row.settled_at if same else now,
        trace_ids=state.trace_ids,
        foreign=state.foreign,
    )
