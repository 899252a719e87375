"""The traces that a result consists of, as far as that is known without reading a span."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from trialbook.services.application.ports import Queries
from trialbook.services.application.result_trace import ResultTrace, TraceSubject
from trialbook.services.application.task_identity import trace_id, traceparent, write_task_id
from trialbook.services.application.trace_reads import TraceReads, TraceRow
from trialbook.services.application.views import RunView
from trialbook.services.application.work import TARGET, TaskKey

MOST_TRACES = 100
"""So many traces one result may consist of."""

_Neighbours = Mapping[str, Collection[str]]


class TraceSet(msgspec.Struct, frozen=True):
    """The ids of a result's traces, its own first, and the rows of those of which anything came.

    `foreign` are traces that are linked with these, but belong to something else.
    """

    trace_ids: tuple[str, ...]
    own: tuple[str, ...]
    rows: tuple[TraceRow, ...]
    foreign: frozenset[str] = frozenset()

    @property
    def spans(self) -> int:
        """How many spans came at most: overlapping exports count each time."""
        return sum(row.spans for row in self.rows)

    @property
    def bytes(self) -> int:
        """How much is stored."""
        return sum(row.bytes for row in self.rows)

    @property
    def rejected(self) -> int:
        """How many spans came beyond what a trace may hold."""
        return sum(row.rejected for row in self.rows)

    @property
    def version(self) -> int:
        """Grows with everything that comes."""
        return sum(row.version for row in self.rows)

    @property
    def last_seen(self) -> int:
        """When something came last; 0 if nothing did."""
        return max((row.last_seen for row in self.rows), default=0)


def trace_sets(
    queries: Queries,
    run: RunView,
    subjects: Sequence[TraceSubject],
    foreign: Collection[str] = (),
) -> dict[int, TraceSet]:
    """Return the traces of results, by number.

    They are that of the task, those that were reported, and all that span links lead to and come
    from, over any number of them; without the foreign ones, and that of the call which started the
    run, which leads to all its results.
    """
    own = {subject.number: _own(run, subject) for subject in subjects}
    shut = frozenset((*foreign, _trace_of(run.pins.traceparent)))
    linked = _neighbours(queries.traces, {one for ids in own.values() for one in ids}, shut)
    reached = {number: _walk(ids, linked) for number, ids in own.items()}
    rows = queries.traces.rows({one for ids in reached.values() for one in ids})
    return {
        number: TraceSet(
            ids, own[number], tuple(rows[one] for one in ids if one in rows), frozenset(foreign)
        )
        for number, ids in reached.items()
    }


def minted_parent(run: RunView, subject: TraceSubject) -> str:
    """Return the id of the span that the task named as the parent of the attempt's spans."""
    task_id = write_task_id(run.uid, TaskKey(subject.number, TARGET))
    return traceparent(task_id, subject.attempts, subject.round).split("-")[2]


def attempt_traces(run: RunView, subject: TraceSubject) -> set[str]:
    """Return the traces of all attempts that were made at a result, in every round."""
    task_id = write_task_id(run.uid, TaskKey(subject.number, TARGET))
    minted = {
        trace_id(task_id, attempt, run_round)
        for run_round in range(run.round + 1)
        for attempt in range(1, run.settings.max_retries + 2)
    }
    return minted.union(_own(run, subject))


def late_links(
    queries: Queries, run: RunView, judged: Iterable[ResultTrace]
) -> set[tuple[int, str]]:
    """Return which traces are linked with results, by number, that were not when these were judged.

    Of results that consist of as many traces as may be, none.
    """
    caller = _trace_of(run.pins.traceparent)
    rows = [row for row in judged if len(row.trace_ids) < MOST_TRACES]
    links = queries.traces.links({one for row in rows for one in row.trace_ids})
    if not links:
        return set()
    linked = _both_ways(links)
    return {
        (row.number, other)
        for row in rows
        for one in row.trace_ids
        for other in linked.get(one, ())
        if other != caller and other not in row.trace_ids and other not in row.foreign
    }


def _own(run: RunView, subject: TraceSubject) -> tuple[str, ...]:
    """Return the traces of a result that the task, the worker or the caller named."""
    named = [subject.trace_id]
    if not run.pins.caller_driven and subject.attempts:
        task_id = write_task_id(run.uid, TaskKey(subject.number, TARGET))
        named.append(trace_id(task_id, subject.attempts, subject.round))
    if subject.report is not None:
        named += subject.report.trace_ids
    return tuple(dict.fromkeys(one for one in named if one))


def _trace_of(parent: str) -> str:
    return parent.split("-")[1] if parent.count("-") == 3 else ""


def _neighbours(traces: TraceReads, start: set[str], shut: Collection[str]) -> _Neighbours:
    """Return which traces span links join, as far as they lead from some."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    seen, frontier = set(start), start
    while frontier and len(seen) <= MOST_TRACES * len(start):
        links = {
            (origin, linked)
            for origin, linked in traces.links(frontier)
            if origin not in shut and linked not in shut
        }
        for one, others in _both_ways(links).items():
            found[one].update(others)
        frontier = found.keys() - seen
        seen |= frontier
    return found


def _both_ways(links: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for origin, linked in links:
        found[origin].add(linked)
        found[linked].add(origin)
    return found


def _walk(own: tuple[str, ...], linked: _Neighbours) -> tuple[str, ...]:
    """Return the traces that can be reached from some, these first, as many as there may be."""
    found = dict.fromkeys(own)
    waiting = list(own)
    for one in waiting:
        for other in sorted(linked.get(one, ())):
            if other not in found and len(found) < MOST_TRACES:
                found[other] = None
                waiting.append(other)
    return tuple(found)
