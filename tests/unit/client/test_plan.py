from __future__ import annotations

import functools
from typing import Any

import pytest

from trialbook.client import NotEvaluable, TaskContext
from trialbook.client.worker.plan import (
    InvalidFunction,
    Mode,
    mode_of,
    scorer_call,
    target_call,
)
from trialbook.v1.worker_pb2 import Task


def target_task(context: str | None = '{"user": 7}') -> Task:
    task = Task(task_id="t1", run="projects/p/runs/r", attempt=2, traceparent="00-a-b-01")
    task.target.item_id, task.target.trial = "i1", 3
    task.target.input.json = '{"question": 1}'
    if context is not None:
        task.target.context.json = context
    return task


def scorer_task(expected: str | None = "null") -> Task:
    task = Task(task_id="t2")
    work = task.scorer
    work.input.json, work.output.json, work.params.json = "1", "2", '{"k": 3}'
    if expected is not None:
        work.expected.json = expected
    return task


def test_a_target_gets_the_input_first_whatever_it_calls_it() -> None:
    assert target_call(lambda anything: anything)(target_task()) == {"question": 1}


def test_a_target_gets_context_and_task_where_it_declares_them() -> None:
    def target(question: Any, *, task: TaskContext, context: dict[str, Any]) -> Any:
        return task, context

    task, context = target_call(target)(target_task())

    assert context == {"user": 7}
    assert task == TaskContext(
        "t1", 2, 3, "i1", "projects/p/runs/r", "00-a-b-01", context={"user": 7}
    )


def test_an_absent_context_is_an_empty_dict() -> None:
    def target(question: Any, context: dict[str, Any]) -> Any:
        return context

    assert target_call(target)(target_task(context=None)) == {}


def test_parameters_with_defaults_are_left_alone() -> None:
    def target(question: Any, temperature: float = 0.5) -> float:
        return temperature

    assert target_call(target)(target_task()) == 0.5


def test_a_target_that_takes_no_input_is_refused_when_it_is_registered() -> None:
    with pytest.raises(InvalidFunction, match="must take the input"):
        target_call(lambda: 1)


def test_a_target_that_asks_for_what_nobody_gives_is_refused() -> None:
    def target(question: Any, tools: Any) -> None: ...

    with pytest.raises(InvalidFunction, match="asks for tools"):
        target_call(target)


def test_a_scorer_gets_what_it_declares() -> None:
    def scorer(
        output: int,
        params: dict[str, int],
        input: int,  # noqa: A002 - the word of the SDK
        expected: object,
    ) -> object:
        return (input, output, expected, params)

    assert scorer_call(scorer, needs_expected=False)(scorer_task()) == (1, 2, None, {"k": 3})


def test_a_scorer_that_takes_any_keywords_gets_everything() -> None:
    def scorer(**given: object) -> object:
        return given

    given = scorer_call(scorer, needs_expected=False)(scorer_task())

    assert given.keys() == {
        "input",
        "output",
        "expected",
        "context",
        "metadata",
        "params",
        "task",
    }


def test_a_scorer_that_asks_for_what_nobody_gives_is_refused() -> None:
    with pytest.raises(InvalidFunction, match="asks for answer"):
        scorer_call(lambda answer: 1, needs_expected=False)


def test_a_scorer_that_needs_an_expected_value_is_not_asked_without_one() -> None:
    call = scorer_call(lambda output: 1, needs_expected=True)

    assert isinstance(call(scorer_task(expected=None)), NotEvaluable)
    assert call(scorer_task(expected="null")) == 1


async def coroutine(value: Any) -> Any:
    return value


class Callable:
    async def __call__(self, value: Any) -> Any:
        return value


def test_coroutines_are_told_from_plain_functions() -> None:
    assert mode_of(coroutine, inline=False) is Mode.COROUTINE
    assert mode_of(functools.partial(coroutine), inline=True) is Mode.COROUTINE
    assert mode_of(Callable(), inline=False) is Mode.COROUTINE
    assert mode_of(len, inline=False) is Mode.THREAD
    assert mode_of(len, inline=True) is Mode.INLINE
