"""What is found of a result's trace, and what tells of its trajectory."""

from __future__ import annotations

import msgspec

from trialbook.services.application.json_pointer import Pointer, pointed
from trialbook.services.application.result_trace import TraceSubject
from trialbook.services.application.views import ResultView
from trialbook.services.trajectory.choice import choose
from trialbook.services.trajectory.reported import read_reported
from trialbook.services.trajectory.span import Span
from trialbook.services.trajectory.trajectory import TraceStatus, Trajectory


class TraceState(msgspec.Struct, frozen=True):
    """What is known of a result's trace.

    `received` counts different spans, `expected` those that were announced, `rejected` those that
    came beyond what a trace may hold. `stale` says that something came after it was judged;
    `settled_at` is when that was, in microseconds, None if no scorer waited for it.
    """

    status: TraceStatus
    trace_ids: tuple[str, ...]
    span_id: str
    received: int
    expected: int | None
    rejected: int
    version: int
    stale: bool = False
    settled_at: int | None = None
    foreign: tuple[str, ...] = ()


class Found(msgspec.Struct, frozen=True):
    """What is found of one result: its spans, and what they tell, None if they tell of no step.

    `check_at` is Settlement.check_at; `trouble` says why the spans could not be read, empty if they
    could; `kept` is False if spans were judged once that are not there any more.
    """

    subject: TraceSubject
    state: TraceState
    check_at: int | None
    spans: tuple[Span, ...]
    trace: Trajectory | None
    trouble: str = ""
    kept: bool = True

    def trajectory(self, pointer: Pointer = ()) -> Trajectory | None:
        """Return what the target did; None if nothing tells.

        A trace that has steps goes first, then what was reported, messages in the part of the
        output that the pointer names, and what the steps of a workflow came to.
        """
        subject = self.subject
        output = None if subject.output is None else pointed(subject.output, pointer)
        return choose(self.trace, subject.reported, output, subject.steps)

    @property
    def why_missing(self) -> str:
        """Why there is no trajectory, in a sentence or two."""
        return f"{self._why_no_trace()} {self._why_not_told()}"

    def _why_not_told(self) -> str:
        if self.subject.reported is not None:
            try:
                read_reported(self.subject.reported)
            except ValueError as error:
                return f"The trajectory that was reported cannot be read: {error}."
        return "Nothing else tells what the target did."

    def _why_no_trace(self) -> str:
        state, report = self.state, self.subject.report
        if self.trouble:
            return self.trouble
        if not self.kept:
            return "The trace is no longer kept."
        if state.received:
            return f"None of the {state.received:,} spans of the trace tells of a step."
        if state.status is TraceStatus.PENDING:
            return "No span has come yet."
        if not state.trace_ids:
            return "No trace was named with the result."
        if report is not None and report.span_count == 0:
            return "There is no trace: the target was not traced."
        if state.expected:
            return f"None of the {state.expected:,} spans came that were announced."
        return "No span came of the trace."


def subject_of(result: ResultView, reported: str | None = None) -> TraceSubject:
    """Return what of a result concerns its trajectory."""
    return TraceSubject(
        result.number,
        result.ordinal,
        result.item_id,
        result.trial,
        result.status,
        result.output,
        result.steps,
        result.attempts,
        result.trace_id,
        result.round,
        result.recorded_at,
        result.trace,
        reported,
    )
