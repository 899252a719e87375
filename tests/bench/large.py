"""Many items: the rate must not fall with their number, nor the memory grow with it."""

from __future__ import annotations

from statistics import median

from tests.bench.bench import Bench
from tests.bench.figures import Figure, at_least, at_most
from tests.bench.paging import paging_figures
from tests.bench.processes import anonymous_memory, peak_memory

SMALL = 10_000
LARGE = 100_000
ROUNDS = 2


def throughput_100k(bench: Bench) -> list[Figure]:
    """Measure 100,000 items beside 10,000 on the same server, then read pages of the results."""
    small, large = bench.sized(SMALL), bench.sized(LARGE)
    with bench.session() as session:
        session.load("small", small)
        beside = [session.measure("small") for _ in range(ROUNDS)]
        import_seconds = session.load("large", large)
        timing = session.measure("large")
        memory = peak_memory(session.server)
        own = anonymous_memory(session.server)
        # Before and after, since the machine's speed moves meanwhile.
        beside += [session.measure("small") for _ in range(ROUNDS)]
        pages = paging_figures(session.client, timing.run, bench.sized(50))
    rate = timing.rate / median(other.rate for other in beside)
    work = timing.work / median(other.work for other in beside)
    return [
        Figure(f"import of {large:,} items", large / import_seconds, "items/s"),
        Figure(f"throughput of {large:,} items", timing.rate, "items/s"),
        Figure(f"rate over that of {small:,} items", rate, "×", at_least(0.85)),
        Figure(f"server's work an item over that at {small:,}", work, "×"),
        Figure("server's peak memory", memory, "MB", at_most(250)),
        *([] if own is None else [Figure("of it at the end, without mapped files", own, "MB")]),
        *pages,
    ]
