"""What is known in memory of the tasks that are out, so that recording needs no look-ups.

Only a shortcut: after a restart it is empty, and everything is read from the store.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping

import msgspec

from trialbook.services.application.views import ItemView
from trialbook.services.application.work import TaskKey, TaskRow
from trialbook.services.engine.lease import LeasedTask
from trialbook.services.engine.plan import RunPlan

_CACHED_CHARACTERS = 8192


class Given(msgspec.Struct, frozen=True):
    """A task as it went out under a plan, and its item; None where that is too large to keep."""

    plan: RunPlan
    row: TaskRow
    item: ItemView | None


class InFlight:
    """Tasks that are out, and how many are reported but not yet recorded, by run."""

    def __init__(self) -> None:
        self._given: defaultdict[int, dict[TaskKey, Given]] = defaultdict(dict)
        self._reported: defaultdict[int, int] = defaultdict(int)
        self._lock = threading.Lock()

    @property
    def reported(self) -> Mapping[int, int]:
        """How many tasks of each run no longer execute, but still hold a row."""
        return self._reported

    def add(self, task: LeasedTask) -> None:
        """Note a task that went out."""
        item = task.item
        size = len(item.input) + len(item.expected or "")
        kept = item if size <= _CACHED_CHARACTERS else None
        self._given[task.plan.number][task.row.key] = Given(task.plan, task.row, kept)

    def take(self, run: int, key: TaskKey, lease_token: str) -> Given | None:
        """Forget a task that is reported under its lease; None if it is not known."""
        given = self.find(run, key, lease_token)
        if given is not None:
            del self._given[run][key]
        return given

    def find(self, run: int, key: TaskKey, lease_token: str) -> Given | None:
        """Return a task that is out under this lease; None if it is not known."""
        tasks = self._given.get(run)
        given = tasks.get(key) if tasks else None
        return given if given is not None and given.row.lease_token == lease_token else None

    def has(self, run: int) -> bool:
        """Say whether tasks of a run are out."""
        return bool(self._given.get(run))

    def forget(self, run: int) -> None:
        """Forget a run."""
        self._given.pop(run, None)

    def begin_recording(self, counts: Mapping[int, int]) -> Recording:
        """Count reported tasks until their recording is over, however it ends."""
        self._change(counts, 1)
        return Recording(self, counts)

    def end_recording(self, counts: Mapping[int, int]) -> None:
        """Undo `begin_recording`."""
        self._change(counts, -1)

    def _change(self, counts: Mapping[int, int], sign: int) -> None:
        # The event loop counts up, the writer's thread counts down.
        with self._lock:
            for run, count in counts.items():
                self._reported[run] += sign * count
                if not self._reported[run]:
                    del self._reported[run]


class Recording:
    """Ends a count of reported tasks once, whoever comes first."""

    def __init__(self, in_flight: InFlight, counts: Mapping[int, int]) -> None:
        self._in_flight = in_flight
        self._counts = counts
        # Never released: who acquires it ends the count.
        self._open = threading.Lock()
        self.total = sum(counts.values())

    def end(self) -> None:
        """Count down, unless that was done."""
        # The event loop and the writer's thread may come at the same moment.
        if self._open.acquire(blocking=False):
            self._in_flight.end_recording(self._counts)
