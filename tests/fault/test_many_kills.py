"""A run of everything, retries and every scope of scorers, whose server or workers die all along.

TRIALBOOK_FAULT_KILLS says how often they are killed (default 6; the long form is 100).
"""

from __future__ import annotations

import os
import random

import pytest

from tests.e2e.processes import Server
from tests.fault.conftest import SEED
from tests.fault.hosted import MAX_RETRIES, outcome
from tests.fault.scene import (
    Plan,
    Watcher,
    Workers,
    all_events,
    start_run,
    wait_for_end,
)
from tests.fault.soundness import assert_recorded_once, run_scores
from trialbook.client import Client, Result, Run, Scorer, Target, TargetKind, TaskErrorCode

ITEMS = 2000
KILLS = int(os.environ.get("TRIALBOOK_FAULT_KILLS") or 6)
SCORERS = (
    Scorer("exact_match", output_pointer="/number"),
    Scorer("levenshtein"),
    Scorer("is_even"),
    Scorer("exact_match", alias="doubled", step_id="double"),
    Scorer("agreement", scope="run", output_pointer="/number"),
    Scorer("tally", scope="run"),
)
OF_RESULTS = 4
PLAN = Plan(
    Target("flow", kind=TargetKind.WORKFLOW), range(ITEMS), SCORERS, max_retries=MAX_RETRIES
)
STARTED, ENDED = 1, 1
FACTS = STARTED + ITEMS * (1 + OF_RESULTS) + (len(SCORERS) - OF_RESULTS) + ENDED

pytestmark = pytest.mark.timeout(240 + 15 * KILLS)


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """The source of all moments of a test, which are many enough for one round."""
    print(f"TRIALBOOK_FAULT_SEED={SEED} TRIALBOOK_FAULT_KILLS={KILLS} repeats the draws")  # noqa: T201
    return random.Random(f"{SEED} {request.node.nodeid}")


def moments(chance: random.Random) -> list[int]:
    """Where the run stands at each kill; the last ones may come when it is almost over."""
    return sorted(chance.randrange(1, FACTS) for _ in range(KILLS))


def assert_as_foretold(run: Run, results: list[Result]) -> None:
    """Each attempt counted once, whoever went away meanwhile."""
    hosted = [scorer.alias for scorer in run.scorers].index("is_even")
    for result in results:
        attempts, succeeds = outcome(f"{run.uid}/{result.number}")
        _, judged = outcome(f"{run.uid}/{result.number}/{hosted}")
        scores = {score.scorer: score.status.value for score in result.scores}
        assert (result.attempts, result.status == "succeeded") == (attempts, succeeds), result
        assert {step.step_id for step in result.steps} == {"double"}, result
        assert scores == {
            "exact_match": "scored" if succeeds else "skipped",
            "levenshtein": scores["levenshtein"],
            "doubled": "scored" if succeeds else "skipped",
            "is_even": ("scored" if judged else "failed") if succeeds else "skipped",
        }


def assert_totals(client: Client, run: Run, results: list[Result]) -> None:
    """What is said of the run as a whole is said of all its results."""
    succeeded = [result for result in results if result.status == "succeeded"]
    whole = {score.score.scorer: score.score for score in run_scores(client)}
    assert whole["agreement"].value == 1.0
    assert whole["agreement"].evidence["compared"] == len(succeeded)
    assert whole["tally"].value == len(succeeded)
    told = [result.usage for result in results if result.usage is not None]
    assert run.usage.told == len(told)
    assert run.usage.input_tokens == sum(usage.input_tokens for usage in told)
    assert {result.number for result in succeeded} <= {
        result.number for result in results if result.usage is not None
    }


def test_the_server_is_killed_all_along(
    server: Server, client: Client, workers: Workers, chance: random.Random
) -> None:
    workers.start("a")
    workers.start("b")
    start_run(client, PLAN)
    watcher = Watcher(server.address)
    watcher.start()

    for place in moments(chance):
        watcher.reach(place)
        server.kill()
        server.start()

    told = watcher.finish()
    run = wait_for_end(client)
    assert run.status == "completed"
    assert len(told) == FACTS
    assert told == all_events(client)
    results = assert_recorded_once(client, ITEMS)
    assert_as_foretold(run, results)
    assert_totals(client, run, results)
    workers.stop()
    server.kill()
    server.admin("verify", "--read-models")


def at_work(watcher: Watcher, workers: Workers) -> str:
    """The worker whose result was recorded last, of those that live."""
    alive = {name for name, process in workers.processes.items() if process.poll() is None}
    recorded = (event.fact for event in reversed(watcher.events))
    results = (fact for fact in recorded if isinstance(fact, Result))
    return next((one.worker_id for one in results if one.worker_id in alive), min(alive))


def test_the_workers_are_killed_all_along(
    server: Server, client: Client, workers: Workers, chance: random.Random
) -> None:
    for name in "abc":
        workers.start(name)
    start_run(client, PLAN)
    watcher = Watcher(server.address)
    watcher.start()

    for place in moments(chance):
        watcher.reach(place)
        workers.kill(at_work(watcher, workers))
        workers.replace_the_dead()

    told = watcher.finish()
    run = wait_for_end(client)
    assert run.status == "completed"
    assert len(told) == FACTS
    assert told == all_events(client)
    results = assert_recorded_once(client, ITEMS)
    kept = [result for result in results if not is_lost(result)]
    assert len(kept) > ITEMS * 0.99, "few items lose so many workers"
    assert_as_foretold(run, kept)
    if len(kept) == len(results):
        assert_totals(client, run, results)
    server.kill()
    server.admin("verify", "--read-models")


def is_lost(result: Result) -> bool:
    """Whether its workers went away too often."""
    codes = [result.error.code] if result.error else []
    return TaskErrorCode.WORKER_LOST in codes or any(
        score.label == "worker_lost" for score in result.scores
    )
