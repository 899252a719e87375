"""Servers and workers that die while spans are on their way: no score is wrong, none is missing."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.processes import ROOT, Server
from tests.fault.scene import (
    LEASE,
    RUN,
    Plan,
    Watcher,
    Workers,
    all_events,
    kill_and_restart,
    reconnect,
    server_address,
    start_run,
    wait_for_end,
)
from tests.fault.soundness import assert_recorded_once
from tests.fault.traced_agent import tools_of
from tests.postgres import fresh_namespace, postgres_url
from tests.service import connected, ended, items, new_run, new_worker, results, scorer
from tests.traces import attempt_spans, export, traced
from trialbook.client import Client, Result, Scorer, ScoreStatus, TraceStatus
from trialbook.v1.run_pb2 import RUN_STATUS_COMPLETED

AGENT = ROOT / "tests" / "fault" / "traced_agent.py"
ITEMS = 150
KILLS = 3
SCORERS = (
    Scorer("tool_called", alias="searched", params={"tool": "search"}),
    Scorer("tool_called", alias="booked", params={"tool": "book"}),
    Scorer("tool_not_called", alias="never", params={"tool": "book"}),
    Scorer("exact_match"),
)
PLAN = Plan("agent", range(ITEMS), scorers=SCORERS, concurrency=20)
FACTS = 2 + ITEMS * (1 + len(SCORERS))
WAIT = {"TRIALBOOK_TRACE_WAIT": "3"}


@pytest.fixture
def server(tmp_path: Path, backend: str) -> Iterator[Server]:
    """A running server that does not wait long for spans."""
    with ExitStack() as stack:
        running = Server(tmp_path, lease_duration=LEASE, address=server_address(), variables=WAIT)
        if backend == "postgres":
            running.postgres = postgres_url()
            running.namespace = stack.enter_context(fresh_namespace())
        stack.callback(running.kill)
        yield running.start()


@pytest.fixture
def workers(tmp_path: Path, server: Server) -> Iterator[Workers]:
    started = Workers(tmp_path, server, AGENT)
    yield started
    started.stop()


def assert_never_wrong(client: Client, results: list[Result]) -> Counter[TraceStatus]:
    """Scores say what the agent did, or that this cannot be told; return how traces stand."""
    found: Counter[TraceStatus] = Counter()
    for result in results:
        assert result.trace is not None
        found[result.trace.status] += 1
        expected = tools_of(result.output)
        right = {
            "searched": 1.0,
            "booked": float("book" in expected),
            "never": float("book" not in expected),
            "exact_match": 1.0,
        }
        for score in result.scores:
            if score.status is ScoreStatus.SCORED:
                assert score.value == right[score.scorer], (result, score)
            else:
                assert score.status is ScoreStatus.NOT_EVALUABLE, (result, score)
                assert score.label in ("trace_partial", "no_trajectory"), (result, score)
                assert result.trace.status is not TraceStatus.COMPLETE, (result, score)
    return found


def results_with_traces(client: Client) -> list[Result]:
    assert_recorded_once(client, ITEMS)
    return [client.runs.result(RUN, number) for number in range(1, ITEMS + 1)]


def test_a_run_outlives_its_server_while_spans_are_on_their_way(
    server: Server, client: Client, workers: Workers, chance: random.Random
) -> None:
    workers.start("a")
    workers.start("b")
    start_run(client, PLAN)
    watcher = Watcher(server.address)
    watcher.start()

    for place in sorted(chance.randrange(1, FACTS * 9 // 10) for _ in range(KILLS)):
        watcher.reach(place)
        time.sleep(chance.uniform(0, 0.05))
        kill_and_restart(server, chance)

    told = watcher.finish()
    reconnect(client)
    assert wait_for_end(client).status == "completed"
    assert told == all_events(client)
    found = assert_never_wrong(client, results_with_traces(client))
    assert found[TraceStatus.COMPLETE] > ITEMS // 2, found


async def test_spans_that_were_acknowledged_outlive_a_kill(server: Server) -> None:
    server.kill()
    # The worker's session is to outlive it too.
    server.lease_duration = "30s"
    server.start()
    async with connected(server.address) as service:
        run = await new_run(service, items(1), scorer("tool_called", '{"tool": "search"}'))
        worker = await new_worker(service)
        task = await worker.lease_one()
        spans = attempt_spans(task, "search")
        await export(service, spans)
    server.kill()
    server.start()
    async with connected(server.address) as service:
        worker.service = service
        assert await worker.report(traced(task, spans)) == ["RECORDED"]
        assert (await ended(service, run.name)).status == RUN_STATUS_COMPLETED
        (result,) = await results(service, run.name)
        assert [score.value for score in result.scores] == [1.0]


def test_workers_that_die_between_their_spans_and_their_report_do_not_count_twice(
    server: Server, client: Client, workers: Workers, chance: random.Random
) -> None:
    for name in "abc":
        workers.start(name)
    start_run(client, PLAN)
    watcher = Watcher(server.address)
    watcher.start()

    for place in sorted(chance.randrange(1, FACTS * 9 // 10) for _ in range(KILLS + 1)):
        watcher.reach(place)
        time.sleep(chance.uniform(0, 0.02))
        workers.kill(chance.choice("abc"))
        workers.replace_the_dead()

    watcher.finish()
    results = results_with_traces(client)
    assert assert_never_wrong(client, results) == {TraceStatus.COMPLETE: ITEMS}
    for result in results:
        trajectory = client.traces.trajectory(result.name).trajectory
        assert trajectory is not None
        tools = [step.name for step in trajectory.walk() if step.step_type == "tool_call"]
        assert tools == tools_of(result.output)
