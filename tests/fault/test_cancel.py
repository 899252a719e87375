"""A run that is cancelled while its server dies."""

from __future__ import annotations

import random
import threading
import time

from tests.e2e.processes import Server
from tests.fault.scene import (
    RUN,
    Plan,
    Watcher,
    Workers,
    all_events,
    kill_and_restart,
    start_run,
    wait_for_end,
)
from trialbook.client import Client, RunCancelRequested, Unavailable

ITEMS = 3000


def cancel_in_the_end(address: str) -> None:
    """Cancel, however often the server is away, under one request id."""
    with Client(address) as client:
        while True:
            try:
                client.runs.cancel(RUN, reason="enough", request_id="the-cancellation")
            except Unavailable:
                continue
            return


def test_a_run_cancelled_among_kills_accounts_for_every_item(
    server: Server, client: Client, workers: Workers, chance: random.Random
) -> None:
    workers.start("a")
    start_run(client, Plan("steady", range(ITEMS), concurrency=20))
    watcher = Watcher(server.address)
    watcher.start()
    watcher.reach(chance.randrange(1, 600))
    if chance.random() < 0.5:
        kill_and_restart(server, chance)

    cancelling = threading.Thread(target=cancel_in_the_end, args=(server.address,))
    cancelling.start()
    for _ in range(3):
        time.sleep(chance.uniform(0, 0.15))
        kill_and_restart(server, chance)
    cancelling.join()

    told = watcher.finish()
    run = wait_for_end(client)
    assert run.status == "cancelled"
    assert told == all_events(client)
    assert sum(isinstance(event.fact, RunCancelRequested) for event in told) == 1
    results = list(client.runs.results(RUN, page_size=1000))
    assert [result.number for result in results] == list(range(1, ITEMS + 1))
    assert run.counts.done == run.counts.planned == ITEMS
    assert run.counts.failed == 0
    skipped = sum(result.status == "skipped" for result in results)
    assert (run.counts.succeeded, run.counts.skipped) == (ITEMS - skipped, skipped)
    assert skipped > 0
