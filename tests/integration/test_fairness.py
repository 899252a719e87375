"""Many runs at once share the workers: each gets its part, and none waits for another's end."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack

import pytest

from tests.service import (
    ScriptedWorker,
    Service,
    connected,
    done,
    facts,
    get_run,
    new_dataset,
    new_experiment,
    new_run,
    new_worker,
    scorer,
    start_run,
)
from trialbook.v1.experiment_pb2 import Experiment
from trialbook.v1.run_pb2 import RUN_STATUS_COMPLETED, RUN_STATUS_RUNNING, Run, RunEvent
from trialbook.v1.worker_pb2 import Task

CLIENTS = 20
RUNS_EACH = 5
RUNS = CLIENTS * RUNS_EACH
WORKERS = 4
ITEMS = 8
CONCURRENCY = 3
SLOTS = 37
"""Of each worker; no multiple of the concurrency, so that answers end in the middle of a turn."""
LONG = 50_000


class Crew:
    """Workers that end their tasks in any order, and notice how far runs are apart meanwhile."""

    def __init__(self, workers: Sequence[ScriptedWorker], runs: Sequence[str]) -> None:
        self._workers = workers
        self._chance = random.Random(1)
        self.begun: Counter[str] = Counter(dict.fromkeys(runs, 0))
        self.widest = 0

    async def work(self, items: int) -> None:
        """Work until every run has begun and ended so many tasks."""
        await asyncio.gather(*(self._work(worker, items) for worker in self._workers))

    async def _work(self, worker: ScriptedWorker, items: int) -> None:
        held: list[Task] = []
        while held or min(self.begun.values()) < items:
            if len(held) < SLOTS and min(self.begun.values()) < items:
                tasks = await worker.lease(SLOTS - len(held), wait=0.05)
                self._note(tasks, items)
                held += tasks
            if held:
                self._chance.shuffle(held)
                count = self._chance.randint(1, len(held))
                ended, held = held[:count], held[count:]
                await worker.report(*map(done, ended))

    def _note(self, tasks: Sequence[Task], items: int) -> None:
        self.begun.update(task.run for task in tasks)
        counts = self.begun.values()
        if max(counts) < items:
            self.widest = max(self.widest, max(counts) - min(counts))


async def start_all(clients: Sequence[Service], experiment: Experiment) -> list[list[str]]:
    """Let all clients start their runs at once; return their names."""

    async def start(client: Service) -> list[str]:
        return [(await start_run(client, experiment.name)).name for _ in range(RUNS_EACH)]

    return await asyncio.gather(*map(start, clients))


async def test_a_hundred_runs_of_twenty_clients_get_equal_shares_and_are_watched_to_their_ends(
    service: Service,
) -> None:
    """While all have work left, they are never further apart than one turn: its concurrency.

    The run that got the fewest tasks is served first, and gets no more than that at once.
    """
    dataset = await new_dataset(service, ITEMS)
    experiment = await new_experiment(
        service, dataset.name, scorer("exact_match"), concurrency=CONCURRENCY
    )
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(connected(service.address)) for _ in range(CLIENTS)
        ]
        workers = [await new_worker(client) for client in clients[:WORKERS]]
        started = await start_all(clients, experiment)
        watching = [
            asyncio.create_task(facts(client, run))
            for client, own in zip(clients, started, strict=True)
            for run in own
        ]
        crew = Crew(workers, [run for own in started for run in own])
        await crew.work(ITEMS)
        watched = await asyncio.gather(*watching)

    assert len(crew.begun) == RUNS
    assert set(crew.begun.values()) == {ITEMS}
    # The workers' calls overlap: what one was given is noted when its answer is there.
    assert crew.widest <= 2 * CONCURRENCY
    for told in watched:
        assert_whole(told)


def assert_whole(told: list[RunEvent]) -> None:
    """A watcher saw every fact of its run, each once, up to the end."""
    assert [event.position for event in told] == list(range(1, len(told) + 1))
    kinds = Counter(event.WhichOneof("fact") for event in told)
    assert (kinds["result"], kinds["scored"], kinds["ended"]) == (ITEMS, ITEMS, 1)
    assert told[-1].ended.status == RUN_STATUS_COMPLETED


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_answers_that_hold_a_turn_and_a_half_are_shared_alike(service: Service) -> None:
    """Tasks that begin and end together would cut the turn of the same run every time."""
    dataset = await new_dataset(service, 300)
    experiment = await new_experiment(service, dataset.name, concurrency=20)
    runs = [(await start_run(service, experiment.name)).name for _ in range(2)]
    worker = await new_worker(service)
    begun: Counter[str] = Counter(dict.fromkeys(runs, 0))
    while max(begun.values()) < 300:
        tasks = await worker.lease_all(30)
        begun.update(task.run for task in tasks)
        assert max(begun.values()) - min(begun.values()) <= 20
        await worker.report(*map(done, tasks))


async def test_a_long_run_and_small_ones_that_keep_coming_do_not_hold_each_other_up(
    service: Service,
) -> None:
    long = await new_run(service, LONG, concurrency=SLOTS)
    small = await new_experiment(service, (await new_dataset(service, 10)).name, concurrency=10)
    worker = await new_worker(service)
    held = await worker.lease_all(SLOTS)
    begun: Counter[str] = Counter()
    runs: list[Run] = []
    for _ in range(10):
        runs.append(await start_run(service, small.name))
        await worker.report(*map(done, held))
        held = await worker.lease_all(SLOTS)
        begun.update(task.run for task in held)
        # The slots that are free next go to the small run first, and what it leaves to the long.
        assert begun[runs[-1].name] == 10
    await worker.report(*map(done, held))

    assert begun[long.name] == 10 * (SLOTS - 10)
    after = [await get_run(service, run.name) for run in [long, *runs]]
    assert [run.status for run in after] == [RUN_STATUS_RUNNING] + [RUN_STATUS_COMPLETED] * 10
    assert after[0].counts.succeeded == SLOTS + begun[long.name]
