"""The spans of one attempt, as far as they are known."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # an optional dependency
    from opentelemetry.sdk.trace import ReadableSpan

MAX_SPANS: Final = 10_000
"""How many spans of an attempt are kept; what comes beyond is counted, and not sent."""


class AttemptSpans:
    """Counts the sampled spans of one attempt, and keeps those that ended until they are taken.

    The collector that made it guards it with its lock. `trace_id` is that of the task. `count` says
    how many spans have ended; `has_run_span` that one of them links to a span in the run's trace;
    `late`, set when they are taken, gets those that end afterwards.
    """

    __slots__ = (
        "count",
        "ended_ids",
        "has_run_span",
        "kept",
        "late",
        "open_ids",
        "other_traces",
        "trace_id",
    )

    def __init__(self, trace_id: int) -> None:
        self.trace_id = trace_id
        self.count = 0
        self.has_run_span = False
        self.open_ids: set[int] = set()
        self.ended_ids: list[int] = []
        self.kept: list[ReadableSpan] = []
        self.other_traces: dict[int, None] = {}
        self.late: Callable[[ReadableSpan], None] | None = None

    def begin(self, trace_id: int, span_id: int) -> None:
        """Note a span that began."""
        self.open_ids.add(span_id)
        if trace_id != self.trace_id:
            self.other_traces[trace_id] = None

    def end(self, span_id: int) -> bool:
        """Note that a span ended; tells whether there is room to keep it."""
        self.open_ids.discard(span_id)
        self.count += 1
        return self.count <= MAX_SPANS
