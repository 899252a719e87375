"""Where a reader of a run's facts stands, over any number of broken streams."""

from __future__ import annotations

import time
from typing import Final

from trialbook.client.errors import DeadlineExceeded, TrialbookError, Unavailable, WaitTimeout
from trialbook.client.models.run import Run
from trialbook.client.models.run_event import RunEvent, WatchUpdate
from trialbook.client.retry import Backoff
from trialbook.v1.run_pb2 import Run as WireRun
from trialbook.v1.run_pb2 import RunStatus as WireStatus
from trialbook.v1.run_service_pb2 import WatchRunRequest, WatchRunResponse

DEFAULT_PATIENCE: Final = 60.0
ENDED_STATUSES: Final = (
    WireStatus.RUN_STATUS_COMPLETED,
    WireStatus.RUN_STATUS_CANCELLED,
    WireStatus.RUN_STATUS_FAILED,
)


class WatchCursor:
    """Makes each request of a watch, drops what was seen, and says when a new stream is due.

    It gives up when nothing has come for `patience` seconds of trying.
    """

    def __init__(
        self,
        run: str,
        after_position: int,
        patience: float = DEFAULT_PATIENCE,
        backoff: Backoff | None = None,
    ) -> None:
        self._run = run
        self._through = after_position
        self._patience = patience
        self._backoff = backoff or Backoff()
        self._last_message = time.monotonic()
        self._ended = False

    @property
    def ended(self) -> bool:
        """Whether the run has ended and all its facts were seen, with the verdict of its gate."""
        return self._ended

    @property
    def request(self) -> WatchRunRequest:
        """What to ask for now."""
        return WatchRunRequest(name=self._run, after_position=self._through)

    def note(self, message: WatchRunResponse) -> int:
        """Take note of a message; return the position before it."""
        before = self._through
        newest = message.events[-1].position if message.events else 0
        self._through = max(before, message.through_position, newest)
        self._last_message = time.monotonic()
        self._backoff.reset()
        if message.HasField("run"):
            # Not by the fact of its end: a run that is retried or rescored goes on after it.
            self._ended = _settled(message.run) and self._through >= message.run.last_position
        return before

    def accept(self, message: WatchRunResponse) -> WatchUpdate:
        """Return what is new in a message."""
        before = self.note(message)
        events = tuple(RunEvent.from_message(e) for e in message.events if e.position > before)
        run = Run.from_message(message.run) if message.HasField("run") else None
        return WatchUpdate(events, self._through, run)

    def delay_after_close(self) -> float:
        """Return the wait before the next stream, if the one that closed was not the last."""
        return 0.0 if self._ended else self._backoff.next_delay()

    def delay_after(self, error: TrialbookError) -> float:
        """Return the wait before the next stream; raise `error` if it is of no use."""
        waited = time.monotonic() - self._last_message
        if not isinstance(error, Unavailable) or waited > self._patience:
            raise error
        return self._backoff.next_delay(error.retry_delay)


def _settled(run: WireRun) -> bool:
    """Tell whether a run has ended and, if it has a gate, has its verdict."""
    verdict_due = run.HasField("gate") and not run.HasField("gate_verdict")
    return run.status in ENDED_STATUSES and not verdict_due


def time_left(end: float | None) -> float | None:
    """Return the seconds until a moment of the monotonic clock; None if there is none.

    Raises DeadlineExceeded if it has passed, also where no server answers that would say so.
    """
    if end is None:
        return None
    left = end - time.monotonic()
    if left <= 0:
        raise DeadlineExceeded("The time for waiting is over.", code="DEADLINE_EXCEEDED")
    return left


def wait_timeout(run: str, timeout: float | None) -> WaitTimeout:
    """Return the error of a wait that took too long."""
    return WaitTimeout(
        f"{run} did not end within {timeout} seconds. It goes on: wait again, or cancel it.",
        code="DEADLINE_EXCEEDED",
    )
