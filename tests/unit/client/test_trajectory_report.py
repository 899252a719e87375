"""Trajectories that workers and callers report, and scorers that judge them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.client.fake_service import FakeServer, FakeService, wait_until
from tests.unit.client.test_worker import echo_worker, working
from trialbook.client import (
    InvalidArgument,
    StepType,
    SubmittedResult,
    TaskContext,
    TraceReport,
    Trajectory,
    TrajectorySource,
    Worker,
)
from trialbook.client.models.trajectory_json import read_trajectory
from trialbook.client.payload import decode, encode
from trialbook.v1 import run_pb2, score_pb2, trace_pb2, worker_pb2
from trialbook.v1.experiment_pb2 import SCORER_SCOPE_TRAJECTORY, TARGET_KIND_SCORER

MESSAGES = [{"role": "user", "content": "hi"}]
WRITTEN: dict[str, Any] = {
    "steps": [
        {
            "step_type": "agent_run",
            "name": "support",
            "start": 1_700_000_000_000_000_000,
            "duration": 2_500_000,
            "children": [
                {"step_type": "model_generation", "name": "chat", "tokens": {"input": 7}},
                {
                    "step_type": "tool_call",
                    "name": "search",
                    "args": {"q": "refund"},
                    "output": None,
                    "success": False,
                    "error": "busy",
                    "parallel_group": 1,
                    "spans": [{"trace_id": "a" * 32, "span_id": "b" * 16}],
                },
            ],
        },
        {"step_type": "of a newer server", "name": "later", "unknown": 1},
    ],
    "source": "reported",
    "evidence": {"complete": False, "notes": ["spans are missing"]},
    "duration": 3_000_000,
}


def test_a_target_tells_its_trajectory(fake: FakeService, server: FakeServer) -> None:
    def tell(value: Any, task: TaskContext) -> Any:
        task.report_trajectory([{"role": "user", "content": "first"}])
        task.report_trajectory(MESSAGES)
        return value

    fake.add_target_tasks(1)
    with working(echo_worker(server, tell)):
        wait_until(lambda: "t0" in fake.recorded)

    assert decode(fake.recorded["t0"].trajectory.json) == MESSAGES


@pytest.mark.parametrize("trajectory", [{"steps": object()}, ["x" * (1 << 20)]])
def test_a_trajectory_that_cannot_be_kept_fails_its_attempt_for_good(
    fake: FakeService, server: FakeServer, trajectory: object
) -> None:
    fake.add_target_tasks(1)
    worker = echo_worker(server, lambda value, task: task.report_trajectory(trajectory))
    with working(worker):
        wait_until(lambda: "t0" in fake.recorded)

    error = fake.recorded["t0"].error
    assert error.code == run_pb2.TASK_ERROR_CODE_INVALID
    assert error.message.startswith("The trajectory ")


def test_a_submitted_result_tells_its_trajectory_and_what_is_known_of_its_trace() -> None:
    result = SubmittedResult(
        "i1", 1, trace_id="a" * 32, trace=TraceReport(5), trajectory={"messages": MESSAGES}
    )
    message = result.to_message()

    assert decode(message.trajectory.json) == {"messages": MESSAGES}
    assert (message.trace_id, message.trace.span_count) == ("a" * 32, 5)
    with pytest.raises(InvalidArgument, match=r"results\[2\]\.trajectory"):
        SubmittedResult("i1", 1, trajectory=object()).to_message("results[2]")


def test_a_trajectory_is_read_as_a_tree() -> None:
    read = read_trajectory(encode(WRITTEN))

    assert [(step.place, step.parent, step.name) for step in read.walk()] == [
        (1, 0, "support"),
        (2, 1, "chat"),
        (3, 1, "search"),
        (4, 0, "later"),
    ]
    agent, chat, search, later = read.walk()
    assert agent.start_time == datetime.fromtimestamp(1_700_000_000, UTC)
    assert (agent.duration, read.duration) == (2.5, 3.0)
    assert (chat.input_tokens, chat.output_tokens, chat.args_json) == (7, None, None)
    assert (search.args, search.output_json, search.success) == ({"q": "refund"}, "null", False)
    assert (search.spans[0].span_id, search.parallel_group) == ("b" * 16, 1)
    assert later.step_type is StepType.UNSPECIFIED
    assert (read.source, read.evidence.complete) == (TrajectorySource.REPORTED, False)


def test_steps_of_a_message_stand_below_their_parents() -> None:
    steps = [
        trace_pb2.TrajectoryStep(name=name, parent=parent)
        for name, parent in (("a", 0), ("b", 1), ("c", 2), ("d", 0))
    ]
    read = Trajectory.from_message(trace_pb2.Trajectory(steps=steps))

    assert [(step.place, step.name, step.parent) for step in read.walk()] == [
        (1, "a", 0),
        (2, "b", 1),
        (3, "c", 2),
        (4, "d", 0),
    ]
    assert [len(step.children) for step in read.steps] == [1, 0]


def judge(fake: FakeService, worker: Worker, **payloads: str) -> worker_pb2.TaskReport:
    task = worker_pb2.Task(task_id="t0")
    task.scorer.scorer, task.scorer.scope = "tools", SCORER_SCOPE_TRAJECTORY
    for name, text in payloads.items():
        getattr(task.scorer, name).json = text
    fake.add_task(task)
    with working(worker):
        wait_until(lambda: "t0" in fake.recorded)
    return fake.recorded["t0"]


@pytest.fixture
def worker(server: FakeServer) -> Worker:
    hosting = Worker(server.address)

    @hosting.scorer("tools", scope="trajectory", needs_expected=True)
    async def tools(trajectory: Trajectory, expected_trajectory: list[str]) -> bool:
        called = [s.name for s in trajectory.walk() if s.step_type is StepType.TOOL_CALL]
        return called == expected_trajectory

    return hosting


def test_a_scorer_judges_trajectories(fake: FakeService, worker: Worker) -> None:
    report = judge(
        fake, worker, trajectory=encode(WRITTEN), expected_trajectory='["search"]', output="1"
    )

    assert (report.score.value, report.score.passed) == (1.0, True)
    (request,) = fake.requests["RegisterWorker"]
    (scorer,) = (c.scorer for c in request.capabilities if c.HasField("scorer"))
    assert scorer.scope == SCORER_SCOPE_TRAJECTORY


@pytest.mark.parametrize(
    ("payloads", "reason"),
    [
        ({"expected_trajectory": "[]"}, "Nothing tells what the target did."),
        ({"trajectory": '{"steps":[]}'}, "The item does not say what the target should have done."),
    ],
)
def test_what_nothing_tells_of_is_not_evaluable(
    fake: FakeService, worker: Worker, payloads: dict[str, str], reason: str
) -> None:
    score = judge(fake, worker, **payloads).score

    assert score.status == score_pb2.SCORE_STATUS_NOT_EVALUABLE
    assert score.reason == reason


def test_a_scorer_of_trajectories_is_a_target_too(fake: FakeService, worker: Worker) -> None:
    fake.add_target_tasks(1, "tools")
    work = fake.queue[0].target
    work.target.kind = TARGET_KIND_SCORER
    work.input.json = encode({"trajectory": WRITTEN, "expected_trajectory": ["search"]})
    with working(worker):
        wait_until(lambda: "t0" in fake.recorded)

    assert decode(fake.recorded["t0"].output.json)["value"] == 1.0


def test_a_scorer_has_no_other_scope(server: FakeServer) -> None:
    with pytest.raises(ValueError, match="run_scorer"):
        Worker(server.address).scorer("all", scope="run")(lambda output: 1)
