"""Kill -9 of the server, again and again, in the middle of a run with retries."""

from __future__ import annotations

import random
import signal
import time

import pytest

from tests.e2e.processes import Server
from tests.fault.hosted import MAX_RETRIES, outcome
from tests.fault.scene import (
    Plan,
    Watcher,
    Workers,
    all_events,
    kill_and_restart,
    start_run,
    wait_for_end,
)
from tests.fault.soundness import assert_recorded_once
from trialbook.client import Client, Result, Run, Unavailable

ITEMS = 2500
KILLS = 4
PLAN = Plan("shaky", range(ITEMS), max_retries=MAX_RETRIES)
FACTS = 2 + ITEMS * (1 + len(PLAN.scorers))


def kill_in_the_run(server: Server, watcher: Watcher, chance: random.Random) -> None:
    """Kill where the run stands at random places; the last time its end is near."""
    places = sorted(chance.randrange(1, FACTS * 9 // 10) for _ in range(KILLS))
    for place in places:
        watcher.reach(place)
        time.sleep(chance.uniform(0, 0.05))
        kill_and_restart(server, chance)


def assert_as_foretold(run: Run, results: list[Result]) -> None:
    """Each attempt counted once: a kill neither costs a retry nor gives one."""
    for result in results:
        attempts, succeeds = outcome(f"{run.uid}/{result.number}")
        assert (result.attempts, result.status == "succeeded") == (attempts, succeeds), result
        place = [scorer.name for scorer in run.scorers].index("is_even")
        by_scorer = {score.scorer: score.status.value for score in result.scores}
        assert by_scorer["exact_match"] == ("scored" if succeeds else "skipped")
        _, judged = outcome(f"{run.uid}/{result.number}/{place}")
        hosted = "scored" if judged else "failed"
        assert by_scorer["is_even"] == (hosted if succeeds else "skipped")


def test_a_run_outlives_its_server_and_every_fact_is_there_once(
    server: Server, client: Client, workers: Workers, chance: random.Random
) -> None:
    workers.start("a")
    workers.start("b")
    run = start_run(client, PLAN)
    watcher = Watcher(server.address)
    watcher.start()

    kill_in_the_run(server, watcher, chance)

    told = watcher.finish()
    assert wait_for_end(client).status == "completed"
    assert len(told) == FACTS
    assert told == all_events(client)
    assert_as_foretold(run, assert_recorded_once(client, ITEMS))
    workers.stop()
    server.kill()
    server.admin("verify", "--read-models")


def test_a_server_that_slept_beyond_every_lease_records_once(
    server: Server, client: Client, workers: Workers, chance: random.Random
) -> None:
    workers.start("a")
    workers.start("b")
    start_run(client, Plan("steady", range(600), concurrency=12))
    watcher = Watcher(server.address)
    watcher.start()
    assert server.process is not None
    for place in sorted(chance.randrange(1, 2000) for _ in range(2)):
        watcher.reach(place)
        server.process.send_signal(signal.SIGSTOP)
        time.sleep(chance.uniform(1.1, 2.0))
        server.process.send_signal(signal.SIGCONT)

    assert watcher.finish() == all_events(client)
    assert_recorded_once(client, 600)
    assert client.runs.get("the-run").counts.succeeded == 600


def test_a_client_that_called_in_vain_finds_the_server_as_soon_as_it_is_back(
    server: Server, client: Client, chance: random.Random
) -> None:
    client.datasets.create("there")
    server.kill()
    for _ in range(chance.randint(1, 3)):
        with pytest.raises(Unavailable):
            client.datasets.get("there")
    server.start()

    assert client.datasets.get("there").id == "there"
