"""The tasks of open runs. Operational: no events, no rebuild; the run goes on from these rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from trialbook.eventstore import Reader, Transaction
from trialbook.services.application.work import TARGET, TaskKey, TaskPlace, TaskRow, WorkState
from trialbook.services.domain.run import SUSPECT_LOSSES, RunStatus
from trialbook.services.projections.columns import placeholders

# A literal, so that the partial index serves it.
_SUSPECT = f"(losses >= {SUSPECT_LOSSES})"

_SLICE = 1000

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
        served_at INTEGER NOT NULL DEFAULT 0
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

_COLUMNS = (
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
_SELECT = f"SELECT {','.join(_COLUMNS)} FROM task "
_SELECT_WITH_RUN = f"SELECT run,{','.join(_COLUMNS)} FROM task "
_STATE = "SELECT run, ordinal, trial, number, exhausted, leased, waiting FROM run_work "


class SqlWork:
    """Implements the reading half of WorkTable."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def open_runs(self) -> list[WorkState]:
        """Return the running runs, the one that waits longest for a lease first."""
        rows = self._reader.query(
            """
            SELECT w.run, w.ordinal, w.trial, w.number, w.exhausted, w.leased, w.waiting
            FROM run_work w JOIN run r ON r.number = w.run
            WHERE r.status = 'running' ORDER BY w.served_at, w.run
            """
        )
        return [_state(row) for row in rows]

    def without_work(self) -> list[int]:
        """Return the open runs that have no rows here, since only their history came along."""
        rows = self._reader.query(
            "SELECT number FROM run WHERE status IN (?, ?) "
            "AND number NOT IN (SELECT run FROM run_work) ORDER BY number",
            (RunStatus.RUNNING, RunStatus.CANCELLING),
        )
        return [row[0] for row in rows]

    def state(self, run: int) -> WorkState | None:
        """Return a run's state; None if its work is over."""
        rows = self._reader.query(_STATE + "WHERE run = ?", (run,))
        return _state(rows[0]) if rows else None

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
        """Return when the next waiting task becomes ready, after now; None without any."""
        rows = self._reader.query(
            "SELECT MIN(ready_at) FROM task WHERE lease_token IS NULL AND ready_at > ?", (now,)
        )
        found: int | None = rows[0][0]
        return found

    def _tasks(self, where: str, params: Sequence[Any]) -> list[TaskRow]:
        return [TaskRow(*row) for row in self._reader.query(_SELECT + where, params)]

    def _by_run(self, where: str, params: Sequence[Any]) -> dict[int, list[TaskRow]]:
        found: defaultdict[int, list[TaskRow]] = defaultdict(list)
        for run, *row in self._reader.query(_SELECT_WITH_RUN + where, params):
            found[run].append(TaskRow(*row))
        return dict(found)


class SqlWorkInTransaction(SqlWork):
    """The same, and what only a transaction may do."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx)
        self._tx = tx

    def open(self, run: int) -> None:
        """Begin the work of a run."""
        self._tx.execute("INSERT INTO run_work (run) VALUES (?)", (run,))

    def close(self, run: int) -> None:
        """Forget the work of a run that has ended."""
        self._tx.execute("DELETE FROM task WHERE run = ?", (run,))
        self._tx.execute("DELETE FROM run_work WHERE run = ?", (run,))

    def expand(
        self, run: int, tasks: Sequence[TaskRow], upto: TaskPlace, *, exhausted: bool
    ) -> None:
        """Store new tasks, and how far the expansion has come with them."""
        self._insert(run, tasks)
        leased = sum(task.lease_token is not None for task in tasks)
        self._tx.execute(
            """
            UPDATE run_work SET ordinal = ?, trial = ?, number = ?, exhausted = ?,
                leased = leased + ?, waiting = waiting + ?
            WHERE run = ?
            """,
            (
                upto.ordinal,
                upto.trial,
                upto.number,
                int(exhausted),
                leased,
                len(tasks) - leased,
                run,
            ),
        )

    def served(self, run: int, now: int) -> None:
        """Put a run at the end of the line."""
        self._tx.execute("UPDATE run_work SET served_at = ? WHERE run = ?", (now, run))

    def lease(self, run: int, tasks: Sequence[TaskRow]) -> None:
        """Store the leases of tasks that waited."""
        self._insert(run, tasks)
        self._count(run, leased=len(tasks), waiting=-len(tasks))

    def settle(
        self,
        run: int,
        done: Sequence[TaskRow],
        postponed: Sequence[TaskRow],
        new: Sequence[TaskRow],
    ) -> WorkState | None:
        """Delete tasks that are done, take the leases of postponed ones back, store new ones."""
        self._delete(run, done)
        self._insert(run, [*postponed, *new])
        was_out = sum(task.lease_token is not None for task in done)
        return self._count(
            run,
            leased=-was_out - len(postponed),
            waiting=was_out - len(done) + len(postponed) + len(new),
        )

    def _delete(self, run: int, tasks: Sequence[TaskRow]) -> None:
        for scorer, numbers in _numbers_by_scorer(task.key for task in tasks):
            self._tx.execute(
                f"DELETE FROM task WHERE run = ? AND number IN ({placeholders(len(numbers))}) "
                "AND scorer = ?",
                (run, *numbers, scorer),
            )

    def prolong(self, run: int, keys: Collection[TaskKey], session: int, expires_at: int) -> None:
        """Let leases of a session hold until then."""
        for scorer, numbers in _numbers_by_scorer(keys):
            self._tx.execute(
                "UPDATE task SET expires_at = ? WHERE run = ? AND session = ? AND scorer = ? "
                f"AND number IN ({placeholders(len(numbers))})",
                (expires_at, run, session, scorer, *numbers),
            )

    def prolong_all(self, expires_at: int) -> None:
        """Let every lease hold until then at least."""
        for column in ("expires_at", "deadline"):
            self._tx.execute(
                f"UPDATE task SET {column} = ? WHERE lease_token IS NOT NULL AND {column} < ?",
                (expires_at, expires_at),
            )

    def _insert(self, run: int, tasks: Sequence[TaskRow]) -> None:
        self._tx.insert(
            "task",
            ("run", *_COLUMNS),
            [
                (
                    run,
                    task.number,
                    task.scorer,
                    task.ordinal,
                    task.item_id,
                    task.trial,
                    task.attempt,
                    task.losses,
                    task.ready_at,
                    task.lease_token,
                    task.session,
                    task.expires_at,
                    task.deadline,
                )
                for task in tasks
            ],
            on_conflict=_REPLACE,
        )

    def _count(self, run: int, *, leased: int, waiting: int) -> WorkState | None:
        rows = self._tx.query(
            "UPDATE run_work SET leased = leased + ?, waiting = waiting + ? WHERE run = ? "
            "RETURNING run, ordinal, trial, number, exhausted, leased, waiting",
            (leased, waiting, run),
        )
        return _state(rows[0]) if rows else None


_REPLACE = "ON CONFLICT (run, number, scorer) DO UPDATE SET " + ", ".join(
    f"{column} = excluded.{column}"
    for column in ("attempt", "losses", "ready_at", *_COLUMNS[_COLUMNS.index("lease_token") :])
)


def _numbers_by_scorer(keys: Iterable[TaskKey]) -> Iterator[tuple[int, list[int]]]:
    """Yield the numbers of tasks by scorer, in slices that one statement takes."""
    by_scorer: defaultdict[int, list[int]] = defaultdict(list)
    for key in keys:
        by_scorer[key.scorer].append(key.number)
    for scorer, numbers in by_scorer.items():
        for start in range(0, len(numbers), _SLICE):
            yield scorer, numbers[start : start + _SLICE]


def _state(row: tuple[Any, ...]) -> WorkState:
    run, ordinal, trial, number, exhausted, leased, waiting = row
    return WorkState(run, ordinal, trial, number, bool(exhausted), leased, waiting)
