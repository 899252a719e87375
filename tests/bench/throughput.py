"""Items per second beside the floor's, in the same minutes: this machine's speed moves."""

from __future__ import annotations

from statistics import median

from tests.bench.bench import Bench
from tests.bench.figures import Figure, at_least
from tests.bench.floor import floor_rate

ITEMS = 10_000
ROUNDS = 3


def throughput_10k(bench: Bench) -> list[Figure]:
    """Measure 10,000 items through floor and server, in turn."""
    count = bench.sized(ITEMS)
    floor, ours, seen = [], [], []
    with bench.session() as session:
        session.load("questions", count)
        for number in range(ROUNDS):
            floor.append(floor_rate(bench.folder / f"floor-{number}.db", count))
            timing = session.measure("questions")
            ours.append(timing.rate)
            seen.append(count / timing.client_seconds)
    return [
        Figure("bare asyncio loop, a commit per item (floor)", median(floor), "items/s"),
        Figure("throughput", median(ours), "items/s", at_least(5_000)),
        Figure("throughput as the caller sees it", median(seen), "items/s"),
        Figure("throughput over the floor's", median(ours) / median(floor), "×", at_least(1)),
    ]
