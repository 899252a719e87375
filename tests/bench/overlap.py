"""A target that waits: how near the run comes to its ideal, all slots busy all the time."""

from __future__ import annotations

from statistics import median

from tests.bench.bench import Bench
from tests.bench.figures import Figure, at_least
from tests.bench.workload import PAUSE_50_MS

ITEMS = 1_000
CONCURRENCY = 100
PAUSE = 0.05
ROUNDS = 5


def overlap(bench: Bench) -> list[Figure]:
    """Measure 1,000 items of 50 ms, a hundred at a time."""
    # Fewer would measure the start and the end of a run, so quick means fewer rounds here.
    with bench.session() as session:
        session.load("questions", ITEMS)
        rates = [
            session.measure("questions", target=PAUSE_50_MS, concurrency=CONCURRENCY).rate
            for _ in range(bench.sized(ROUNDS))
        ]
    rate = median(rates)
    return [
        Figure("throughput with a target of 50 ms", rate, "items/s"),
        Figure("share of the ideal", rate * PAUSE / CONCURRENCY, "", at_least(0.9)),
    ]
