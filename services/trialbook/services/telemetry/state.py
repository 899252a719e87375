"""What lies in the database, looked at whenever metrics are collected."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from trialbook.eventstore import Reader, StoreError
from trialbook.services.domain.fact import log_position
from trialbook.services.projections.unit_of_work import SqlQueries

_GOOD_FOR = 1.0
"""Seconds: the gauges of one collection share one look."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one look finds, in all servers that share the database."""

    open_runs: int
    leased_tasks: int
    waiting_tasks: int
    log_position: int


def read_figures(reader: Reader) -> Figures:
    """Count what open runs have to do, and how long the log is."""
    queries = SqlQueries(reader)
    states = queries.work.open_runs()
    return Figures(
        len(states),
        sum(state.out for state in states),
        sum(state.waiting for state in states),
        log_position(queries.events.last_position()),
    )


class DatabaseState:
    """Looks at the database on the thread that asks; a database that is away has no figures."""

    def __init__(self, read_now: Callable[[Callable[[Reader], Figures]], Figures]) -> None:
        self._read_now = read_now
        self._figures: Figures | None = None
        self._good_until = 0.0

    def figures(self) -> Figures | None:
        """Return what was found just now."""
        if time.monotonic() >= self._good_until:
            try:
                self._figures = self._read_now(read_figures)
            except StoreError:
                self._figures = None
            self._good_until = time.monotonic() + _GOOD_FOR
        return self._figures


def observe_database(meter: Meter, state: DatabaseState) -> None:
    """Create the gauges of the database's state."""

    def gauge(name: str, unit: str, told: str, pick: Callable[[Figures], int]) -> None:
        def look(_: CallbackOptions) -> Iterable[Observation]:
            figures = state.figures()
            return [] if figures is None else [Observation(pick(figures))]

        meter.create_observable_gauge(name, [look], unit, told)

    gauge("trialbook.runs.open", "{run}", "Runs that go on.", lambda found: found.open_runs)
    gauge(
        "trialbook.tasks.leased",
        "{task}",
        "Tasks that workers are at.",
        lambda found: found.leased_tasks,
    )
    gauge(
        "trialbook.tasks.waiting",
        "{task}",
        "Tasks that wait: for a worker, a retry's time, or a trace.",
        lambda found: found.waiting_tasks,
    )
    gauge(
        "trialbook.log.position",
        "{event}",
        "How many events the log has.",
        lambda found: found.log_position,
    )
