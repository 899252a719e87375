"""Ends runs, and stops those that fail too often."""

from __future__ import annotations

from trialbook.services.application.ports import UnitOfWork
from trialbook.services.application.views import RunView
from trialbook.services.domain.run import (
    EndReason,
    Run,
    RunCancelRequested,
    RunEnded,
    SkipReason,
    evolve,
    stream_of,
)
from trialbook.services.engine.plan import RunPlan

_STOPPED = (
    (SkipReason.RUN_CANCELLED, EndReason.CANCELLED),
    (SkipReason.RUN_DEADLINE, EndReason.DEADLINE_EXCEEDED),
    (SkipReason.TOO_MANY_FAILURES, EndReason.TOO_MANY_FAILURES),
)


def stop_for_failures(uow: UnitOfWork, plan: RunPlan) -> None:
    """Stop a run if as many results failed as may; of one that was retried, in this round."""
    limit = plan.settings.max_failures
    if not limit:
        return
    run = uow.runs.by_number(plan.number)
    if not run.status.open or run.failed < limit:
        return
    failed = uow.rework.failed_in_round(run) if run.round else run.failed
    if failed >= limit:
        reason = f"{failed:,} results failed, and the limit is {limit:,}"
        position = run.last_position + 1
        stop = RunCancelRequested(run.uid, position, reason, EndReason.TOO_MANY_FAILURES)
        uow.append(stream_of(run.uid), [stop], expected_version=None)


def end_run(uow: UnitOfWork, number: int) -> None:
    """End a run whose work is done."""
    run = uow.runs.by_number(number)
    reason = _end_reason(uow, run)
    ended = RunEnded(
        run.uid,
        run.last_position + 1,
        reason.status,
        run.succeeded,
        run.failed,
        run.skipped,
        reason,
    )
    uow.append(stream_of(run.uid), [ended], expected_version=None)
    uow.work.close(run.number)


def _end_reason(uow: UnitOfWork, run: RunView) -> EndReason:
    """Say why a run does not complete.

    One that was stopped before it was retried or rescored has not completed for all that, as long
    as there are results that were skipped then.
    """
    if run.end_reason is not EndReason.NONE:
        return run.end_reason
    if run.failed == run.planned:
        return EndReason.ALL_FAILED
    head, _ = uow.head(stream_of(run.uid), Run, evolve)
    if head.retried is None and head.rescored is None:
        return EndReason.NONE
    skipped = uow.rework.skip_reasons(run) if run.skipped else set()
    for skip_reason, end_reason in _STOPPED:
        if skip_reason in skipped:
            return end_reason
    limit = run.settings.max_failures
    return EndReason.TOO_MANY_FAILURES if limit and run.failed >= limit else EndReason.NONE
