"""A run of a million items: its rate must stay flat, and its server small."""

from __future__ import annotations

from tests.bench.backend import Backend
from tests.bench.bench import Bench
from tests.bench.figures import Figure, at_least, at_most
from tests.bench.processes import anonymous_memory, peak_memory
from tests.bench.session import Session
from trialbook.client import Run

ITEMS = 1_000_000
SMALL = 10_000


def million_run_sqlite(bench: Bench) -> list[Figure]:
    """Run a million items on SQLite."""
    return _million_run(bench, Backend.SQLITE)


def million_run_postgres(bench: Bench) -> list[Figure]:
    """Run a million items on PostgreSQL."""
    return _million_run(bench, Backend.POSTGRES)


def _million_run(bench: Bench, backend: Backend) -> list[Figure]:
    small, count = bench.sized(SMALL), bench.sized(ITEMS)
    with bench.session(backend) as session:
        session.load("small", small)
        beside = session.measure("small")
        session.load("million", count)
        timing = session.measure("million")
        memory, own = peak_memory(session.server), anonymous_memory(session.server)
        steady = _last_over_first(session, timing.run)
    return [
        Figure(f"throughput of {count:,} items", timing.rate, "items/s"),
        Figure("rate in the last tenth over the first", steady, "×", at_least(0.85)),
        Figure(f"server's work an item over that at {small:,}", timing.work / beside.work, "×"),
        Figure("server's peak memory", memory, "MB", at_most(400)),
        *([] if own is None else [Figure("of it at the end, without mapped files", own, "MB")]),
    ]


def _last_over_first(session: Session, run: Run) -> float:
    """Return the rate in the last tenth over that in the first, by when results were recorded.

    Results have the numbers of the order in which their items went out.
    """
    count = run.counts.planned
    places = (1, 1 + count // 10, count - count // 10, count)
    start, tenth, ninth, end = (
        session.client.runs.result(run, number).record_time for number in places
    )
    return (tenth - start) / (end - ninth)
