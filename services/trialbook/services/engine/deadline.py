"""Stops runs whose time is over."""

from __future__ import annotations

from trialbook.services.application.ports import UnitOfWork
from trialbook.services.domain import run as domain
from trialbook.services.domain.run import EndReason


def stop_overdue(uow: UnitOfWork) -> list[int]:
    """Stop the runs whose deadline is over; return which. What they hold is skipped afterwards."""
    overdue = uow.runs.overdue(uow.now)
    for number in overdue:
        view = uow.runs.by_number(number)
        seconds = view.settings.run_deadline / 1_000_000
        stream = domain.stream_of(view.uid)
        head, version = uow.head(stream, domain.Run, domain.evolve)
        events = domain.request_cancel(
            head,
            view.last_position + 1,
            f"the run took longer than {seconds:g} s",
            EndReason.DEADLINE_EXCEEDED,
        )
        uow.append(stream, events, expected_version=version)
    return overdue
