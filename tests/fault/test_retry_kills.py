"""Kill -9 of the server while a run is run again, judged anew, or stopped in the middle of that."""

from __future__ import annotations

import random
import threading
import time
from functools import partial
from pathlib import Path

import pytest

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
from tests.fault.soundness import assert_recorded_once, run_scores
from tests.fault.writing import until_answered
from trialbook.client import Client, Result, Run, Scorer

ITEMS = 1000
ODD = ITEMS // 2
KILLS = 3
SCORERS = (
    Scorer("exact_match", output_pointer="/number"),
    Scorer("is_even"),
    Scorer("agreement", scope="run", output_pointer="/number"),
    Scorer("tally", scope="run"),
)
OF_RESULTS = 2
RETRIED = 1 + ODD * (1 + OF_RESULTS)
"""About as many facts a retry brings."""


@pytest.fixture
def half_failed(client: Client, workers: Workers, tmp_path: Path) -> Run:
    """A run whose odd items failed, of a target that is mended now."""
    gate = tmp_path / "gate"
    gate.touch()
    for name in "ab":
        workers.start(name, FAULT_GATE=str(gate))
    start_run(client, Plan("brittle", range(ITEMS), SCORERS))
    run = wait_for_end(client)
    assert (run.counts.succeeded, run.counts.failed) == (ITEMS - ODD, ODD)
    gate.unlink()
    return run


def begin_retry(server: Server, client: Client, run: Run) -> Watcher:
    """Ask for the retry twice under one id, as one does whose first answer was lost."""
    for _ in range(2):
        assert client.runs.retry(RUN, request_id="again").count == ODD
    watcher = Watcher(server.address, after_position=run.last_position)
    watcher.start()
    return watcher


def kill_among(server: Server, watcher: Watcher, places: list[int], chance: random.Random) -> None:
    for place in sorted(places):
        watcher.reach(place)
        time.sleep(chance.uniform(0, 0.05))
        kill_and_restart(server, chance)


def assert_sound(server: Server, workers: Workers) -> None:
    workers.stop()
    server.kill()
    server.admin("verify", "--read-models")


def test_a_retry_outlives_its_server_and_replaces_every_outcome_once(
    *,
    server: Server,
    client: Client,
    workers: Workers,
    half_failed: Run,
    chance: random.Random,
) -> None:
    before = half_failed.last_position
    watcher = begin_retry(server, client, half_failed)
    places = [before + chance.randrange(1, RETRIED) for _ in range(KILLS)]
    kill_among(server, watcher, places, chance)

    told = watcher.finish()
    run = wait_for_end(client)

    assert (run.status, run.retries, run.counts.succeeded) == ("completed", 1, ITEMS)
    results = assert_recorded_once(client, ITEMS)
    assert {(one.round, one.output["number"] % 2) for one in results} == {(0, 0), (1, 1)}
    assert told == all_events(client)[before:]
    assert sum(isinstance(event.fact, Result) for event in told) == ODD
    whole = {score.score.scorer: score.score.value for score in run_scores(client)}
    assert whole == {"agreement": 1.0, "tally": float(ITEMS)}
    assert_sound(server, workers)


def test_a_rescore_by_workers_outlives_its_server_and_every_score_is_there_once(
    *,
    server: Server,
    client: Client,
    workers: Workers,
    half_failed: Run,
    chance: random.Random,
) -> None:
    before = half_failed.last_position
    more = [Scorer("is_even"), Scorer("is_even", alias="other"), Scorer("tally", scope="run")]
    client.runs.rescore(RUN, more, force=True, request_id="anew")
    watcher = Watcher(server.address, after_position=before)
    watcher.start()
    places = [before + chance.randrange(1, 2 * ITEMS) for _ in range(KILLS)]
    kill_among(server, watcher, places, chance)

    told = watcher.finish()
    run = wait_for_end(client)

    assert run.status == "completed"
    assert told == all_events(client)[before:]
    superseded = {scorer.alias for scorer in run.scorers if scorer.superseded}
    assert superseded == {"is_even", "tally"}
    for result in client.runs.results(RUN, page_size=1000):
        assert sorted(score.scorer for score in result.scores) == [
            "exact_match",
            "is_even",
            "other",
        ]
    whole = {score.score.scorer: score.score.value for score in run_scores(client)}
    assert whole == {"agreement": 1.0, "tally": float(ITEMS - ODD)}
    assert_sound(server, workers)


def test_a_retry_that_is_cancelled_among_kills_leaves_each_result_old_or_new(
    *,
    server: Server,
    client: Client,
    workers: Workers,
    half_failed: Run,
    chance: random.Random,
) -> None:
    before = half_failed.last_position
    watcher = begin_retry(server, client, half_failed)
    watcher.reach(before + chance.randrange(1, RETRIED // 4))
    with Client(server.address) as other:
        cancel = partial(other.runs.cancel, RUN, reason="enough", request_id="the-cancellation")
        cancelling = threading.Thread(target=until_answered, args=(cancel,))
        cancelling.start()
        for _ in range(KILLS):
            time.sleep(chance.uniform(0, 0.15))
            kill_and_restart(server, chance)
        cancelling.join()

    told = watcher.finish()
    run = wait_for_end(client)

    assert run.status == "cancelled"
    assert told == all_events(client)[before:]
    results = assert_recorded_once(client, ITEMS)
    for result in results:
        odd = int(result.item_id[1:]) % 2
        assert (result.status, result.round) in {("succeeded", odd), ("failed", 0)}, result
    assert run.counts.failed > 0
    assert run.counts.skipped == 0
    assert_sound(server, workers)
