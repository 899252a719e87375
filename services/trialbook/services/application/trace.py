"""Traces as people ask for them: those of results, and any that came in."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from trialbook.services.application import run as runs
from trialbook.services.application import trajectory as trajectories
from trialbook.services.application.found_trajectory import Found, TraceState
from trialbook.services.application.item_extras import json_of, read_extras
from trialbook.services.application.json_pointer import parse_pointer
from trialbook.services.application.ports import Queries
from trialbook.services.application.trace_viewer import Place
from trialbook.services.application.views import ResultView, RunView
from trialbook.services.domain.errors import NotFound
from trialbook.services.domain.experiment import ScorerScope
from trialbook.services.domain.naming import trace_name
from trialbook.services.trajectory.normalise import normalise
from trialbook.services.trajectory.settlement import Patience, settle
from trialbook.services.trajectory.span import Span
from trialbook.services.trajectory.trajectory import TraceStatus, Trajectory

_MICROSECOND = 1_000
"""In nanoseconds."""


class TraceView(msgspec.Struct, frozen=True):
    """A trace that was opened: its spans, what they tell, and the time that it took.

    `trajectory` is None where nothing tells, and `why_missing` then says why. `expected` is the
    item's expected trajectory, JSON text, None without one. `start` and `end` are in nanoseconds
    since the epoch, None where not known.
    """

    state: TraceState
    spans: tuple[Span, ...]
    records: int
    trajectory: Trajectory | None
    why_missing: str
    expected: str | None
    start: int | None
    end: int | None

    @property
    def services(self) -> list[str]:
        """The services that wrote to it."""
        return sorted({span.service for span in self.spans} - {""})

    @property
    def duration(self) -> int | None:
        """From the first start to the last end of its spans, in microseconds."""
        if not self.spans or self.start is None or self.end is None:
            return None
        return max(0, self.end - self.start) // _MICROSECOND

    @property
    def place(self) -> Place | None:
        """Where to look at it: the first of its traces of which something came, else the first."""
        if not self.state.trace_ids:
            return None
        came = {span.trace_id: None for span in self.spans}
        first = next((one for one in self.state.trace_ids if one in came), self.state.trace_ids[0])
        outermost = next(
            (span.span_id for span in self.spans if span.span_id == self.state.span_id), ""
        )
        return Place(first, outermost, self.start, self.end)


def of_result(
    queries: Queries, project: str, run_id: str, number: int, patience: Patience
) -> TraceView:
    """Open the trace of a result. Takes long for a large one. Raises NotFound."""
    run = runs.require(queries, project, run_id)
    result = runs.result(queries, project, run_id, number)
    found = trajectories.find(queries, run, result, patience)
    start, end = _times(found.spans)
    if start is None and result.latency is not None:
        end = result.recorded_at * _MICROSECOND
        start = end - result.latency * _MICROSECOND
    trajectory = _told(run, found)
    return TraceView(
        found.state,
        found.spans,
        _records(queries, found.state.trace_ids),
        trajectory,
        "" if trajectory is not None else found.why_missing,
        _expected(queries, run, result),
        start,
        end,
    )


def of_trace(queries: Queries, project: str, trace_id: str, patience: Patience) -> TraceView:
    """Open a trace that came in, whoever it belongs to. Raises NotFound if nothing came of it."""
    row = queries.traces.rows([trace_id]).get(trace_id)
    if row is None:
        raise NotFound(trace_name(project, trace_id))
    spans = tuple(trajectories.spans_of(queries, [trace_id]))
    settlement = settle(
        None,
        recorded_at=row.first_seen,
        received=len(spans),
        item_span_seen=False,
        root_seen=any(not span.parent_id for span in spans),
        last_seen=row.last_seen,
        now=queries.now,
        patience=patience,
    )
    state = TraceState(
        settlement.status, (trace_id,), "", len(spans), None, row.rejected, row.version
    )
    trajectory = normalise(
        spans,
        rejected_spans=row.rejected,
        complete=settlement.status is TraceStatus.COMPLETE,
    )
    start, end = _times(spans)
    told = trajectory if trajectory.steps else None
    why = "" if told is not None else f"None of the {len(spans):,} spans tells of a step."
    return TraceView(state, spans, row.records, told, why, None, start, end)


def _told(run: RunView, found: Found) -> Trajectory | None:
    """Return what tells of the trajectory; messages may stand where a scorer looks for them."""
    told = found.trajectory()
    if told is not None:
        return told
    pointers = {
        spec.output_pointer
        for spec in run.scorers
        if spec.scope is ScorerScope.TRAJECTORY and spec.output_pointer
    }
    parts = (found.trajectory(parse_pointer(written) or ()) for written in sorted(pointers))
    return next((part for part in parts if part is not None), None)


def _expected(queries: Queries, run: RunView, result: ResultView) -> str | None:
    items = queries.datasets.items_at(run.dataset_number, run.dataset_version, [result.ordinal])
    item = items.get(result.ordinal)
    if item is None or item.purged_at is not None:
        return None
    return json_of(read_extras(item.extras).expected_trajectory)


def _records(queries: Queries, trace_ids: Sequence[str]) -> int:
    return sum(row.records for row in queries.traces.rows(trace_ids).values())


def _times(spans: Sequence[Span]) -> tuple[int | None, int | None]:
    """Return the first start and the last end; a span that never ended ends as it starts."""
    if not spans:
        return None, None
    return min(span.start for span in spans), max(max(span.start, span.end) for span in spans)
