"""From the recording of a result to its arrival at a watcher."""

from __future__ import annotations

import time
from statistics import quantiles

from tests.bench.bench import Bench
from tests.bench.figures import Figure, at_most
from tests.bench.session import Session
from tests.bench.workload import INSTANT, PAUSE_5_MS
from trialbook.client import Result

TRICKLING = 200
LOAD = 10_000


def first_result(bench: Bench) -> list[Figure]:
    """Watch results that trickle one by one, then a run at full speed."""
    # Percentiles want all 200; they take two seconds only.
    with bench.session() as session:
        session.load("trickling", TRICKLING)
        session.load("load", bench.sized(LOAD))
        single = _delays(session, "trickling", PAUSE_5_MS, concurrency=1)
        loaded = _delays(session, "load", INSTANT, concurrency=50)
    return [
        Figure("single results to a watcher, p50", _percentile(single, 50), "ms", at_most(50)),
        Figure("single results to a watcher, p95", _percentile(single, 95), "ms"),
        Figure("under load to a watcher, p50", _percentile(loaded, 50), "ms"),
        Figure("under load to a watcher, p95", _percentile(loaded, 95), "ms"),
    ]


def _delays(session: Session, dataset: str, target: str, *, concurrency: int) -> list[float]:
    """Return for each result the milliseconds until it came."""
    run = session.start(dataset, target=target, concurrency=concurrency)
    delays: list[float] = []
    watch = session.client.runs.watch(run)
    next(watch)  # What was recorded before the watcher came tells nothing.
    for update in watch:
        now = time.time()
        delays += [
            (now - event.record_time.timestamp()) * 1000
            for event in update.events
            if isinstance(event.fact, Result)
        ]
    session.finish(run)
    return delays


def _percentile(values: list[float], percent: int) -> float:
    return quantiles(values, n=100, method="inclusive")[percent - 1]
