"""What targets did for results: their traces, read as trajectories, or what else tells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from trialbook.services.application.found_trajectory import Found, TraceState, subject_of
from trialbook.services.application.ports import Queries
from trialbook.services.application.result_trace import ResultTrace, TraceSubject
from trialbook.services.application.staleness import stale_among
from trialbook.services.application.trace_reads import Chunk, ChunkKind
from trialbook.services.application.trace_set import TraceSet, minted_parent, trace_sets
from trialbook.services.application.trace_settlement import settlement_of
from trialbook.services.application.views import ResultView, RunView
from trialbook.services.trajectory.decoding import attach_records, decode_records, decode_spans
from trialbook.services.trajectory.normalise import normalise
from trialbook.services.trajectory.other_attempts import without_other_attempts
from trialbook.services.trajectory.settlement import PATIENCE, Patience, Settlement
from trialbook.services.trajectory.span import Span, SpanRef
from trialbook.services.trajectory.trajectory import TraceStatus, Trajectory

TASK_ATTRIBUTE = "trialbook.task_id"
"""What the span that encloses an attempt says of it."""


def find(queries: Queries, run: RunView, result: ResultView, patience: Patience) -> Found:
    """Return what is found of one result, settled or not. Takes long for large traces."""
    reported = queries.runs.reported_trajectories(run.number, [result.number])
    subject = subject_of(result, reported.get(result.number))
    sets = trace_sets(queries, run, [subject])
    return load(queries, run, [subject], sets, patience=patience)[result.number]


def spans_of(queries: Queries, trace_ids: Collection[str]) -> list[Span]:
    """Return all spans of some traces with their log records. Takes long for large traces."""
    return read_spans(queries.traces.chunks(trace_ids))


def load(
    queries: Queries,
    run: RunView,
    subjects: Sequence[TraceSubject],
    sets: Mapping[int, TraceSet],
    *,
    patience: Patience = PATIENCE,
    settled_only: bool = False,
) -> dict[int, Found]:
    """Return what is found of results whose traces are known, by number.

    With `settled_only` the spans of others are not read for steps, and none are returned. Takes
    about as long as all their spans together need: call it where nobody waits for the thread.
    """
    judged = queries.result_traces.of(run.number, [subject.number for subject in subjects])
    stale = stale_among(queries, run, judged)
    chunks = _by_trace(queries, [sets[subject.number] for subject in subjects])
    found: dict[int, Found] = {}
    for subject in subjects:
        number = subject.number
        reading = _Reading(queries, run, subject, patience, judged.get(number))
        found[number] = reading.read(sets[number], chunks, number in stale, settled_only)
    return found


def read_spans(chunks: Sequence[Chunk]) -> list[Span]:
    """Return the spans of chunks, in the order of arrival, each once."""
    spans = decode_spans(chunk.body for chunk in chunks if chunk.kind is ChunkKind.SPANS)
    bodies = [chunk.body for chunk in chunks if chunk.kind is ChunkKind.RECORDS]
    return attach_records(spans, decode_records(bodies)) if bodies else spans


def _by_trace(queries: Queries, sets: Iterable[TraceSet]) -> dict[str, list[Chunk]]:
    """Return what is stored of traces, by trace."""
    found: defaultdict[str, list[Chunk]] = defaultdict(list)
    for chunk in queries.traces.chunks({row.trace_id for one in sets for row in one.rows}):
        found[chunk.trace_id].append(chunk)
    return found


class _Reading:
    """Reads what came of one result."""

    def __init__(
        self,
        queries: Queries,
        run: RunView,
        subject: TraceSubject,
        patience: Patience,
        judged: ResultTrace | None,
    ) -> None:
        self._queries = queries
        self._run = run
        self._subject = subject
        self._patience = patience
        self._judged = judged

    def read(
        self,
        traces: TraceSet,
        chunks: Mapping[str, list[Chunk]],
        is_stale: bool,
        settled_only: bool,
    ) -> Found:
        """Return what is found."""
        spans, trouble = self._spans(traces, chunks)
        foreign = _foreign(spans, traces)
        if foreign:
            # What only they lead to does not belong here either.
            traces = trace_sets(self._queries, self._run, [self._subject], foreign)[
                self._subject.number
            ]
            spans = [span for span in spans if span.trace_id in traces.trace_ids]
        enclosing = self._enclosing(traces, spans)
        own = without_other_attempts(spans, enclosing)
        settlement = self._settlement(traces, own)
        judged = self._judged
        if judged is not None and judged.check_at is None and judged.version == traces.version:
            # As it was when it was judged: later looks say nothing else of the same spans.
            settlement = Settlement(judged.status, None)
        trace = None
        if settlement.check_at is None or not settled_only:
            trace, problem = self._normalised(traces, own, enclosing, settlement)
            trouble = trouble or problem
        state = self._state(traces, own, settlement.status, is_stale)
        kept = bool(traces.rows) or self._judged is None or not self._judged.version
        subject, check_at = self._subject, settlement.check_at
        # Those who judge look at many results at once, and at no span.
        shown = () if settled_only else tuple(spans)
        return Found(subject, state, check_at, shown, trace, trouble, kept)

    def _spans(self, traces: TraceSet, chunks: Mapping[str, list[Chunk]]) -> tuple[list[Span], str]:
        own = [chunk for one in traces.trace_ids for chunk in chunks.get(one, ())]
        if len(traces.rows) > 1:
            own.sort(key=lambda chunk: chunk.arrival)
        try:
            return read_spans(own), ""
        except Exception as error:  # noqa: BLE001 — whatever a trace holds, others are judged
            return [], f"The trace cannot be read: {type(error).__name__}."

    def _normalised(
        self,
        traces: TraceSet,
        spans: Sequence[Span],
        enclosing: SpanRef | None,
        settlement: Settlement,
    ) -> tuple[Trajectory | None, str]:
        if not spans:
            return None, ""
        report = self._subject.report
        try:
            trajectory = normalise(
                spans,
                enclosing=enclosing,
                expected_spans=None if report is None else report.span_count,
                rejected_spans=traces.rejected,
                complete=settlement.status is TraceStatus.COMPLETE,
                above=minted_parent(self._run, self._subject),
            )
        except Exception as error:  # noqa: BLE001 — whatever a trace holds, others are judged
            return None, f"The trace cannot be read: {type(error).__name__}."
        return (trajectory if trajectory.steps else None), ""

    def _enclosing(self, traces: TraceSet, spans: Sequence[Span]) -> SpanRef | None:
        """Return the span around the attempt, also where it is announced and did not come."""
        report = self._subject.report
        wanted = report.span_id if report is not None else ""
        if not wanted:
            return None
        came = next((span.ref for span in spans if span.span_id == wanted), None)
        return came or next((SpanRef(one, wanted) for one in traces.own), None)

    def _settlement(self, traces: TraceSet, spans: Sequence[Span]) -> Settlement:
        report, run, subject = self._subject.report, self._run, self._subject
        wanted = report.span_id if report is not None else ""
        parents = ("", minted_parent(run, subject))
        return settlement_of(
            run,
            subject,
            traces,
            len(spans),
            now=self._queries.now,
            patience=self._patience,
            item_span_seen=bool(wanted) and any(span.span_id == wanted for span in spans),
            root_seen=any(span.parent_id in parents for span in spans),
        )

    def _state(
        self, traces: TraceSet, spans: Sequence[Span], status: TraceStatus, is_stale: bool
    ) -> TraceState:
        report, judged = self._subject.report, self._judged
        return TraceState(
            status,
            traces.trace_ids,
            "" if report is None else report.span_id,
            len(spans),
            None if report is None else report.span_count,
            traces.rejected,
            traces.version,
            is_stale,
            None if judged is None else judged.settled_at,
            tuple(sorted(traces.foreign)),
        )


def _foreign(spans: Sequence[Span], traces: TraceSet) -> set[str]:
    """Return those of a result's linked traces that hold another attempt."""
    own = frozenset(traces.own)
    if own.issuperset(traces.trace_ids):
        return set()
    return {
        span.trace_id
        for span in spans
        if span.trace_id not in own and TASK_ATTRIBUTE in span.attributes
    }
