"""Workers that trace, with a real server: what an agent did is judged, and shown, as it was."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.contract.client.conftest import ServerProcess, wait_until
from trialbook.client import (
    Client,
    Result,
    Run,
    RunStatus,
    Scorer,
    StepType,
    Target,
    TaskContext,
    TraceStatus,
    Trajectory,
    TrajectorySource,
    Worker,
    evaluate,
)

TOOLS = Scorer("trajectory_match", mode="exact", alias="tools")
COUNT = Scorer("count_calls", scope="trajectory")
EXPECTED = {"steps": [{"name": "search", "args": {"q": "refund"}}, {"name": "answer"}]}
MESSAGES = [
    {"role": "user", "content": "a refund, please"},
    {
        "role": "assistant",
        "tool_calls": [
            {"id": "1", "function": {"name": "search", "arguments": '{"q": "refund"}'}},
            {"id": "2", "function": {"name": "answer", "arguments": "{}"}},
        ],
    },
]


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """What the user's own exporter gets."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    return exporter


def tool(name: str, arguments: str) -> None:
    attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": name,
        "gen_ai.tool.call.arguments": arguments,
    }
    tracer = trace.get_tracer("agent")
    with tracer.start_as_current_span(f"execute_tool {name}", attributes=attributes):
        pass


def traced_agent(question: str) -> str:
    tool("search", '{"q": "refund"}')
    tool("answer", "{}")
    return "done"


def telling_agent(question: str, task: TaskContext) -> str:
    task.report_trajectory(MESSAGES)
    return "done"


@pytest.fixture
def run_with(shared_client: Client, start_worker: Callable[[Worker], None]) -> Callable[..., Run]:
    """Runs an agent on as many items; it and a scorer of trajectories are hosted meanwhile."""

    def run(name: str, agent: Callable[..., Any], count: int, **options: Any) -> Run:
        worker = Worker(shared_client.address, revision=name, **options)
        worker.target("agent")(agent)

        @worker.scorer("count_calls", scope="trajectory")
        def count_calls(trajectory: Trajectory) -> float:
            return sum(step.step_type is StepType.TOOL_CALL for step in trajectory.walk())

        start_worker(worker)
        shared_client.datasets.create(name)
        items = [{"input": f"question {n}", "expected_trajectory": EXPECTED} for n in range(count)]
        shared_client.datasets.add_items(name, items)
        wait_until(lambda: "count_calls" in {s.id for s in shared_client.scorers.list()})
        shared_client.experiments.create(
            name, dataset=name, target=Target("agent", name), scorers=[TOOLS, COUNT]
        )
        started = shared_client.runs.start(name, run_id=name, wait_for_worker=True)
        return shared_client.runs.wait(started, timeout=60)

    return run


def scores(result: Result) -> dict[str, float | None]:
    return {score.scorer: score.value for score in result.scores}


def test_a_traced_agent_is_judged_by_its_spans(
    shared_client: Client, run_with: Callable[..., Run], exported: InMemorySpanExporter
) -> None:
    run = run_with("traced", traced_agent, 20)

    assert run.status is RunStatus.COMPLETED
    results = list(shared_client.runs.results(run))
    assert [scores(result) for result in results] == [{"tools": 1.0, "count_calls": 2.0}] * 20
    known = shared_client.runs.result(run, 7).trace
    assert known is not None
    assert (known.status, known.received_spans, known.expected_spans) == (
        TraceStatus.COMPLETE,
        3,
        3,
    )
    found = shared_client.traces.trajectory(results[6])
    assert found.trajectory is not None
    assert [(step.name, step.args) for step in found.trajectory.walk()] == [
        ("search", {"q": "refund"}),
        ("answer", {}),
    ]


def test_an_agent_that_does_not_trace_tells_what_it_did(
    shared_client: Client, run_with: Callable[..., Run]
) -> None:
    run = run_with("telling", telling_agent, 2, traces=False)

    results = list(shared_client.runs.results(run))
    assert [scores(result) for result in results] == [{"tools": 1.0, "count_calls": 2.0}] * 2
    found = shared_client.traces.trajectory(results[0])
    assert found.trajectory is not None
    assert found.trajectory.source is TrajectorySource.MESSAGES


def test_one_trace_runs_from_the_caller_through_the_worker(
    shared_client: Client, run_with: Callable[..., Run], exported: InMemorySpanExporter
) -> None:
    with trace.get_tracer("caller").start_as_current_span("caller") as span:
        run_with("one-trace", traced_agent, 2)

    own = span.get_span_context().trace_id
    found = [
        s.name for s in exported.get_finished_spans() if s.context and s.context.trace_id == own
    ]
    assert sorted(found) == [
        "caller",
        "execute agent",
        "execute agent",
        "score count_calls",
        "score count_calls",
    ]
    # Their traces stay apart: each attempt's is its own.
    states = [shared_client.runs.result("one-trace", number).trace for number in (1, 2)]
    assert [state and state.received_spans for state in states] == [3, 3]


def test_an_evaluation_is_traced_too(shared_client: Client, exported: InMemorySpanExporter) -> None:
    cases = [{"input": "a refund", "expected_trajectory": EXPECTED}]
    scorers = [TOOLS]
    address = shared_client.address
    summary = evaluate(traced_agent, cases, scorers, address=address, progress=False)
    untraced = evaluate(traced_agent, cases, scorers, address=address, traces=False, progress=False)

    assert [scores(result) for result in summary.results] == [{"tools": 1.0}]
    assert [scores(result) for result in untraced.results] == [{"tools": None}]


def test_spans_are_not_lost_with_the_server_that_goes_away(
    server: ServerProcess,
    client: Client,
    start_worker: Callable[[Worker], None],
    exported: InMemorySpanExporter,
) -> None:
    began = threading.Semaphore(0)
    resume = threading.Event()
    worker = Worker(server.address, max_concurrent_tasks=5)

    @worker.target("agent")
    def agent(question: str) -> str:
        began.release()
        resume.wait(30)
        return traced_agent(question)

    client.datasets.create("d")
    client.datasets.add_items(
        "d", [{"input": n, "expected_trajectory": EXPECTED} for n in range(9)]
    )
    client.experiments.create("e", dataset="d", target="agent", scorers=[TOOLS])
    run = client.runs.start("e", wait_for_worker=True)
    start_worker(worker)
    assert all(began.acquire(timeout=30) for _ in range(5))
    server.end(signal.SIGKILL)
    resume.set()
    wait_until(lambda: len(exported.get_finished_spans()) >= 15)
    server.start()

    ended = client.runs.wait(run, timeout=60)
    results = list(client.runs.results(ended))
    assert [scores(result) for result in results] == [{"tools": 1.0}] * 9
    states = [client.runs.result(ended, result.number).trace for result in results]
    assert {state and state.status for state in states} == {TraceStatus.COMPLETE}
