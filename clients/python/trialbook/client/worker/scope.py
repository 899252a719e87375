"""What surrounds one attempt: what its function tells beside its answer, and a way to results."""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from typing import Final, Protocol

from trialbook.client.models.result import Result, StepResult, Usage
from trialbook.v1.worker_pb2 import TaskReport

logger: Final = logging.getLogger("trialbook.worker")

MAX_STEPS: Final = 1_000
MAX_STEP_ID: Final = 200
MAX_STEP_ERROR: Final = 2_000


class ResultReader(Protocol):
    """Reads the results of a run, a page at a time."""

    def read(self, run: str) -> Iterator[Result]:
        """Yield results. Not from the worker's event loop."""
        ...

    def read_async(self, run: str) -> AsyncIterator[Result]:
        """Yield results in the worker's event loop."""
        ...


class Scope:
    """Gathers what one attempt tells of its usage, steps and trajectory. For several threads."""

    __slots__ = ("_lock", "_steps", "_taken", "_usage", "reader", "trajectory")

    def __init__(self, reader: ResultReader | None = None) -> None:
        self.reader = reader
        self.trajectory = ""
        self._lock = threading.Lock()
        self._usage: Usage | None = None
        self._steps: list[StepResult] = []
        self._taken: dict[str, int] = {}

    def use(self, input_tokens: int, output_tokens: int, cost: float) -> None:
        """Add to what was used. ValueError for what is negative or no number."""
        # Written so that NaN fails too.
        if not (input_tokens >= 0 and output_tokens >= 0 and 0 <= cost < float("inf")):
            raise ValueError("usage must not be negative")
        with self._lock:
            before = self._usage or Usage()
            self._usage = Usage(
                before.input_tokens + input_tokens,
                before.output_tokens + output_tokens,
                before.cost + cost,
            )

    def add_step(self, step: StepResult) -> None:
        """Add a step. One whose id was told before gets a number: `search#2`."""
        if not 1 <= len(step.step_id) <= MAX_STEP_ID:
            raise ValueError(f"a step's id must have 1 to {MAX_STEP_ID} characters")
        with self._lock:
            count = self._taken[step.step_id] = self._taken.get(step.step_id, 0) + 1
            if len(self._steps) < MAX_STEPS:
                self._steps.append(_numbered(step, count))
            elif len(self._steps) == MAX_STEPS and count == 1:
                logger.warning("Only the first %d steps of a result are kept.", MAX_STEPS)

    def fill(self, report: TaskReport) -> None:
        """Put what was told so far into a report."""
        if self.trajectory:
            report.trajectory.json = self.trajectory
        if self._usage is None and not self._steps:
            return
        with self._lock:
            if self._usage is not None:
                report.usage.CopyFrom(self._usage.to_message())
            report.steps.extend(step.to_message() for step in self._steps)


current: Final[ContextVar[Scope | None]] = ContextVar("trialbook_attempt", default=None)
"""The scope of the attempt in which the code runs; None outside of any."""


def _numbered(step: StepResult, count: int) -> StepResult:
    if count == 1:
        return step
    message = step.to_message()
    suffix = f"#{count}"
    message.step_id = step.step_id[: MAX_STEP_ID - len(suffix)] + suffix
    return StepResult.from_message(message)
