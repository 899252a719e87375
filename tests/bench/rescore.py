"""Another scorer over results that are recorded: their targets are not run again."""

from __future__ import annotations

import time

from tests.bench.backend import Backend
from tests.bench.bench import Bench
from tests.bench.figures import Figure, at_least, at_most
from tests.bench.processes import BenchFailure, peak_memory
from tests.bench.session import Session
from tests.bench.workload import right_answers
from trialbook.client import Run, Scorer

ITEMS = 100_000
SCORER = Scorer("exact_match", alias="again")


def rescore_sqlite(bench: Bench) -> list[Figure]:
    """Rescore on SQLite."""
    return _rescore(bench, Backend.SQLITE)


def rescore_postgres(bench: Bench) -> list[Figure]:
    """Rescore on PostgreSQL."""
    return _rescore(bench, Backend.POSTGRES)


def _rescore(bench: Bench, backend: Backend) -> list[Figure]:
    count = bench.sized(ITEMS)
    with bench.session(backend) as session:
        session.load("questions", count)
        run = session.measure("questions").run
        seconds = _seconds(session, run)
        memory = peak_memory(session.server)
    return [
        Figure(f"rescore of {count:,} results", count / seconds, "results/s", at_least(10_000)),
        Figure("server's peak memory, with the run before", memory, "MB", at_most(250)),
    ]


def _seconds(session: Session, run: Run) -> float:
    """Rescore a run; return the seconds from the call to the run's end, when all is on the disk."""
    began = time.time()
    ended = session.until_ended(session.client.runs.rescore(run, [SCORER]).run)
    (told,) = [score for score in ended.scores if score.scorer == SCORER.alias]
    planned = run.counts.planned
    if (told.scored, told.passed) != (planned, right_answers(planned)) or ended.end_time is None:
        raise BenchFailure(f"{ended.counts}, {told}")
    return ended.end_time.timestamp() - began
