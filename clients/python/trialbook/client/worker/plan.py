"""How a task becomes a call: found out once, when a function is registered."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, TypeAlias

from trialbook.client.payload import decode
from trialbook.client.worker.outcome import NotEvaluable
from trialbook.v1.payload_pb2 import Payload
from trialbook.v1.worker_pb2 import ScorerTask, Task

Function: TypeAlias = Callable[..., Any]
Call: TypeAlias = Callable[[Task], Any]
"""Calls a registered function with what it wants of a task; returns what the function returns."""

SCORER_PARAMETERS: Final = (
    "input",
    "output",
    "expected",
    "context",
    "metadata",
    "params",
    "task",
)


class Mode(Enum):
    """Where a function runs."""

    COROUTINE = "coroutine"
    THREAD = "thread"
    INLINE = "inline"


@dataclass(frozen=True, slots=True)
class TaskContext:
    """What a function may know of its task, if it declares a parameter `task`."""

    task_id: str
    """The same for every attempt at the same work: an idempotency key."""
    attempt: int
    """From 1."""
    trial: int
    """From 1."""
    item_id: str
    run: str
    """The run's full name."""
    traceparent: str
    """The W3C traceparent under which the attempt runs."""


class InvalidFunction(TypeError):
    """A function cannot be hosted as it is declared."""


def mode_of(function: Function, *, inline: bool) -> Mode:
    """Return where a function runs: coroutines on the loop, plain functions in threads."""
    bare = inspect.unwrap(function)
    while isinstance(bare, functools.partial):
        bare = bare.func
    called = getattr(bare, "__call__", None)  # noqa: B004 - an instance may have a coroutine there
    if inspect.iscoroutinefunction(bare) or inspect.iscoroutinefunction(called):
        return Mode.COROUTINE
    return Mode.INLINE if inline else Mode.THREAD


def target_call(function: Function) -> Call:
    """Bind a target: the input comes first, `context` and `task` by name where declared."""
    parameters = _parameters(function)
    positional = [p for p in parameters if p.kind in _POSITIONAL]
    if not positional and not any(p.kind is p.VAR_POSITIONAL for p in parameters):
        raise InvalidFunction(f"{_name(function)} must take the input as its first parameter")
    others = positional[1:] + [p for p in parameters if p.kind is p.KEYWORD_ONLY]
    _refuse_unknown(function, others, ("context", "task"))
    wanted = {p.name: _TARGET_GETTERS[p.name] for p in others if p.name in _TARGET_GETTERS}
    if not wanted:
        return lambda task: function(decode(task.target.input.json))
    return lambda task: function(
        decode(task.target.input.json), **{name: get(task) for name, get in wanted.items()}
    )


def scorer_call(function: Function, *, needs_expected: bool) -> Call:
    """Bind a scorer: it gets by name what it declares."""
    parameters = _parameters(function)
    named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    if any(p.kind is p.POSITIONAL_ONLY for p in parameters):
        raise InvalidFunction(f"{_name(function)} must take its parameters by name")
    _refuse_unknown(function, named, SCORER_PARAMETERS)
    everything = any(p.kind is p.VAR_KEYWORD for p in parameters)
    names = SCORER_PARAMETERS if everything else [p.name for p in named]
    wanted = {name: _SCORER_GETTERS[name] for name in names if name in _SCORER_GETTERS}

    def call(task: Task) -> object:
        return function(**{name: get(task) for name, get in wanted.items()})

    def call_if_expected(task: Task) -> object:
        if not task.scorer.HasField("expected"):
            return NotEvaluable("The item has no expected value.")
        return call(task)

    return call_if_expected if needs_expected else call


def describe(task: Task) -> TaskContext:
    """Return what a function may know of its task."""
    work = task.target if task.HasField("target") else task.scorer
    return TaskContext(
        task_id=task.task_id,
        attempt=task.attempt,
        trial=work.trial,
        item_id=work.item_id,
        run=task.run,
        traceparent=task.traceparent,
    )


_POSITIONAL: Final = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
)


def _optional(payload: Payload) -> Any:
    return decode(payload.json) if payload.json else None


def _object(payload: Payload) -> Any:
    return decode(payload.json) if payload.json else {}


def _of_scorer(read: Callable[[ScorerTask], Any]) -> Call:
    return lambda task: read(task.scorer)


_TARGET_GETTERS: Final[Mapping[str, Call]] = {
    "context": lambda task: _object(task.target.context),
    "task": describe,
}

_SCORER_GETTERS: Final[Mapping[str, Call]] = {
    "input": _of_scorer(lambda work: _optional(work.input)),
    "output": _of_scorer(lambda work: _optional(work.output)),
    "expected": _of_scorer(lambda work: _optional(work.expected)),
    "context": _of_scorer(lambda work: _object(work.context)),
    "metadata": _of_scorer(lambda work: _object(work.metadata)),
    "params": _of_scorer(lambda work: _object(work.params)),
    "task": describe,
}


def _parameters(function: Function) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(function).parameters.values())
    except ValueError:
        # Some built-in functions do not tell; they take what they are given.
        return [inspect.Parameter("input", inspect.Parameter.POSITIONAL_ONLY)]


def _refuse_unknown(
    function: Function, parameters: list[inspect.Parameter], known: tuple[str, ...]
) -> None:
    unknown = [p.name for p in parameters if p.default is p.empty and p.name not in known]
    if unknown:
        raise InvalidFunction(
            f"{_name(function)} asks for {', '.join(unknown)}, which nobody gives it; "
            f"it may ask for {', '.join(known)}"
        )


def _name(function: Function) -> str:
    return getattr(function, "__qualname__", repr(function))
