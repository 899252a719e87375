"""Workers that are killed, and workers that come back from the dead."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

from tests.e2e.processes import Server, wait_until
from tests.fault.scene import (
    Plan,
    Watcher,
    Workers,
    all_events,
    start_run,
    wait_for_end,
)
from tests.fault.soundness import assert_recorded_once
from trialbook.client import Client

ITEMS = 600
KILLS = 4
FACTS = 2 + 4 * ITEMS
HELD = 5


def test_what_killed_workers_held_is_taken_over_and_recorded_once(
    server: Server, client: Client, workers: Workers, chance: random.Random
) -> None:
    for name in "abc":
        workers.start(name)
    start_run(client, Plan("steady", range(ITEMS), concurrency=12))
    watcher = Watcher(server.address)
    watcher.start()

    # Fewer kills than losses that an item may have.
    for place in sorted(chance.randrange(1, FACTS * 9 // 10) for _ in range(KILLS)):
        watcher.reach(place)
        time.sleep(chance.uniform(0, 0.05))
        workers.kill(chance.choice("abc"))
        workers.replace_the_dead()

    told = watcher.finish()
    assert told == all_events(client)
    results = assert_recorded_once(client, ITEMS)
    assert client.runs.get("the-run").counts.succeeded == ITEMS
    assert all(result.attempts == 1 for result in results), "a lost lease is no attempt"


def begun(notes: Path) -> list[str]:
    """The tasks that a worker has begun."""
    return notes.read_text().split() if notes.exists() else []


def test_a_worker_that_slept_beyond_its_lease_is_fenced(
    server: Server, client: Client, workers: Workers, tmp_path: Path
) -> None:
    gates = {name: tmp_path / f"gate-{name}" for name in "ab"}
    notes = {name: tmp_path / f"begun-{name}" for name in "ab"}
    for name in "ab":
        gates[name].touch()

    def start(name: str) -> int:
        environment = {"FAULT_GATE": str(gates[name]), "FAULT_BEGUN": str(notes[name])}
        return workers.start(name, **environment).pid

    sleeper = start("a")
    run = start_run(client, Plan("gated", range(20), scorers=(), concurrency=HELD))
    wait_until(lambda: len(begun(notes["a"])) == HELD, what="the first worker has tasks")
    os.kill(sleeper, signal.SIGSTOP)
    start("b")
    wait_until(lambda: len(begun(notes["b"])) == HELD, what="the second worker takes them over")
    assert sorted(begun(notes["a"])) == sorted(begun(notes["b"]))
    gates["a"].unlink()
    os.kill(sleeper, signal.SIGCONT)
    wait_until(
        lambda: f"{HELD} outcomes came too late" in workers.log("a").read_text(),
        what="the first worker learns that it is late",
    )
    assert client.runs.get(run).counts.done == 0
    gates["b"].unlink()

    assert wait_for_end(client).counts.succeeded == len(range(20))
    results = assert_recorded_once(client, 20)
    taken_over = {int(task.rpartition("/")[2]) for task in begun(notes["b"])[:HELD]}
    for result in results:
        assert result.output["by"] == result.worker_id
        assert result.number not in taken_over or result.worker_id == "b"
        assert result.attempts == 1
