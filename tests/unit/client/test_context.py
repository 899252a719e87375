from __future__ import annotations

import asyncio
from typing import Any

import pytest

from trialbook.client import FinalError, TaskContext, ToolMockMismatch, step
from trialbook.client.models.outcome import InvalidAnswer
from trialbook.client.worker.context import describe
from trialbook.client.worker.scope import Scope, current
from trialbook.v1.run_pb2 import Usage
from trialbook.v1.worker_pb2 import Task, TaskReport


def context() -> TaskContext:
    return TaskContext("t", 1, 1, "i", "projects/p/runs/r", "")


def told(task: TaskContext) -> TaskReport:
    report = TaskReport()
    task._scope.fill(report)
    return report


def test_a_target_knows_options_context_seed_and_mocks() -> None:
    message = Task(task_id="t")
    work = message.target
    work.options.json, work.context.json, work.seed = '{"k": 1}', '{"user": 7}', 2**62
    mock = work.tool_mocks.add(tool="search")
    mock.arguments.json, mock.output.json = '"a"', "[1]"

    task = describe(message)

    assert (task.options, task.context, task.seed) == ({"k": 1}, {"user": 7}, 2**62)
    with pytest.raises(ToolMockMismatch):
        task.tool_mocks.answer("search", "b")
    assert task.tool_mocks.answer("search", "a") == [1]


def test_a_scorer_knows_its_step() -> None:
    message = Task(task_id="t")
    message.scorer.step_id = "search"

    assert describe(message).step_id == "search"


def test_usage_adds_up() -> None:
    task = context()
    task.use(input_tokens=2, cost=0.25)
    task.use(output_tokens=3, cost=0.5)

    assert told(task).usage == Usage(input_tokens=2, output_tokens=3, cost=0.75)


@pytest.mark.parametrize("bad", [{"cost": -1.0}, {"input_tokens": -1}, {"cost": float("nan")}])
def test_usage_that_cannot_be_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="negative"):
        context().use(**bad)


def test_nothing_is_told_that_was_not_told() -> None:
    assert told(context()) == TaskReport()


def test_steps_are_told_in_their_order() -> None:
    task = context()
    task.step("plan", output={"a": 1}, duration=1.5)
    task.step("search", error="it broke")
    task.step("search", output=[])
    task.step("end")

    steps = told(task).steps
    assert [(one.step_id, one.output.json, one.error) for one in steps] == [
        ("plan", '{"a":1}', ""),
        ("search", "", "it broke"),
        ("search#2", "[]", ""),
        ("end", "null", ""),
    ]
    assert steps[0].duration.ToMilliseconds() == 1500
    assert not steps[1].HasField("duration")


def test_a_step_whose_output_has_no_json_form_fails_for_good() -> None:
    with pytest.raises(InvalidAnswer, match="step a"):
        context().step("a", output=object())


@pytest.mark.parametrize("step_id", ["", "x" * 201])
def test_an_id_that_cannot_be_kept_is_refused(step_id: str) -> None:
    with pytest.raises(ValueError, match="200"):
        context().step(step_id)


def test_no_more_than_a_thousand_steps_are_kept() -> None:
    task = context()
    for number in range(1_005):
        task.step(str(number))

    assert [one.step_id for one in told(task).steps] == [str(number) for number in range(1_000)]


def test_a_timed_step_tells_its_output_or_its_error() -> None:
    task = context()
    with task.timed("good") as good:
        good.output = 1
    with pytest.raises(FinalError), task.timed("bad"):
        raise FinalError("no")

    assert [(one.step_id, one.output.json, one.error) for one in told(task).steps] == [
        ("good", "1", ""),
        ("bad", "", "FinalError: no"),
    ]


async def test_decorated_functions_are_steps_of_the_task_in_which_they_run() -> None:
    @step("search")
    async def search(question: str) -> str:
        await asyncio.sleep(0)
        return question.upper()

    @step("count")
    def count(text: str) -> int:
        return len(text)

    assert count(await search("outside")) == 7

    async def run(question: str) -> list[tuple[str, str]]:
        scope = Scope()
        current.set(scope)
        count(await search(question))
        report = TaskReport()
        scope.fill(report)
        return [(one.step_id, one.output.json) for one in report.steps]

    one, other = await asyncio.gather(run("a"), run("bb"))

    assert one == [("search", '"A"'), ("count", "1")]
    assert other == [("search", '"BB"'), ("count", "2")]
