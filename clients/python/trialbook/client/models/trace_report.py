"""What a caller knows of the trace of a result that it submits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trialbook.v1 import trace_pb2


@dataclass(frozen=True, slots=True)
class TraceReport:
    """What is known of a trace, so that the service knows what to wait for.

    `span_count` says how many sampled spans have ended: None if that is not known, 0 if there is no
    trace at all; `open_spans` how many have not. `span_id` is the span that encloses the rest, 16
    hex digits; `trace_ids` are further traces that belong to it, at most 100.
    """

    span_count: int | None = None
    span_id: str = ""
    trace_ids: Sequence[str] = ()
    open_spans: int = 0

    def to_message(self) -> trace_pb2.TraceReport:
        """Write it as the contract's message."""
        return trace_pb2.TraceReport(
            trace_ids=self.trace_ids,
            span_id=self.span_id,
            span_count=self.span_count,
            open_spans=self.open_spans,
        )
