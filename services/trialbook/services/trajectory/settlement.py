"""When the trace of a result is settled: nobody can know that no span will come any more."""

from __future__ import annotations

import msgspec

from trialbook.services.domain.run import TraceReport
from trialbook.services.trajectory.trajectory import TraceStatus

_SECOND = 1_000_000


class Patience(msgspec.Struct, frozen=True):
    """How long to wait for spans, in microseconds.

    `counted` is how long nothing must have come where the number of spans was announced and is not
    reached, since who counts also flushes; `quiet` where nothing was announced. After `longest`
    from the result on nobody waits any more.
    """

    counted: int = 3 * _SECOND
    quiet: int = 10 * _SECOND
    longest: int = 30 * _SECOND

    def scaled(self, factor: float) -> Patience:
        """Return a patience that is so many times as long."""
        return Patience(
            int(self.counted * factor), int(self.quiet * factor), int(self.longest * factor)
        )


PATIENCE = Patience()


class Settlement(msgspec.Struct, frozen=True):
    """Where a trace stands; `check_at` says when to look again if nothing comes, None if settled.

    It is in microseconds, and something may come earlier.
    """

    status: TraceStatus
    check_at: int | None


def settle(
    report: TraceReport | None,
    *,
    recorded_at: int,
    received: int,
    item_span_seen: bool,
    root_seen: bool,
    last_seen: int,
    now: int,
    patience: Patience = PATIENCE,
) -> Settlement:
    """Say where the trace of a result stands that was recorded at a time.

    `received` counts different spans; `item_span_seen` says that the enclosing one of the report is
    among them, `root_seen` that one without a parent is; `last_seen` is when the last one came.
    All times are in microseconds.
    """
    count = None if report is None else report.span_count
    if count == 0 and not received:
        return Settlement(TraceStatus.MISSING, None)
    item_span_seen = item_span_seen or not (report and report.span_id)
    if count is not None and received >= count and item_span_seen:
        return Settlement(TraceStatus.COMPLETE, None)
    end = recorded_at + patience.longest
    if not received:
        return _at(end, now, TraceStatus.MISSING)
    if count is not None:
        quiet_at = last_seen + patience.counted if item_span_seen else end
        return _at(min(quiet_at, end), now, TraceStatus.PARTIAL)
    if not root_seen and not (report and report.span_id and item_span_seen):
        return _at(end, now, TraceStatus.PARTIAL)
    quiet_at = last_seen + patience.quiet
    if quiet_at <= now:
        return Settlement(TraceStatus.COMPLETE, None)
    # Spans that go on and on do not let a run go on and on.
    return _at(end, now, TraceStatus.PARTIAL, quiet_at)


def _at(end: int, now: int, status: TraceStatus, earlier: int | None = None) -> Settlement:
    """Return a status if the time has come, else that it has not."""
    if end <= now:
        return Settlement(status, None)
    return Settlement(TraceStatus.PENDING, end if earlier is None else min(end, earlier))
