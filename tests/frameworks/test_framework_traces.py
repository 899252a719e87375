"""Agents of real frameworks, with no instrumentation but their own, judged by what they did."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.processes import COMMAND_LINE, Server, environment, stop_process, wait_until
from trialbook.client import (
    Client,
    Result,
    RunStatus,
    Scorer,
    StepType,
    TraceStatus,
    Trajectory,
    Worker,
)

HERE = Path(__file__).parent
TOOLS = (StepType.TOOL_CALL, StepType.MCP_TOOL_CALL)
SCORERS = [
    Scorer("trajectory_match", mode="exact", alias="exactly"),
    Scorer("trajectory_alignment", alias="aligned"),
    Scorer("tool_failures", alias="recovered"),
    Scorer("tool_called", tool="get_weather", min=2, max=2, alias="twice"),
    Scorer("calls", scope="trajectory"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("server")).start()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[Client]:
    judging = Worker(server.address, worker_id="judge", traces=False)

    @judging.scorer("calls", scope="trajectory")
    def calls(trajectory: Trajectory) -> float:
        return sum(step.step_type in TOOLS for step in trajectory.walk())

    thread = threading.Thread(target=judging.run, daemon=True)
    thread.start()
    try:
        with Client(server.address) as opened:
            wait_until(lambda: "calls" in scorers_of(opened), what="the judge is there")
            yield opened
    finally:
        judging.stop()
        thread.join(30)


def scorers_of(client: Client) -> set[str]:
    return {scorer.id for scorer in client.scorers.list()}


@contextmanager
def hosted(server: Server, module: str, log: Path) -> Iterator[None]:
    """Run a worker's module, as `trialbook worker run` does it."""
    arguments = ["worker", "run", f"{HERE / module}.py:worker", "--traces"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*COMMAND_LINE, *arguments],
            stdout=output,
            stderr=output,
            env=environment(TRIALBOOK_ADDRESS=server.address, HOME=os.environ.get("HOME", "/")),
        )
    try:
        wait_until(
            lambda: b"is registered" in log.read_bytes() or process.poll() is not None,
            what="the worker is registered",
        )
        assert process.poll() is None, log.read_text()
        yield
    finally:
        stop_process(process, signal.SIGTERM)


def call(name: str, **args: Any) -> dict[str, Any]:
    return {"name": name, "args": args}


def steps(*expected: dict[str, Any]) -> dict[str, Any]:
    return {"steps": list(expected)}


PARALLEL: dict[str, Any] = {
    "id": "parallel",
    "input": "weather in Oslo and Lima",
    "expected_trajectory": steps(
        call("get_weather", city="Lima"), call("get_weather", city="Oslo")
    ),
}
FAILING: dict[str, Any] = {
    "id": "failing",
    "input": "a table please",
    "expected_trajectory": steps(call("book_table", hour=19), call("book_table", hour=20)),
}
NESTED: dict[str, Any] = {
    "id": "nested",
    "input": "do I need a visa",
    "expected_trajectory": steps(
        call("ask_expert", question="do I need a visa"), call("look_up", topic="visa")
    ),
}


def judged(
    server: Server, client: Client, module: str, items: list[dict[str, Any]], log: Path
) -> dict[str, Result]:
    """Run items with a worker; return the results by their items."""
    name = module.replace("_", "-")
    client.datasets.create(name)
    client.datasets.add_items(name, items)
    with hosted(server, module, log):
        client.experiments.create(name, dataset=name, target="travel", scorers=SCORERS)
        run = client.runs.wait(client.runs.start(name, run_id=name), timeout=60)
    assert run.status is RunStatus.COMPLETED
    return {result.item_id: result for result in client.runs.results(run)}


def tools_of(client: Client, result: Result) -> list[tuple[str, Any, bool | None]]:
    """What tools were called, with what arguments, and whether that went well."""
    found = client.traces.trajectory(result)
    assert found.trajectory is not None, found.why_missing
    return [
        (step.name, step.args, step.success)
        for step in found.trajectory.walk()
        if step.step_type in TOOLS
    ]


def scores_of(result: Result) -> dict[str, float | None]:
    return {score.scorer: score.value for score in result.scores}


def test_an_agent_of_pydantic_ai_is_judged_by_what_it_did(
    server: Server, client: Client, tmp_path: Path
) -> None:
    items = [PARALLEL, FAILING, NESTED]
    results = judged(server, client, "pydantic_ai_worker", items, tmp_path / "worker.log")

    parallel = tools_of(client, results["parallel"])
    assert sorted(parallel, key=str) == [
        ("get_weather", {"city": "Lima"}, True),
        ("get_weather", {"city": "Oslo"}, True),
    ]
    assert tools_of(client, results["failing"]) == [
        ("book_table", {"hour": 19}, False),
        ("book_table", {"hour": 20}, True),
    ]
    assert tools_of(client, results["nested"]) == [
        ("ask_expert", {"question": "do I need a visa"}, True),
        ("look_up", {"topic": "visa"}, True),
    ]
    expected = {"exactly": 1.0, "aligned": 1.0, "recovered": 1.0, "calls": 2.0}
    assert scores_of(results["parallel"]) == {**expected, "twice": 1.0}
    assert scores_of(results["failing"]) == {**expected, "twice": 0.0}
    assert scores_of(results["nested"]) == {**expected, "twice": 0.0}


def test_an_agent_that_is_a_tool_has_its_steps_below_that_tool(client: Client) -> None:
    found = client.traces.trajectory("pydantic-ai-worker/3")
    assert found.trajectory is not None
    agents = {step.name: step.agent for step in found.trajectory.walk() if step.step_type in TOOLS}

    assert agents == {"ask_expert": "travel", "look_up": "expert"}
    assert found.trajectory.evidence.complete
    assert client.traces.get("pydantic-ai-worker/3").state.status is TraceStatus.COMPLETE


def test_a_graph_of_langgraph_is_judged_by_what_it_did(
    server: Server, client: Client, tmp_path: Path
) -> None:
    items = [PARALLEL, FAILING]
    results = judged(server, client, "langgraph_worker", items, tmp_path / "worker.log")

    parallel = tools_of(client, results["parallel"])
    assert sorted(parallel, key=str) == [
        ("get_weather", {"city": "Lima", "unit": "C"}, True),
        ("get_weather", {"city": "Oslo", "unit": "C"}, True),
    ]
    assert tools_of(client, results["failing"]) == [
        ("book_table", {"hour": 19}, False),
        ("book_table", {"hour": 20}, True),
    ]
    expected = {"exactly": 1.0, "aligned": 1.0, "recovered": 1.0, "calls": 2.0}
    assert scores_of(results["parallel"]) == {**expected, "twice": 1.0}
    assert scores_of(results["failing"]) == {**expected, "twice": 0.0}
