"""Many writers of single events: group commit beside the library's plain recorder."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from eventsourcing.persistence import InfrastructureFactory, StoredEvent, TrackingRecorder
from eventsourcing.utils import Environment

from tests.bench.backend import Backend
from tests.bench.bench import Bench
from tests.bench.figures import Figure, at_least, at_most
from tests.bench.raw import raw_events_rate
from tests.bench.store import Scored, metadata, open_store
from trialbook.eventstore import Database, Transaction

WRITERS = 64
EACH = 300
EACH_PLAIN = 60
THREADS = 8

Append = Callable[[str, int], Awaitable[object]]


def writers_sqlite(bench: Bench) -> list[Figure]:
    """Measure 64 writers on SQLite."""
    return _writers(bench, Backend.SQLITE)


def writers_postgres(bench: Bench) -> list[Figure]:
    """Measure 64 writers on PostgreSQL."""
    return _writers(bench, Backend.POSTGRES)


def _writers(bench: Bench, backend: Backend) -> list[Figure]:
    folder = bench.folder / f"writers-{backend.name.lower()}"
    with backend.database(folder) as database:
        with open_store(backend, database) as store:
            asyncio.run(_write(_grouped(store), "warm-up", EACH_PLAIN))
            rate, delays = asyncio.run(_write(_grouped(store), "grouped", bench.sized(EACH)))
        with _plain(backend, database, folder) as append:
            plain, _ = asyncio.run(_write(append, "plain", bench.sized(EACH_PLAIN)))
        raw = raw_events_rate(backend, database, bench.sized(EACH) * WRITERS, WRITERS)
    return [
        Figure(f"{WRITERS} writers, group commit", rate, "events/s"),
        Figure("an append, p50", median(delays) * 1000, "ms", at_most(3)),
        Figure("the library's recorder in threads", plain, "events/s"),
        Figure("group commit over that", rate / plain, "×", at_least(10)),
        Figure(f"raw inserts, {WRITERS} a commit", raw, "events/s"),
        Figure("group commit over raw inserts", rate / raw, "×"),
    ]


def _grouped(store: Database) -> Append:
    def append(stream: str, version: int) -> Awaitable[object]:
        def work(tx: Transaction) -> None:
            tx.append(stream, [Scored("case", 0.5)], expected_version=version, metadata=metadata())

        return store.transact(work)

    return append


@contextmanager
def _plain(backend: Backend, database: str, folder: Path) -> Iterator[Append]:
    """The library's own recorder and tables, called from threads."""
    factory: InfrastructureFactory[TrackingRecorder] = InfrastructureFactory.construct(
        Environment("plain", _plain_environment(backend, database, folder))
    )
    recorder = factory.application_recorder()
    state = bytes(200)
    with ThreadPoolExecutor(THREADS) as threads:

        def insert(stream: str, version: int) -> None:
            recorder.insert_events([StoredEvent(stream, version + 1, "scored", state)])

        def append(stream: str, version: int) -> Awaitable[object]:
            return asyncio.get_running_loop().run_in_executor(threads, insert, stream, version)

        yield append
    factory.close()


def _plain_environment(backend: Backend, database: str, folder: Path) -> dict[str, str]:
    if backend is Backend.SQLITE:
        return {
            "PERSISTENCE_MODULE": "eventsourcing.sqlite",
            "SQLITE_DBNAME": str(folder / "plain.db"),
            "SQLITE_LOCK_TIMEOUT": "30",
            "ORIGINATOR_ID_TYPE": "text",
        }
    from psycopg.conninfo import conninfo_to_dict

    given = conninfo_to_dict(database)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(given["dbname"]),
        "POSTGRES_HOST": str(given["host"]),
        "POSTGRES_USER": str(given["user"]),
        "POSTGRES_PASSWORD": "",
        "ORIGINATOR_ID_TYPE": "text",
    }


async def _write(append: Append, prefix: str, each: int) -> tuple[float, list[float]]:
    """Let all write at once, each waiting for its own; return the rate and each one's wait."""
    delays: list[float] = []

    async def writer(number: int) -> None:
        for version in range(each):
            began = time.perf_counter()
            await append(f"{prefix}-{number}", version)
            delays.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(writer(number) for number in range(WRITERS)))
    return WRITERS * each / (time.perf_counter() - began), delays
