"""How a task becomes a call: found out once, when a function is registered."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final, TypeAlias

from trialbook.client.models.outcome import NotEvaluable
from trialbook.client.models.trajectory_json import read_trajectory
from trialbook.client.payload import decode
from trialbook.client.worker.context import describe, read_object
from trialbook.client.worker.run_results import RunResults
from trialbook.client.worker.scope import current
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
TRAJECTORY_SCORER_PARAMETERS: Final = (
    "trajectory",
    "expected_trajectory",
    *SCORER_PARAMETERS,
)
RUN_SCORER_PARAMETERS: Final = ("results", "params", "task")


class Mode(Enum):
    """Where a function runs."""

    COROUTINE = "coroutine"
    THREAD = "thread"
    INLINE = "inline"


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
    call = _by_name(function, SCORER_PARAMETERS, _SCORER_GETTERS)

    def call_if_expected(task: Task) -> object:
        if not task.scorer.HasField("expected"):
            return NotEvaluable("The item has no expected value.")
        return call(task)

    return call_if_expected if needs_expected else call


def trajectory_scorer_call(function: Function, *, needs_expected: bool) -> Call:
    """Bind a scorer of trajectories, likewise; without a trajectory it is not asked."""
    call = _by_name(function, TRAJECTORY_SCORER_PARAMETERS, _TRAJECTORY_SCORER_GETTERS)

    def call_if_told(task: Task) -> object:
        work = task.scorer
        if not work.HasField("trajectory"):
            return NotEvaluable("Nothing tells what the target did.")
        if needs_expected and not work.HasField("expected_trajectory"):
            return NotEvaluable("The item does not say what the target should have done.")
        return call(task)

    return call_if_told


def run_scorer_call(function: Function) -> Call:
    """Bind a scorer of runs, likewise."""
    return _by_name(function, RUN_SCORER_PARAMETERS, _RUN_SCORER_GETTERS)


def _by_name(function: Function, known: tuple[str, ...], getters: Mapping[str, Call]) -> Call:
    parameters = _parameters(function)
    named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    if any(p.kind is p.POSITIONAL_ONLY for p in parameters):
        raise InvalidFunction(f"{_name(function)} must take its parameters by name")
    _refuse_unknown(function, named, known)
    everything = any(p.kind is p.VAR_KEYWORD for p in parameters)
    names = known if everything else [p.name for p in named]
    wanted = {name: getters[name] for name in names if name in getters}
    return lambda task: function(**{name: get(task) for name, get in wanted.items()})


def _results(task: Task) -> RunResults:
    scope = current.get()
    if scope is None or scope.reader is None:
        raise RuntimeError("results can only be read while a worker serves")
    return RunResults(task.run, scope.reader)


_POSITIONAL: Final = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
)


def _optional(payload: Payload) -> Any:
    return decode(payload.json) if payload.json else None


def _of_scorer(read: Callable[[ScorerTask], Any]) -> Call:
    return lambda task: read(task.scorer)


_TARGET_GETTERS: Final[Mapping[str, Call]] = {
    "context": lambda task: read_object(task.target.context),
    "task": describe,
}

_SCORER_GETTERS: Final[Mapping[str, Call]] = {
    "input": _of_scorer(lambda work: _optional(work.input)),
    "output": _of_scorer(lambda work: _optional(work.output)),
    "expected": _of_scorer(lambda work: _optional(work.expected)),
    "context": _of_scorer(lambda work: read_object(work.context)),
    "metadata": _of_scorer(lambda work: read_object(work.metadata)),
    "params": _of_scorer(lambda work: read_object(work.params)),
    "task": describe,
}

_TRAJECTORY_SCORER_GETTERS: Final[Mapping[str, Call]] = {
    "trajectory": _of_scorer(lambda work: read_trajectory(work.trajectory.json)),
    "expected_trajectory": _of_scorer(lambda work: _optional(work.expected_trajectory)),
    **_SCORER_GETTERS,
}

_RUN_SCORER_GETTERS: Final[Mapping[str, Call]] = {
    "results": _results,
    "params": _of_scorer(lambda work: read_object(work.params)),
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
