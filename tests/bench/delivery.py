"""From a commit to a subscriber of the log, on the same server and on another one."""

from __future__ import annotations

import queue
import threading
import time
from contextlib import suppress
from statistics import quantiles

from tests.bench.backend import Backend
from tests.bench.bench import Bench
from tests.bench.figures import Figure, at_most
from tests.bench.processes import PATIENCE, BenchFailure
from tests.bench.server import Served, serving
from trialbook.client import Item, TrialbookError

CHANGES = 200


def delivery_sqlite(bench: Bench) -> list[Figure]:
    """Measure subscriptions on SQLite."""
    folder = bench.folder / "delivery-sqlite"
    with (
        Backend.SQLITE.database(folder) as database,
        serving(database, folder, profile=bench.profile) as served,
    ):
        return _figures("on the same server", _delays(served, served))


def delivery_postgres(bench: Bench) -> list[Figure]:
    """Measure subscriptions on PostgreSQL, on the writing server and on another one."""
    folder = bench.folder / "delivery-postgres"
    with (
        Backend.POSTGRES.database(folder) as database,
        serving(database, folder / "first", profile=bench.profile) as first,
        serving(database, folder / "second", profile=bench.profile) as second,
    ):
        same = _figures("on the same server", _delays(first, first))
        return same + _figures("on another server", _delays(first, second))


def _figures(where: str, delays: list[float]) -> list[Figure]:
    shares = quantiles([delay * 1000 for delay in delays], n=100, method="inclusive")
    return [
        Figure(f"commit to a subscriber {where}, p50", shares[49], "ms", at_most(20)),
        Figure(f"commit to a subscriber {where}, p95", shares[94], "ms"),
    ]


def _delays(writer: Served, reader: Served) -> list[float]:
    """Add an item again and again; return how long after each answer its event came, in seconds.

    An event may come before the answer to the one who caused it: that counts as no time.
    """
    dataset = f"delivery-{time.monotonic_ns()}"
    writer.client.datasets.create(dataset)
    arrivals = _arrivals(reader)
    delays = []
    for number in range(CHANGES):
        writer.client.datasets.add_items(dataset, [Item(number, id=f"case-{number}")])
        acknowledged = time.monotonic()
        delays.append(max(_next_added(arrivals) - acknowledged, 0.0))
    return delays


def _arrivals(reader: Served) -> queue.SimpleQueue[float]:
    """Subscribe to added items on a thread that ends with the reader's connection."""
    arrivals: queue.SimpleQueue[float] = queue.SimpleQueue()
    batches = reader.client.events.subscribe(kinds=["items_added"])
    # What was recorded before the subscriber came tells nothing.
    next(batches)

    def follow() -> None:
        with suppress(TrialbookError):
            for batch in batches:
                for _ in batch:
                    arrivals.put(time.monotonic())

    threading.Thread(target=follow, daemon=True).start()
    return arrivals


def _next_added(arrivals: queue.SimpleQueue[float]) -> float:
    try:
        return arrivals.get(timeout=PATIENCE)
    except queue.Empty as error:
        raise BenchFailure("an event did not come to its subscriber") from error
