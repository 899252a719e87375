"""The tasks of open runs. Operational: no events, no rebuild; the run goes on from these rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from trialbook.eventstore import Reader
from trialbook.services.application.work import (
    TARGET,
    WAITS_FOR_TRACE,
    Job,
    TaskKey,
    TaskRow,
    WorkState,
)
from trialbook.services.domain.run import SUSPECT_LOSSES, RunStatus
from trialbook.services.projections.columns import placeholders, slices

# A literal, so that the partial index serves it.
_SUSPECT = f"(losses >= {SUSPECT_LOSSES})"

_BETWEEN_RATE_WAKES = 20_000
"""Attempts that a rate limit holds back for less, in microseconds, begin together."""

SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS run_work (
        run INTEGER PRIMARY KEY,
        ordinal INTEGER NOT NULL DEFAULT 0,
        trial INTEGER NOT NULL DEFAULT 0,
        number INTEGER NOT NULL DEFAULT 0,
        exhausted INTEGER NOT NULL DEFAULT 0,
        leased INTEGER NOT NULL DEFAULT 0,
        waiting INTEGER NOT NULL DEFAULT 0,
        served_at INTEGER NOT NULL DEFAULT 0,
        jobs TEXT NOT NULL DEFAULT '[]',
        rate_at INTEGER NOT NULL DEFAULT 0,
        unsettled INTEGER NOT NULL DEFAULT 0,
        generation INTEGER NOT NULL DEFAULT 0
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS task (
        run INTEGER NOT NULL,
        number INTEGER NOT NULL,
        scorer INTEGER NOT NULL,
        ordinal INTEGER NOT NULL,
        item_id TEXT NOT NULL,
        trial INTEGER NOT NULL,
        attempt INTEGER NOT NULL,
        losses INTEGER NOT NULL,
        ready_at INTEGER NOT NULL,
        lease_token TEXT,
        session INTEGER,
        expires_at INTEGER,
        deadline INTEGER,
        PRIMARY KEY (run, number, scorer)
    ) WITHOUT ROWID
    """,
    """
    CREATE INDEX IF NOT EXISTS task_waiting ON task (run, ready_at) WHERE lease_token IS NULL
    """,
    f"""
    CREATE INDEX IF NOT EXISTS task_suspect ON task (run, ready_at)
        WHERE lease_token IS NULL AND {_SUSPECT}
    """,
    """
    CREATE INDEX IF NOT EXISTS task_by_session ON task (session) WHERE session IS NOT NULL
    """,
)

TASK_COLUMNS = (
    "number",
    "scorer",
    "ordinal",
    "item_id",
    "trial",
    "attempt",
    "losses",
    "ready_at",
    "lease_token",
    "session",
    "expires_at",
    "deadline",
)
_SELECT = f"SELECT {','.join(TASK_COLUMNS)} FROM task "
_SELECT_WITH_RUN = f"SELECT run,{','.join(TASK_COLUMNS)} FROM task "
STATE_COLUMNS = (
    "run",
    "ordinal",
    "trial",
    "number",
    "exhausted",
    "leased",
    "waiting",
    "jobs",
    "generation",
    "rate_at",
    "unsettled",
)
_STATE = f"SELECT {','.join(STATE_COLUMNS)} FROM run_work "
_STATE_WITH_STATUS = (
    f"SELECT {','.join(f'w.{column}' for column in STATE_COLUMNS)} "
    "FROM run_work w JOIN run r ON r.number = w.run "
)
_NO_JOBS = "[]"
_decode_jobs = msgspec.json.Decoder(tuple[Job, ...]).decode


class SqlWork:
    """Implements the reading half of WorkTable."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def open_runs(self) -> list[WorkState]:
        """Return the running runs, the one that got the fewest tasks first."""
        rows = self._reader.query(
            _STATE_WITH_STATUS
            + "WHERE r.status IN ('pending', 'running') ORDER BY w.served_at, w.run"
        )
        return [state_of(row) for row in rows]

    def with_jobs(self) -> list[WorkState]:
        """Return the running runs that have jobs."""
        rows = self._reader.query(
            _STATE_WITH_STATUS + "WHERE r.status = 'running' AND w.jobs <> ? ORDER BY w.run",
            (_NO_JOBS,),
        )
        return [state_of(row) for row in rows]

    def without_work(self) -> list[int]:
        """Return the open runs that have no rows here, since only their history came along."""
        rows = self._reader.query(
            "SELECT number FROM run WHERE status IN (?, ?, ?) "
            "AND number NOT IN (SELECT run FROM run_work) ORDER BY number",
            (RunStatus.PENDING, RunStatus.RUNNING, RunStatus.CANCELLING),
        )
        return [row[0] for row in rows]

    def state(self, run: int) -> WorkState | None:
        """Return a run's state; None if its work is over."""
        rows = self._reader.query(_STATE + "WHERE run = ?", (run,))
        return state_of(rows[0]) if rows else None

    def ready(self, run: int, scorers: Collection[int], now: int, limit: int) -> list[TaskRow]:
        """Return waiting tasks that may go out now, scorers' first, of these scorers or TARGET."""
        return self._tasks(
            f"WHERE run = ? AND lease_token IS NULL AND ready_at <= ? AND NOT {_SUSPECT} "
            f"AND scorer IN ({placeholders(len(scorers))}) "
            f"ORDER BY scorer = {TARGET}, ready_at, number LIMIT ?",
            (run, now, *scorers, limit),
        )

    def suspects(self, run: int, scorers: Collection[int], now: int, session: int) -> list[TaskRow]:
        """Return the suspect, if there is one, that may go out to a session now."""
        return self._tasks(
            f"WHERE run = ? AND lease_token IS NULL AND ready_at <= ? AND {_SUSPECT} "
            f"AND scorer IN ({placeholders(len(scorers))}) "
            f"AND NOT EXISTS (SELECT 1 FROM task WHERE session = ? AND {_SUSPECT}) "
            "ORDER BY ready_at, number LIMIT 1",
            (run, now, *scorers, session),
        )

    def leased_as(self, session: int, lease_token: str) -> dict[int, list[TaskRow]]:
        """Return the tasks that are out under a lease token, by run."""
        return self._by_run("WHERE session = ? AND lease_token = ?", (session, lease_token))

    def held_by(self, session: int) -> dict[int, list[TaskRow]]:
        """Return all tasks that are out with a session, by run."""
        return self._by_run("WHERE session = ?", (session,))

    def all_leased(self, run: int, tasks: Collection[TaskRow]) -> bool:
        """Say whether all of these tasks are still out under the leases that they show."""
        by_lease: defaultdict[tuple[str | None, int], list[int]] = defaultdict(list)
        for task in tasks:
            by_lease[task.lease_token, task.scorer].append(task.number)
        return all(
            self._reader.query(
                "SELECT COUNT(*) FROM task WHERE run = ? AND scorer = ? AND lease_token = ? "
                f"AND number IN ({placeholders(len(numbers))})",
                (run, scorer, token, *numbers),
            )[0][0]
            == len(numbers)
            for (token, scorer), numbers in by_lease.items()
        )

    def find(self, run: int, keys: Collection[TaskKey]) -> dict[TaskKey, TaskRow]:
        """Return those of these tasks that exist."""
        numbers = {key.number for key in keys}
        rows = self._tasks(
            f"WHERE run = ? AND number IN ({placeholders(len(numbers))})", (run, *numbers)
        )
        return {row.key: row for row in rows if row.key in keys}

    def unsettled(self, run: int, numbers: Collection[int]) -> list[TaskRow]:
        """Return the tasks of these results that wait for their traces."""
        return [
            task
            for some in slices(sorted(numbers))
            for task in self._tasks(
                f"WHERE run = ? AND number IN ({placeholders(len(some))}) AND ready_at = ? "
                "AND lease_token IS NULL",
                (run, *some, WAITS_FOR_TRACE),
            )
        ]

    def all(self, run: int, limit: int) -> list[TaskRow]:
        """Return tasks of a run, by number."""
        return self._tasks("WHERE run = ? ORDER BY number, scorer LIMIT ?", (run, limit))

    def expired(self, now: int, limit: int) -> dict[int, list[TaskRow]]:
        """Return tasks whose lease or deadline is over, by run."""
        return self._by_run(
            "WHERE lease_token IS NOT NULL AND (expires_at <= ? OR deadline <= ?) "
            "ORDER BY run, number, scorer LIMIT ?",
            (now, now, limit),
        )

    def next_wake(self, now: int) -> int | None:
        """Return when the next task may go out that may not now; None without any."""
        ready_at, rate_at = self._reader.query(
            "SELECT (SELECT MIN(ready_at) FROM task WHERE lease_token IS NULL "
            "AND ready_at > ? AND ready_at < ?), "
            "(SELECT MIN(rate_at) FROM run_work WHERE rate_at > ?)",
            (now, WAITS_FOR_TRACE, now),
        )[0]
        if rate_at is not None:
            rate_at = max(rate_at, now + _BETWEEN_RATE_WAKES)
        return min((at for at in (ready_at, rate_at) if at is not None), default=None)

    def _tasks(self, where: str, params: Sequence[Any]) -> list[TaskRow]:
        return [TaskRow(*row) for row in self._reader.query(_SELECT + where, params)]

    def _by_run(self, where: str, params: Sequence[Any]) -> dict[int, list[TaskRow]]:
        found: defaultdict[int, list[TaskRow]] = defaultdict(list)
        for run, *row in self._reader.query(_SELECT_WITH_RUN + where, params):
            found[run].append(TaskRow(*row))
        return dict(found)


def state_of(row: tuple[Any, ...]) -> WorkState:
    """Return the state that a row of STATE_COLUMNS says."""
    run, ordinal, trial, number, exhausted, leased, waiting, jobs, *rest = row
    return WorkState(
        run,
        ordinal,
        trial,
        number,
        bool(exhausted),
        leased,
        waiting,
        () if jobs == _NO_JOBS else _decode_jobs(jobs),
        *rest,
    )
