"""A server that is killed in the middle of a run: how soon the run goes on after its restart."""

from __future__ import annotations

import signal
import time

from tests.bench.backend import Backend
from tests.bench.bench import Bench
from tests.bench.figures import Figure, at_most
from tests.bench.processes import BenchFailure, wait_until
from tests.bench.server import serving, working
from tests.bench.session import Session
from tests.fault.scene import server_address
from trialbook.client import Result, Run

ITEMS = 100_000
KILLS = 3


def resume_sqlite(bench: Bench) -> list[Figure]:
    """Kill and restart a server on SQLite."""
    return _resume(bench, Backend.SQLITE)


def resume_postgres(bench: Bench) -> list[Figure]:
    """Kill and restart a server on PostgreSQL."""
    return _resume(bench, Backend.POSTGRES)


def _resume(bench: Bench, backend: Backend) -> list[Figure]:
    folder, count = bench.folder / f"resume-{backend.name.lower()}", bench.sized(ITEMS)
    # The same one for every server: the worker, which outlives them, has to find the next one.
    address = server_address()
    with backend.database(folder) as database, working(address, folder) as worker:
        with serving(database, folder, address=address, code=-signal.SIGKILL) as served:
            session = Session(served.client, served.process, worker)
            session.warm_up()
            session.load("questions", count)
            run = _kill_at(session, session.start("questions"), count // (KILLS + 1))
        delays = []
        for kill in range(1, KILLS + 1):
            last = kill == KILLS
            began = time.time()
            code = 0 if last else -signal.SIGKILL
            with serving(database, folder, address=address, code=code) as served:
                accepting = time.time() - began
                session = Session(served.client, served.process, worker)
                delays.append((_first_recorded(session, run, began) - began, accepting))
                if last:
                    session.finish(run)
                else:
                    run = _kill_at(session, run, count * (kill + 1) // (KILLS + 1))
    recording, accepting = max(delays)
    return [
        Figure("restart to the first new result", recording, "s", at_most(2)),
        Figure("of it, until the server accepts calls", accepting, "s"),
    ]


def _kill_at(session: Session, run: Run, done: int) -> Run:
    """Kill the server when so many results are there; return the run as it was just before."""
    seen = run

    def reached() -> bool:
        nonlocal seen
        seen = session.client.runs.get(run)
        return seen.counts.done >= done

    wait_until(reached, f"{run.name} has {done:,} results")
    session.server.kill()
    if seen.ended:
        raise BenchFailure(f"{run.name} ended before the server was killed")
    return seen


def _first_recorded(session: Session, run: Run, began: float) -> float:
    """Return when the first result was recorded that is later than that, in seconds."""
    for update in session.client.runs.watch(run, after_position=run.last_position):
        for event in update.events:
            recorded = event.record_time.timestamp()
            if recorded > began and isinstance(event.fact, Result):
                return recorded
    raise BenchFailure(f"{run.name} ended without another result")
