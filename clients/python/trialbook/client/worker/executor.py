"""Runs the functions that tasks call, and sees to it that each attempt ends in one report."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from typing import Final

from trialbook.client.models.codec import seconds_of
from trialbook.client.models.outcome import FinalError, Outcome, failure_outcome
from trialbook.client.worker.attempt_trace import AttemptTrace
from trialbook.client.worker.outcome import report, stopped_outcome, timeout_outcome
from trialbook.client.worker.plan import Call, Mode
from trialbook.client.worker.registry import Executable, Registry
from trialbook.client.worker.scope import ResultReader, Scope, current
from trialbook.client.worker.threads import Threads
from trialbook.client.worker.tracing import Tracing
from trialbook.v1.worker_pb2 import Task, TaskReport

logger: Final = logging.getLogger("trialbook.worker")


class Attempt:
    """One task that is being executed, with its scope.

    `settled`: its outcome is said, or no longer wanted. `entered`: its coroutine has begun.
    """

    __slots__ = (
        "began",
        "call",
        "entered",
        "executable",
        "limit",
        "scope",
        "settled",
        "task",
        "trace",
        "work",
    )

    def __init__(
        self,
        task: Task,
        executable: Executable,
        call: Call,
        scope: Scope,
        trace: AttemptTrace | None = None,
    ) -> None:
        self.task = task
        self.trace = trace
        self.scope = scope
        self.executable = executable
        self.call = call
        self.began = time.perf_counter()
        self.settled = False
        self.entered = False
        self.work: asyncio.Task[None] | None = None
        self.limit: asyncio.TimerHandle | None = None


class Executor:
    """Executes tasks; `done` is called once for each attempt whose outcome is wanted.

    Everything but the functions in threads happens in the event loop. A slot is free again when
    the function has ended, not when its attempt was given up: a plain function cannot be stopped.
    """

    def __init__(
        self,
        registry: Registry,
        slots: int,
        done: Callable[[TaskReport], None],
        reader: ResultReader,
        tracing: Tracing,
    ) -> None:
        self._reader = reader
        self._tracing = tracing
        self._loop = asyncio.get_running_loop()
        self._registry = registry
        self._slots = slots
        self._done = done
        self._threads = Threads[tuple[Attempt, Outcome]](self._loop, self._deliver)
        self._attempts: dict[str, Attempt] = {}
        self._busy = 0
        self._changed = asyncio.Event()

    @property
    def free_slots(self) -> int:
        """How many more tasks can be begun."""
        return self._slots - self._busy

    @property
    def task_ids(self) -> list[str]:
        """The tasks that are being executed."""
        return list(self._attempts)

    async def has_changed(self) -> None:
        """Wait until a function has ended."""
        self._changed.clear()
        await self._changed.wait()

    async def idle(self) -> None:
        """Wait until every attempt is settled."""
        while self._attempts:
            await self.has_changed()

    def begin(self, tasks: Iterable[Task]) -> None:
        """Begin tasks."""
        trace = self._tracing.is_on()
        for task in tasks:
            executable = self._registry.find(task)
            if executable is None:
                self._done(report(task, failure_outcome(FinalError(_not_hosted(task))), 0.0))
                continue
            scope = Scope(self._reader)
            if trace:
                attempt = self._tracing.attempt(executable, task)
                call = attempt.around(executable)
                self._begin(Attempt(task, executable, call, scope, attempt))
            else:
                self._begin(Attempt(task, executable, executable.call, scope))

    def stop(self, task_ids: Iterable[str]) -> None:
        """Give up tasks whose outcome is not wanted; nothing is reported of them."""
        for task_id in task_ids:
            attempt = self._attempts.get(task_id)
            if attempt is not None:
                self._give_up(attempt)

    def abandon(self) -> None:
        """Give up every task, since the worker stops, and report that."""
        for attempt in list(self._attempts.values()):
            self._settle(attempt, stopped_outcome())
            self._give_up(attempt)

    def close(self) -> None:
        """Let the threads end."""
        self._threads.close()

    def _begin(self, attempt: Attempt) -> None:
        task_id = attempt.task.task_id
        earlier = self._attempts.get(task_id)
        if earlier is not None:
            # Its lease was lost, and came back here: the earlier attempt would be fenced.
            self._give_up(earlier)
        self._attempts[task_id] = attempt
        self._busy += 1
        mode = attempt.executable.mode
        if mode is Mode.INLINE:
            self._deliver((attempt, _outcome_of(attempt)))
            return
        timeout = seconds_of(attempt.task.timeout)
        if timeout > 0:
            attempt.limit = self._loop.call_later(timeout, self._expire, attempt, timeout)
        if mode is Mode.COROUTINE:
            attempt.work = self._loop.create_task(self._run_coroutine(attempt))
        else:
            self._threads.submit(lambda: (attempt, _outcome_of(attempt)))

    async def _run_coroutine(self, attempt: Attempt) -> None:
        attempt.entered = True
        if attempt.settled:
            self._free_slot()
            return
        current.set(attempt.scope)
        try:
            outcome = attempt.executable.outcome(await attempt.call(attempt.task))
        except (Exception, SystemExit, asyncio.CancelledError) as error:  # noqa: BLE001
            # Whatever the function raises is the attempt's outcome, not the worker's problem.
            outcome = failure_outcome(error)
        self._deliver((attempt, outcome))

    def _deliver(self, answer: tuple[Attempt, Outcome]) -> None:
        """Take the outcome of a function that has ended."""
        attempt, outcome = answer
        self._settle(attempt, outcome)
        self._free_slot()

    def _free_slot(self) -> None:
        self._busy -= 1
        self._changed.set()

    def _settle(self, attempt: Attempt, outcome: Outcome) -> None:
        """Report an outcome, unless the attempt has one already or nobody wants it."""
        if attempt.settled:
            return
        self._forget(attempt)
        seconds = time.perf_counter() - attempt.began
        message = report(attempt.task, outcome, seconds, attempt.scope)
        if attempt.trace is not None:
            self._tracing.settle(attempt.trace, message)
        self._done(message)

    def _expire(self, attempt: Attempt, timeout: float) -> None:
        self._settle(attempt, timeout_outcome(timeout))
        self._give_up(attempt)
        if attempt.work is None and self.free_slots <= 0:
            logger.warning(
                "All %d slots are taken, at least one by a plain function that went past its "
                "timeout and cannot be stopped. A coroutine could be.",
                self._slots,
            )

    def _give_up(self, attempt: Attempt) -> None:
        if attempt.trace is not None and not attempt.settled:
            self._tracing.drop(attempt.trace)
        self._forget(attempt)
        # Cancelled before its first step, a coroutine would end without giving back its slot.
        if attempt.work is not None and attempt.entered:
            attempt.work.cancel()

    def _forget(self, attempt: Attempt) -> None:
        attempt.settled = True
        if attempt.limit is not None:
            attempt.limit.cancel()
        if self._attempts.get(attempt.task.task_id) is attempt:
            del self._attempts[attempt.task.task_id]
        self._changed.set()


def _outcome_of(attempt: Attempt) -> Outcome:
    before = current.set(attempt.scope)
    try:
        return attempt.executable.outcome(attempt.call(attempt.task))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - it is the attempt's outcome
        return failure_outcome(error)
    finally:
        current.reset(before)


def _not_hosted(task: Task) -> str:
    what = task.target.target.name if task.HasField("target") else task.scorer.scorer
    return f"This worker does not host {what} at the revision that was asked for."
