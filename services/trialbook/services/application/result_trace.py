"""What is known of the traces of results for which scorers wait, or waited. Operational rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

import msgspec

from trialbook.services.domain.run import ResultStatus, TraceReport
from trialbook.services.trajectory.trajectory import TraceStatus


class ResultTrace(msgspec.Struct, frozen=True):
    """The trace of a result, by run and number, as it was judged last. Times in microseconds.

    While scorers wait, `check_at` says when to look at it, and they wait since `recorded_at`; None
    says that none waits. `trace_ids` are the traces that were read, `foreign` those that are linked
    with them and belong to something else; `version` is the sum of the versions of those that were
    read. `settled_at` is when it was judged first at this version, None if it never was.
    """

    run: int
    number: int
    status: TraceStatus
    received: int
    expected: int | None
    version: int
    recorded_at: int
    check_at: int | None
    settled_at: int | None = None
    trace_ids: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()


class TraceSubject(msgspec.Struct, frozen=True):
    """A result as far as its trajectory is concerned.

    `output`, `steps` (an array of StepOutcome) and `reported` are JSON texts; `reported` is what
    the worker or the caller reported as the trajectory. None where there is none.
    """

    number: int
    ordinal: int
    item_id: str
    trial: int
    status: ResultStatus
    output: str | None
    steps: str | None
    attempts: int
    trace_id: str
    round: int
    recorded_at: int
    report: TraceReport | None
    reported: str | None


class ResultTraceReads(Protocol):
    """Reads them."""

    def due(self, now: int, limit: int) -> list[ResultTrace]:
        """Return those that are to be looked at now, the longest overdue first."""
        ...

    def next_check(self) -> int | None:
        """Return when the next one is to be looked at; None without any."""
        ...

    def of(self, run: int, numbers: Collection[int]) -> dict[int, ResultTrace]:
        """Return those of these results that have one."""
        ...

    def subjects(self, run: int, numbers: Collection[int]) -> list[TraceSubject]:
        """Return these results, by number, as many of the first as a page may hold."""
        ...


class ResultTraceTable(ResultTraceReads, Protocol):
    """Reads and changes them."""

    def begin(self, rows: Sequence[ResultTrace]) -> None:
        """Let the scorers of new results wait."""
        ...

    def resume(self, rows: Sequence[ResultTrace]) -> None:
        """Let scorers wait for results that may have been judged before: that stays known."""
        ...

    def put_off(self, run: int, numbers: Collection[int], check_at: int) -> None:
        """Look at those that wait later."""
        ...

    def settle(self, rows: Sequence[ResultTrace]) -> None:
        """Store what was judged."""
        ...

    def leave(self, run: int, numbers: Collection[int]) -> None:
        """Note that no scorer waits any more for these."""
        ...

    def realign(self, run: int, now: int) -> None:
        """Let all that wait in a run have its whole time from now."""
        ...
