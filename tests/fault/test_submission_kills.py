"""A run that its caller drives, whose server is killed while results are on their way to it."""

from __future__ import annotations

import random
import threading
from functools import partial

from tests.e2e.processes import Server, wait_until
from tests.fault.scene import (
    DATASET,
    HOSTED_SCORERS,
    RUN,
    Watcher,
    Workers,
    all_events,
    kill_and_restart,
    wait_for_end,
)
from tests.fault.soundness import assert_recorded_once
from tests.fault.writing import until_answered
from trialbook.client import (
    Client,
    RunSettings,
    Scorer,
    SubmissionDisposition,
    SubmittedResult,
)

ITEMS = 800
TRIALS = 2
BATCH = 50
KILLS = 3
MISSING = 30
"""So many of the last items are not submitted."""
LONGEST = 0.1
"""Seconds within which a kill comes after the call that it is to break."""


def start(client: Client) -> None:
    """Start a run, of scorers of every kind, once a worker hosts what it judges."""
    client.datasets.create(DATASET)
    rows = ({"id": f"i{number}", "input": number, "expected": number} for number in range(ITEMS))
    client.datasets.import_items(DATASET, rows)
    wait_until(
        lambda: {s.id for s in client.scorers.list()} >= HOSTED_SCORERS, what="a worker registers"
    )
    client.experiments.create(
        "experiment",
        dataset=DATASET,
        target="own",
        settings=RunSettings(trials=TRIALS, concurrency=50, initial_backoff=0.01, max_backoff=0.05),
    )
    scorers = [
        Scorer("exact_match", output_pointer="/number"),
        Scorer("is_even"),
        Scorer("liking", by_caller=True),
        Scorer("tally", scope="run"),
    ]
    client.runs.start("experiment", run_id=RUN, scorers=scorers, caller_driven=True)


def first_outcome(number: int, trial: int) -> SubmittedResult:
    """What counts: some of it failed."""
    item = f"i{number}"
    if (number + trial) % 10 == 0:
        return SubmittedResult(item, trial=trial, error="it broke")
    output = {"number": number, "trial": trial}
    return SubmittedResult(item, output, trial=trial, scores={"liking": number / ITEMS})


def another(number: int, trial: int) -> SubmittedResult:
    """What a caller says that ran the same once more, and got something else."""
    return SubmittedResult(f"i{number}", {"number": -1}, trial=trial)


class Killing:
    """Kills the server, and starts it again, while the caller waits for an answer."""

    def __init__(self, server: Server, chance: random.Random) -> None:
        self._timer = threading.Timer(
            chance.uniform(0, LONGEST), kill_and_restart, (server, chance)
        )

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.join()


def submit(client: Client, results: list[SubmittedResult]) -> set[SubmissionDisposition]:
    """Submit as often as it takes; return what was done with the results."""
    return set(until_answered(partial(client.runs.submit, RUN, results)))


def test_what_is_submitted_again_after_lost_answers_counts_once(
    server: Server, client: Client, workers: Workers, chance: random.Random
) -> None:
    workers.start("a")
    start(client)
    watcher = Watcher(server.address)
    watcher.start()
    pairs = [(number, trial) for number in range(ITEMS - MISSING) for trial in (1, 2)]
    chance.shuffle(pairs)
    batches = [pairs[first : first + BATCH] for first in range(0, len(pairs), BATCH)]
    broken = set(chance.sample(range(len(batches)), KILLS))

    for place, batch in enumerate(batches):
        results = [first_outcome(*pair) for pair in batch]
        if place in broken:
            with Killing(server, chance):
                done = submit(client, results)
            # All or nothing of a call is recorded, whether or not its answer came.
            assert len(done) == 1
        assert submit(client, results) <= {"recorded", "already_recorded"}
        assert submit(client, results) == {"already_recorded"}
        assert submit(client, [another(*pair) for pair in batch]) == {"conflict"}
    with Killing(server, chance):
        until_answered(partial(client.runs.finish, RUN, request_id="the-end"))
    until_answered(partial(client.runs.finish, RUN, request_id="the-end"))

    told = watcher.finish()
    run = wait_for_end(client)
    assert run.status == "completed"
    assert told == all_events(client)
    results_now = assert_recorded_once(client, ITEMS * TRIALS)
    for result in results_now:
        number = int(result.item_id[1:])
        if number >= ITEMS - MISSING:
            assert (result.status, result.skip_reason) == ("skipped", "not_submitted")
            continue
        first = first_outcome(number, result.trial)
        assert result.status == ("failed" if first.error else "succeeded")
        assert result.output == (None if first.error else first.output)
        liking = next(score for score in result.scores if score.scorer == "liking")
        assert liking.value == (None if first.error else number / ITEMS)
    workers.stop()
    server.kill()
    server.admin("verify", "--read-models")
