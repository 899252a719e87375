"""What a function may know of its task, and tell of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from trialbook.client.models.outcome import trajectory_json
from trialbook.client.models.tool_mock import UNMOCKED_TOOL_POLICIES, ToolMock
from trialbook.client.payload import MISSING, decode
from trialbook.client.worker.scope import Scope, current
from trialbook.client.worker.steps import Step, tell_step
from trialbook.client.worker.tool_mocks import ToolMocks
from trialbook.v1.payload_pb2 import Payload
from trialbook.v1.worker_pb2 import Task


@dataclass(frozen=True, slots=True)
class TaskContext:
    """What a function may know of its task, if it declares a parameter `task`."""

    task_id: str
    """The same for every attempt at the same work: an idempotency key."""
    attempt: int
    """From 1."""
    trial: int
    """From 1; 0 for a scorer of a run as a whole."""
    item_id: str
    run: str
    """The run's full name."""
    traceparent: str
    """The W3C traceparent under which the attempt runs."""
    options: dict[str, Any] = field(default_factory=dict)
    """The target's options: the run's, with the item's start options laid over them."""
    context: dict[str, Any] = field(default_factory=dict)
    """The request context: the run's, with the item's laid over it."""
    seed: int = 0
    """What a target may draw from: the same for every attempt at the same item and trial."""
    step_id: str = ""
    """The step that a scorer judges; empty if it judges the whole result."""
    tool_mocks: ToolMocks = field(default_factory=ToolMocks, compare=False, repr=False)
    """What tools are to answer instead of being called."""
    _scope: Scope = field(default_factory=Scope, compare=False, repr=False)

    def use(self, *, input_tokens: int = 0, output_tokens: int = 0, cost: float = 0.0) -> None:
        """Tell what the attempt has used, `cost` in US dollars; more than once adds up.

        ValueError for what is negative.
        """
        self._scope.use(input_tokens, output_tokens, cost)

    def step(
        self,
        step_id: str,
        *,
        output: object = MISSING,
        error: str = "",
        duration: float | timedelta | None = None,
    ) -> None:
        """Tell what a step of a workflow came to: its output or its error, and seconds.

        At most 1,000 steps; an id that was told before gets a number (`search#2`).
        """
        is_empty = output is MISSING and not error
        tell_step(self._scope, step_id, None if is_empty else output, error, duration)

    def timed(self, step_id: str) -> Step:
        """Return a context manager and decorator that times a step, as `step` does."""
        return Step(step_id, self._scope)

    def report_trajectory(self, trajectory: object) -> None:
        """Tell what the target did, where it is not traced; told again, it replaces what was told.

        Messages as they went to and came from a model (a list, or `{"messages": …}`), or a
        trajectory (`{"steps": …}`). A trace that has steps goes before it. `InvalidAnswer`, which
        is final, for what has no JSON form or more than 1 MiB of it.
        """
        self._scope.trajectory = trajectory_json(trajectory)


def describe(task: Task) -> TaskContext:
    """Return what a function may know of its task."""
    if task.HasField("target"):
        return _describe_target(task)
    work = task.scorer
    return TaskContext(
        task.task_id,
        task.attempt,
        work.trial,
        work.item_id,
        task.run,
        task.traceparent,
        context=read_object(work.context),
        step_id=work.step_id,
        _scope=current.get() or Scope(),
    )


def _describe_target(task: Task) -> TaskContext:
    work = task.target
    mocks = map(ToolMock.from_message, work.tool_mocks)
    return TaskContext(
        task.task_id,
        task.attempt,
        work.trial,
        work.item_id,
        task.run,
        task.traceparent,
        options=read_object(work.options),
        context=read_object(work.context),
        seed=work.seed,
        tool_mocks=ToolMocks(mocks, UNMOCKED_TOOL_POLICIES.member(work.unmocked_tools)),
        _scope=current.get() or Scope(),
    )


def read_object(payload: Payload) -> dict[str, Any]:
    """Return a JSON object; an empty one if nothing is set."""
    return decode(payload.json) if payload.json else {}
