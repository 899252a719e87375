"""Kill -9 of the server while it runs a target of its own, a scorer that is judged itself."""

from __future__ import annotations

import random

from tests.e2e.processes import Server
from tests.fault.scene import (
    DATASET,
    RUN,
    Watcher,
    all_events,
    kill_and_restart,
    wait_for_end,
)
from tests.fault.soundness import assert_recorded_once
from trialbook.client import Client, RunSettings, Scorer, Target, TargetKind

ITEMS = 4000
TRIALS = 2
KILLS = 3
SCORERS = (
    Scorer("exact_match", output_pointer="/passed"),
    Scorer("agreement", scope="run", output_pointer="/passed"),
)
FACTS = 2 + ITEMS * TRIALS * 2 + 1


def test_what_the_server_runs_by_itself_is_recorded_once(
    server: Server, client: Client, chance: random.Random
) -> None:
    client.datasets.create(DATASET)
    rows = (
        {"id": f"i{n}", "input": {"output": n, "expected": n // 2 * 2}, "expected": n % 2 == 0}
        for n in range(ITEMS)
    )
    client.datasets.import_items(DATASET, rows)
    client.experiments.create(
        "experiment",
        dataset=DATASET,
        target=Target("exact_match", kind=TargetKind.SCORER),
        scorers=SCORERS,
        settings=RunSettings(trials=TRIALS),
    )
    client.runs.start("experiment", run_id=RUN)
    watcher = Watcher(server.address)
    watcher.start()
    for place in sorted(chance.randrange(1, FACTS) for _ in range(KILLS)):
        watcher.reach(place)
        kill_and_restart(server, chance)

    told = watcher.finish()
    run = wait_for_end(client)
    assert (run.status, run.counts.succeeded) == ("completed", ITEMS * TRIALS)
    assert len(told) == FACTS
    assert told == all_events(client)
    assert_recorded_once(client, ITEMS * TRIALS)
    assert [summary.mean for summary in run.scores] == [1.0, 1.0]
    server.kill()
    server.admin("verify", "--read-models")
