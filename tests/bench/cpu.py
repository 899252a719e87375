"""Where the processor time goes."""

from __future__ import annotations

from statistics import median

from tests.bench.bench import Bench
from tests.bench.figures import Figure

ITEMS = 10_000
ROUNDS = 3


def cpu(bench: Bench) -> list[Figure]:
    """Measure what server and worker use for 10,000 items."""
    count = bench.sized(ITEMS)
    with bench.session() as session:
        session.load("questions", count)
        timings = [session.measure("questions") for _ in range(ROUNDS)]
    server = median(timing.server_cpu for timing in timings) * ITEMS / count
    worker = median(timing.worker_cpu for timing in timings) * ITEMS / count
    return [
        Figure("server's processor time per 10,000 items", server, "s"),
        Figure("worker's processor time per 10,000 items", worker, "s"),
    ]
