"""Facts in chunk events, with the rows that show them: one transaction for 250."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from tests.bench.backend import Backend
from tests.bench.bench import Bench
from tests.bench.figures import Figure, at_least
from tests.bench.raw import raw_facts_rate
from tests.bench.store import FACTS, ScoresRecorded, chunk, metadata, open_store
from trialbook.eventstore import Database, Transaction

EVENTS = 800
AT_ONCE = 4
"""Transactions that are asked for at a time, as several workers would."""


def facts_sqlite(bench: Bench) -> list[Figure]:
    """Measure chunked facts on SQLite."""
    return _facts(bench, Backend.SQLITE, 100_000)


def facts_postgres(bench: Bench) -> list[Figure]:
    """Measure chunked facts on PostgreSQL."""
    return _facts(bench, Backend.POSTGRES, 50_000)


def _facts(bench: Bench, backend: Backend, asked: float) -> list[Figure]:
    events = bench.sized(EVENTS)
    folder = bench.folder / f"facts-{backend.name.lower()}"
    with backend.database(folder) as database:
        with open_store(backend, database) as store:
            asyncio.run(_record(store, 1, events // 4 + 1))
            began = time.perf_counter()
            asyncio.run(_record(store, 2, events))
            rate = events * FACTS / (time.perf_counter() - began)
        raw = raw_facts_rate(backend, database, events)
    return [
        Figure("facts with their rows", rate, "facts/s", at_least(asked)),
        Figure("raw inserts into the same tables", raw, "facts/s"),
        Figure("facts over raw inserts", rate / raw, "×"),
    ]


async def _record(store: Database, run: int, events: int) -> None:
    numbers = iter(range(events))

    async def recorder(place: int) -> None:
        for number in numbers:
            await store.transact(_appending(f"run-{run}/{place}", chunk(run, number)))

    await asyncio.gather(*(recorder(place) for place in range(AT_ONCE)))


def _appending(stream: str, event: ScoresRecorded) -> Callable[[Transaction], None]:
    def work(tx: Transaction) -> None:
        tx.append(stream, [event], expected_version=None, metadata=metadata())

    return work
