"""A server whose clock is set an hour forward and back in mid-run, and that is killed as well."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.processes import Server
from tests.fault.scene import (
    DATASET,
    RUN,
    Plan,
    Watcher,
    Workers,
    all_events,
    kill_and_restart,
    reconnect,
    start_run,
    wait_for_end,
)
from tests.fault.soundness import assert_recorded_once
from trialbook.client import Client, RunSettings

HOUR = 3600.0
ITEMS = 600
FACTS = 2 + 4 * ITEMS
JUMPS = 4


class Clock:
    """What the server takes for the time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def set(self, hours: float) -> None:
        """Be wrong by so many hours from now on."""
        beside = self.path.with_suffix(".new")
        beside.write_text(str(hours * HOUR))
        beside.rename(self.path)


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clock:
    wrong = Clock(tmp_path / "clock")
    wrong.set(0)
    monkeypatch.setenv("FAULT_CLOCK", str(wrong.path))
    return wrong


@pytest.fixture
def skewed(server: Server, clock: Clock) -> Iterator[Server]:
    """The server again, with that clock."""
    assert clock.path.exists()
    server.kill()
    server.command = [sys.executable, "-m", "tests.fault.skewed"]
    yield server.start()
    server.kill()


def test_a_clock_that_jumps_neither_holds_a_run_up_nor_doubles_anything(
    *, skewed: Server, clock: Clock, client: Client, workers: Workers, chance: random.Random
) -> None:
    reconnect(client)
    workers.start("a")
    workers.start("b")
    start_run(client, Plan("steady", range(ITEMS), concurrency=12))
    watcher = Watcher(skewed.address)
    watcher.start()

    for place in sorted(chance.randrange(1, FACTS * 9 // 10) for _ in range(JUMPS)):
        watcher.reach(place)
        clock.set(chance.choice((-1.0, 0.0, 1.0)))
        if chance.random() < 0.3:
            workers.kill(chance.choice("ab"))
            workers.replace_the_dead()
        if chance.random() < 0.3:
            kill_and_restart(skewed, chance)

    told = watcher.finish()
    assert wait_for_end(client).counts.succeeded == ITEMS
    assert told == all_events(client)
    assert_recorded_once(client, ITEMS)


def test_what_a_dead_server_had_from_the_future_is_taken_over_at_once(
    *, skewed: Server, clock: Clock, client: Client, workers: Workers
) -> None:
    """The server dies, and its worker, before its clock is put right."""
    clock.set(1.0)
    reconnect(client)
    workers.start("a")
    start_run(client, Plan("steady", range(ITEMS), scorers=(), concurrency=12))
    watcher = Watcher(skewed.address)
    watcher.start()
    watcher.reach(50)
    workers.kill("a")
    skewed.kill()
    clock.set(0.0)
    skewed.start()
    workers.replace_the_dead()

    assert watcher.finish() == all_events(client)
    assert_recorded_once(client, ITEMS)
    assert client.runs.get(RUN).counts.succeeded == ITEMS


def test_a_job_that_a_dead_server_has_taken_in_the_future_goes_on_at_once(
    *, skewed: Server, clock: Clock, client: Client, chance: random.Random
) -> None:
    items = 20_000
    reconnect(client)
    client.datasets.create(DATASET)
    rows = ({"id": f"i{number}", "input": number} for number in range(items))
    client.datasets.import_items(DATASET, rows)
    client.experiments.create(
        "experiment", dataset=DATASET, target="none", settings=RunSettings(concurrency=1)
    )
    client.runs.start("experiment", run_id=RUN, caller_driven=True)
    watcher = Watcher(skewed.address)
    watcher.start()
    clock.set(1.0)
    client.runs.finish(RUN)
    watcher.reach(chance.randrange(1, items // 4))
    skewed.kill()
    clock.set(0.0)
    skewed.start()

    assert len(watcher.finish()) == 2 + items
    assert wait_for_end(client).counts.skipped == items
