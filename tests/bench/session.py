"""A server process, a worker process and a client, on a new database."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import psutil

from tests.bench.processes import PATIENCE, BenchFailure, cpu_seconds, wait_until
from tests.bench.server import serving, working
from tests.bench.workload import INSTANT, Question, questions, right_answers
from trialbook.client import Client, FailedPrecondition, Item, ResultStatus, Run, RunSettings

_LOOK_EVERY = 0.05
"""Seconds between two looks at a run: rare enough not to be part of the load."""
_WARM_UP = 200
_MADE_BEFORE = 100_000
SCORERS = ("exact_match", "levenshtein")


def plain_item(asked: Question) -> Item:
    """Make an item of a question."""
    return Item(asked.input, asked.expected)


@dataclass(frozen=True, slots=True)
class Timing:
    """An ended run and what it took, all in seconds.

    `seconds` is by the server's clock, `client_seconds` as the caller saw it; the others are the
    processor time of server and worker.
    """

    run: Run
    seconds: float
    client_seconds: float
    server_cpu: float
    worker_cpu: float

    @property
    def rate(self) -> float:
        """Items per second by the server's clock."""
        return self.items / self.seconds

    @property
    def work(self) -> float:
        """Processor time of the server an item: it hardly depends on what else the machine does."""
        return self.server_cpu / self.items

    @property
    def items(self) -> int:
        """How many items were run."""
        return self.run.counts.planned


@dataclass(frozen=True, slots=True)
class Session:
    """What a case works with."""

    client: Client
    server: psutil.Process
    worker: psutil.Process
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def load(
        self, dataset: str, count: int, make: Callable[[Question], Item] = plain_item
    ) -> float:
        """Import so many questions as a dataset; return the seconds that it took.

        They are made before, as far as there is room for them: that does not count.
        """
        self.client.datasets.create(dataset)
        made = map(make, questions(count))
        items = itertools.chain(list(itertools.islice(made, _MADE_BEFORE)), made)
        began = time.monotonic()
        self.client.datasets.import_items(dataset, items)
        return time.monotonic() - began

    def start(
        self,
        dataset: str,
        *,
        target: str = INSTANT,
        concurrency: int = 50,
        run_id: str | None = None,
        also: Sequence[str] = (),
    ) -> Run:
        """Start a run with exact_match, levenshtein, and other scorers."""
        name = f"{dataset}-{next(self._numbers)}"
        self.client.experiments.create(
            name,
            dataset=dataset,
            target=target,
            scorers=(*SCORERS, *also),
            settings=RunSettings(concurrency=concurrency),
        )
        return self.client.runs.start(name, run_id=run_id)

    def measure(
        self,
        dataset: str,
        *,
        target: str = INSTANT,
        concurrency: int = 50,
        also: Sequence[str] = (),
    ) -> Timing:
        """Run a dataset to its end, watched by nobody."""
        server, worker = cpu_seconds(self.server), cpu_seconds(self.worker)
        began = time.monotonic()
        run = self.finish(self.start(dataset, target=target, concurrency=concurrency, also=also))
        return Timing(
            run,
            _duration(run),
            client_seconds=time.monotonic() - began,
            server_cpu=cpu_seconds(self.server) - server,
            worker_cpu=cpu_seconds(self.worker) - worker,
        )

    def warm_up(self, dataset: str = "warm-up", target: str = INSTANT) -> None:
        """Wait for the worker, and let every part run once."""
        self.load(dataset, _WARM_UP)
        wait_until(lambda: self._started(dataset, target), "the worker registers")
        self.finish(self.client.runs.get(dataset))

    def _started(self, dataset: str, target: str) -> bool:
        try:
            self.start(dataset, target=target, run_id=dataset)
        except FailedPrecondition:
            return False
        return True

    def finish(self, run: Run) -> Run:
        """Wait until a run has ended. BenchFailure unless every item is there, rightly judged.

        Scorers other than the two usual ones have to pass every item.
        """
        run = self.until_ended(run)
        planned = run.counts.planned
        told = [(score.scorer, score.scored, score.passed) for score in run.scores]
        right = [("exact_match", planned, right_answers(planned)), ("levenshtein", planned, 0)]
        right += [(scorer, planned, planned) for scorer, _, _ in told[len(SCORERS) :]]
        if run.counts.succeeded != planned or told != right:
            failed = next(self.client.runs.results(run, status=ResultStatus.FAILED), None)
            raise BenchFailure(f"{run.counts}, {told}, expected {right}; {failed}")
        return run

    def until_ended(self, run: Run) -> Run:
        """Wait until a run has ended. BenchFailure if it stands still."""
        while not run.ended:
            run = self._await_progress(run)
        return run

    def _await_progress(self, run: Run) -> Run:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            time.sleep(_LOOK_EVERY)
            seen = self.client.runs.get(run)
            if seen.ended or seen.last_position > run.last_position:
                return seen
        raise BenchFailure(f"{run.name} stands still at {run.counts}")


@contextmanager
def open_session(database: str, folder: Path, *, profile: bool) -> Iterator[Session]:
    """Start everything, warm it up, and stop it at the end. `folder` takes the logs."""
    with (
        serving(database, folder, profile=profile) as served,
        working(served.address, folder, profile=profile) as worker,
    ):
        session = Session(served.client, served.process, worker)
        session.warm_up()
        yield session


def _duration(run: Run) -> float:
    end: datetime | None = run.end_time
    assert end is not None
    return (end - run.create_time).total_seconds()
