"""When a trace is settled."""

from __future__ import annotations

from typing import Any

import pytest

from trialbook.services.domain.run import TraceReport
from trialbook.services.trajectory.settlement import Settlement, settle
from trialbook.services.trajectory.trajectory import TraceStatus

SECOND = 1_000_000
RECORDED = 1_000 * SECOND
END = RECORDED + 30 * SECOND
COUNTED = TraceReport(span_id="0" * 15 + "1", span_count=3)
COMPLETE = Settlement(TraceStatus.COMPLETE, None)
PARTIAL = Settlement(TraceStatus.PARTIAL, None)
MISSING = Settlement(TraceStatus.MISSING, None)


def pending(check_at: int) -> Settlement:
    return Settlement(TraceStatus.PENDING, check_at)


def at(seconds: float, report: TraceReport | None = COUNTED, **known: Any) -> Settlement:
    """Where a trace stands so long after the result; the last span came with that."""
    return settle(
        report,
        **{
            "recorded_at": RECORDED,
            "received": 0,
            "item_span_seen": True,
            "root_seen": True,
            "last_seen": RECORDED,
            "now": RECORDED + int(seconds * SECOND),
            **known,
        },
    )


def test_as_many_spans_as_were_announced_are_complete_at_once() -> None:
    assert at(0, received=3) == COMPLETE
    assert at(0, received=4) == COMPLETE


def test_the_enclosing_span_must_be_among_them() -> None:
    assert at(0, received=3, item_span_seen=False) == pending(END)
    assert at(30, received=3, item_span_seen=False) == PARTIAL


def test_a_count_without_an_enclosing_span_is_enough() -> None:
    report = TraceReport(span_count=2)
    assert at(0, report, received=2, item_span_seen=False) == COMPLETE


def test_no_trace_is_missing_at_once() -> None:
    assert at(0, TraceReport(span_count=0)) == MISSING


def test_a_count_that_is_not_reached_is_partial_when_nothing_came_for_three_seconds() -> None:
    assert at(2.9, received=2) == pending(RECORDED + 3 * SECOND)
    assert at(3, received=2) == PARTIAL
    assert at(3, received=2, last_seen=RECORDED + SECOND) == pending(RECORDED + 4 * SECOND)


def test_nothing_that_came_is_missing_after_thirty_seconds() -> None:
    assert at(29.9) == pending(END)
    assert at(30) == MISSING


@pytest.mark.parametrize("report", [None, TraceReport(), TraceReport(span_id="0" * 15 + "1")])
def test_without_a_count_ten_quiet_seconds_after_the_root_are_complete(
    report: TraceReport | None,
) -> None:
    assert at(9.9, report, received=1) == pending(RECORDED + 10 * SECOND)
    assert at(10, report, received=1) == COMPLETE


def test_without_a_count_and_a_root_it_is_partial_in_the_end() -> None:
    assert at(20, None, received=1, root_seen=False) == pending(END)
    assert at(30, None, received=1, root_seen=False) == PARTIAL


def test_spans_that_do_not_end_are_not_waited_for_for_ever() -> None:
    assert at(30, None, received=9, last_seen=RECORDED + 29 * SECOND) == PARTIAL
