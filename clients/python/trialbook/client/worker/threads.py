"""Threads for plain functions: as many as are needed at once, kept for the next ones."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Generic, TypeAlias, TypeVar

AnswerT = TypeVar("AnswerT")

Job: TypeAlias = Callable[[], AnswerT]


class Threads(Generic[AnswerT]):
    """Runs jobs in threads and hands their answers to the event loop, many at one wake-up.

    Jobs must not raise. Threads are daemons: a job that never returns does not keep the process
    alive.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, deliver: Callable[[AnswerT], None]) -> None:
        self._loop = loop
        self._deliver = deliver
        self._jobs: SimpleQueue[Job[AnswerT] | None] = SimpleQueue()
        self._answers: deque[AnswerT] = deque()
        self._lock = threading.Lock()
        self._idle = 0
        self._count = 0
        self._waking = False

    def submit(self, job: Job[AnswerT]) -> None:
        """Run a job in a thread that is idle, or else in a new one."""
        with self._lock:
            if self._idle:
                self._idle -= 1  # reserved for this job
                needed = False
            else:
                self._count += 1
                needed = True
        if needed:
            name = f"trialbook-worker-{self._count}"
            threading.Thread(target=self._work, name=name, daemon=True).start()
        self._jobs.put(job)

    def close(self) -> None:
        """Let every thread end after its job."""
        for _ in range(self._count):
            self._jobs.put(None)

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                return
            self._answers.append(job())
            with self._lock:
                self._idle += 1
                wake = not self._waking
                self._waking = True
            if wake and not self._wake():
                return

    def _wake(self) -> bool:
        try:
            self._loop.call_soon_threadsafe(self._hand_over)
        except RuntimeError:
            return False  # the loop is closed: nobody waits for answers any more
        return True

    def _hand_over(self) -> None:
        with self._lock:
            self._waking = False
        while self._answers:
            self._deliver(self._answers.popleft())
