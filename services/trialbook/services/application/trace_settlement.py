"""When the trace of a result is settled, by what is known of the result."""

from __future__ import annotations

from trialbook.services.application.json_pointer import parse_pointer, pointed
from trialbook.services.application.result_trace import TraceSubject
from trialbook.services.application.trace_set import TraceSet
from trialbook.services.application.views import RunView
from trialbook.services.domain.experiment import ScorerScope, ScorerSpec
from trialbook.services.domain.run import TraceReport
from trialbook.services.trajectory.choice import choose
from trialbook.services.trajectory.settlement import Patience, Settlement, settle

_NO_TRACE = TraceReport(span_count=0)


def expected_settlement(
    run: RunView, subject: TraceSubject, traces: TraceSet, now: int, patience: Patience
) -> Settlement:
    """Return where a trace stands if the spans that came are all different and the right ones.

    If it is not settled even so, they need not be read.
    """
    return settlement_of(
        run,
        subject,
        traces,
        traces.spans,
        now=now,
        patience=patience,
        item_span_seen=True,
        root_seen=True,
    )


def reads_traces(spec: ScorerSpec) -> bool:
    """Say whether what a scorer says may rest on a trace."""
    return spec.scope in (ScorerScope.TRAJECTORY, ScorerScope.STEP)


def settlement_of(
    run: RunView,
    subject: TraceSubject,
    traces: TraceSet,
    received: int,
    *,
    now: int,
    patience: Patience,
    item_span_seen: bool,
    root_seen: bool,
) -> Settlement:
    """Return where the trace of a result stands, of which so many different spans came."""
    report = subject.report
    if not received and not _is_awaited(run, subject, traces):
        report = _NO_TRACE
    return settle(
        report,
        recorded_at=subject.recorded_at,
        received=received,
        item_span_seen=item_span_seen,
        root_seen=root_seen,
        last_seen=traces.last_seen,
        now=now,
        patience=patience,
    )


def _is_awaited(run: RunView, subject: TraceSubject, traces: TraceSet) -> bool:
    """Say whether spans are worth waiting for.

    They are if somebody spoke of them, or nothing else can tell what the target did.
    """
    if not traces.trace_ids:
        return False
    return subject.report is not None or run.pins.caller_driven or not _is_told(run, subject)


def _is_told(run: RunView, subject: TraceSubject) -> bool:
    """Say whether something tells what the target did that is no trace."""
    if subject.reported is not None or subject.steps is not None:
        return True
    if subject.output is None:
        return False
    pointers = {spec.output_pointer for spec in run.scorers if reads_traces(spec)} or {""}
    parts = (pointed(subject.output, parse_pointer(written) or ()) for written in pointers)
    return any(choose(None, None, part, None) is not None for part in parts)
