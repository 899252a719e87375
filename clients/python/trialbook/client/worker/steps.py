"""Steps of workflows: what they gave and how long they took, told with the result."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Any, Self, TypeVar, cast

from trialbook.client.errors import InvalidArgument
from trialbook.client.models.outcome import InvalidAnswer
from trialbook.client.models.result import StepResult
from trialbook.client.payload import MISSING
from trialbook.client.worker.scope import MAX_STEP_ERROR, Scope, current

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


class Step:
    """Times one step: `with step("search") as search: search.output = find(question)`.

    An exception is the step's error, and goes on. As a decorator, of a plain function or a
    coroutine, each call is a step and what it returns is the output.
    """

    def __init__(self, step_id: str, scope: Scope | None = None) -> None:
        self.output: object = None
        self._step_id = step_id
        self._scope = scope
        self._began = 0.0

    def __enter__(self) -> Self:
        self._began = time.perf_counter()
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        scope = self._scope or current.get()
        if scope is None:
            return
        duration = time.perf_counter() - self._began
        if exception is None:
            tell_step(scope, self._step_id, self.output, "", duration)
        else:
            tell_step(scope, self._step_id, MISSING, describe_error(exception), duration)

    def __call__(self, function: FunctionT) -> FunctionT:
        """Make each call of a function a step."""

        @functools.wraps(function)
        async def call_coroutine(*args: Any, **kwargs: Any) -> Any:
            with Step(self._step_id, self._scope) as one:
                one.output = await function(*args, **kwargs)
            return one.output

        @functools.wraps(function)
        def call_function(*args: Any, **kwargs: Any) -> Any:
            with Step(self._step_id, self._scope) as one:
                one.output = function(*args, **kwargs)
            return one.output

        is_coroutine = inspect.iscoroutinefunction(function)
        return cast("FunctionT", call_coroutine if is_coroutine else call_function)


def step(step_id: str) -> Step:
    """Return a context manager and decorator that tells a step of the task in which it runs.

    Outside of a task it does nothing, so that a workflow runs by itself as well. In threads of
    your own, where the task is not known, use `TaskContext.timed`.
    """
    return Step(step_id)


def tell_step(
    scope: Scope,
    step_id: str,
    output: object,
    error: str,
    duration: float | timedelta | None,
) -> None:
    """Add a step. `InvalidAnswer` if its output has no JSON form."""
    try:
        told = StepResult(step_id, output, error=error[:MAX_STEP_ERROR], duration=duration)
    except InvalidArgument as problem:
        raise InvalidAnswer(problem.message) from problem
    scope.add_step(told)


def describe_error(error: BaseException) -> str:
    """Return what is kept of a step's exception; never an empty text."""
    kind = type(error).__name__
    return f"{kind}: {error}" if str(error) else kind
