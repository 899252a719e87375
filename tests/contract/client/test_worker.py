"""What workers host beside plain targets and scorers, with a real server."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.client.conftest import GRACE, wait_until
from trialbook.client import (
    Client,
    Item,
    RunResults,
    RunStatus,
    Scorer,
    Target,
    TargetKind,
    TaskContext,
    ToolMock,
    UnmockedToolPolicy,
    Worker,
    step,
)

StartWorker = Callable[[Worker], None]


@pytest.fixture
def name() -> str:
    return f"n-{uuid.uuid4().hex[:12]}"


def hosting(client: Client, name: str) -> Worker:
    """Host a workflow at two revisions, a scorer, and two scorers of runs."""
    worker = Worker(client.address, worker_id=name)

    @step("search")
    def search(question: str, task: TaskContext) -> list[str]:
        if task.tool_mocks.answers("search"):
            found: list[str] = task.tool_mocks.answer("search", {"q": question})
            return found
        return []

    @worker.target(name, kind="workflow", revision="1")
    def flow(question: str, task: TaskContext, context: dict[str, Any]) -> dict[str, Any]:
        found = search(question, task)
        task.use(input_tokens=len(question), output_tokens=1, cost=0.25)
        return {"found": found, "options": task.options, "context": context, "seed": task.seed}

    @worker.target(name, kind="workflow", revision="2")
    async def newer(question: str) -> dict[str, Any]:
        return {"found": [question]}

    @worker.scorer(f"{name}-count")
    def count(output: list[str], expected: int) -> float:
        return float(len(output) == expected)

    @worker.run_scorer(f"{name}-whole")
    def whole(results: RunResults, params: dict[str, int]) -> float:
        assert len(list(results)) == len(list(results))
        return float(params["k"] * sum(result.input == "b" for result in results))

    @worker.run_scorer(f"{name}-async")
    async def whole_async(results: RunResults) -> float:
        return float(sum([len(result.scores) async for result in results]))

    return worker


def prepare(client: Client, name: str) -> None:
    wait_until(lambda: any(one.id == f"{name}-whole" for one in client.scorers.list()))
    client.datasets.create(name)
    mock = ToolMock("search", ["x", "y"], arguments={"q": "a"})
    client.datasets.add_items(
        name,
        [
            Item("a", 2, id="a", tool_mocks=(mock,), start_options={"k": 2}, context={"u": 2}),
            Item("b", 0, id="b", unmocked_tools=UnmockedToolPolicy.DENY),
        ],
    )


def test_a_workflow_with_steps_mocks_usage_and_scorers_of_all_scopes(
    shared_client: Client, start_worker: StartWorker, name: str
) -> None:
    client = shared_client
    start_worker(hosting(client, name))
    prepare(client, name)
    client.experiments.create(
        name,
        dataset=name,
        target=Target(name, "1", TargetKind.WORKFLOW),
        target_options={"k": 1, "m": 1},
        scorers=[
            Scorer(f"{name}-count", alias="step", step_id="search"),
            Scorer(f"{name}-count", alias="part", output_pointer="/found"),
            Scorer(f"{name}-whole", alias="whole", scope="run", k=3),
            Scorer(f"{name}-async", alias="async", scope="run"),
        ],
    )

    run = client.runs.wait(client.runs.start(name), timeout=GRACE)

    first, second = client.runs.results(run)
    assert (first.output["found"], first.output["context"]) == (["x", "y"], {"u": 2})
    assert first.output["options"] == {"k": 2, "m": 1}
    assert [one.output for one in first.steps] == [["x", "y"]]
    assert first.usage is not None
    assert (first.usage.input_tokens, first.usage.cost) == (1, 0.25)
    assert second.error is not None
    assert second.error.kind == "ToolNotMocked"
    assert second.steps[0].error.startswith("ToolNotMocked")
    assert {one.scorer: one.mean for one in run.scores} == {
        "step": 1.0,
        "part": 1.0,
        "whole": 3.0,
        "async": 4.0,
    }


def test_revisions_are_hosted_side_by_side(
    shared_client: Client, start_worker: StartWorker, name: str
) -> None:
    client = shared_client
    start_worker(hosting(client, name))
    prepare(client, name)
    client.experiments.create(name, dataset=name, target=Target(name, "", TargetKind.WORKFLOW))

    newest = client.runs.wait(client.runs.start(name), timeout=GRACE)
    older = client.runs.wait(client.runs.start(name, target_revision="1"), timeout=GRACE)

    assert [run.target.revision for run in (newest, older)] == ["2", "1"]
    assert [next(iter(client.runs.results(run))).output["found"] for run in (newest, older)] == [
        ["a"],
        ["x", "y"],
    ]


def test_a_hosted_scorer_is_evaluated_itself(
    shared_client: Client, start_worker: StartWorker, name: str
) -> None:
    client = shared_client
    start_worker(hosting(client, name))
    wait_until(lambda: any(one.id == f"{name}-count" for one in client.scorers.list()))
    client.datasets.create(name)
    cases = [({"output": ["x"], "expected": 1}, 1.0), ({"output": [], "expected": 1}, 1.0)]
    client.datasets.add_items(name, [Item(given, said) for given, said in cases])
    client.experiments.create(
        name,
        dataset=name,
        target=Target(f"{name}-count", kind=TargetKind.SCORER),
        scorers=[Scorer("numeric_match", output_pointer="/value")],
    )

    run = client.runs.wait(client.runs.start(name), timeout=GRACE)

    assert (run.status, run.scores[0].mean) == (RunStatus.COMPLETED, 0.5)
