"""An item that kills whoever works on it."""

from __future__ import annotations

import random

from tests.e2e.processes import Server, wait_until
from tests.fault.hosted import POISON
from tests.fault.scene import (
    RUN,
    RUN_GRACE,
    Plan,
    Workers,
    start_run,
)
from tests.fault.soundness import assert_recorded_once
from trialbook.client import Client
from trialbook.services.domain.run import MAX_LOST_LEASES

ITEMS = 40


def test_a_poison_item_fails_alone_after_the_documented_number_of_losses(
    server: Server, client: Client, workers: Workers, chance: random.Random
) -> None:
    words = [f"word-{number}" for number in range(ITEMS)]
    place = chance.randrange(ITEMS)
    words[place] = POISON
    workers.start("a")
    workers.start("b")
    start_run(client, Plan("deadly", words, scorers=("exact_match",), concurrency=6))
    deaths = 0

    def ended_while_the_dead_are_replaced() -> bool:
        nonlocal deaths
        deaths += workers.replace_the_dead()
        return client.runs.get(RUN).ended

    wait_until(ended_while_the_dead_are_replaced, what="the run ends", timeout=RUN_GRACE)
    results = assert_recorded_once(client, ITEMS)
    failed = {result.item_id: result.error for result in results if result.status != "succeeded"}
    assert list(failed) == [f"i{place}"]
    error = failed[f"i{place}"]
    assert error is not None
    assert error.code == "worker_lost"
    assert deaths == MAX_LOST_LEASES + 1
