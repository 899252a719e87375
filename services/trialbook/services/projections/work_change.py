"""What changes the tasks of open runs, inside a transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

import msgspec

from trialbook.eventstore import Transaction
from trialbook.services.application.work import (
    WAITS_FOR_TRACE,
    Job,
    TaskKey,
    TaskPlace,
    TaskRow,
    WorkState,
)
from trialbook.services.projections.columns import placeholders
from trialbook.services.projections.work import (
    STATE_COLUMNS,
    TASK_COLUMNS,
    SqlWork,
    state_of,
)

_SLICE = 1000


class SqlWorkInTransaction(SqlWork):
    """The same, and what only a transaction may do."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx)
        self._tx = tx

    def open(
        self,
        run: int,
        jobs: Sequence[Job] = (),
        *,
        exhausted: bool = False,
        generation: int = 0,
    ) -> None:
        """Begin the work of a run; if it is `exhausted`, only jobs make tasks."""
        self._tx.execute(
            "INSERT INTO run_work (run, jobs, exhausted, generation) VALUES (?, ?, ?, ?)",
            (run, _json(jobs), int(exhausted), generation),
        )

    def renew(self, run: int, generation: int) -> None:
        """Note that what a run is pinned to has changed, at a position of its facts."""
        self._tx.execute("UPDATE run_work SET generation = ? WHERE run = ?", (generation, run))

    def set_jobs(self, run: int, jobs: Sequence[Job]) -> None:
        """Store which jobs a run has."""
        self._tx.execute("UPDATE run_work SET jobs = ? WHERE run = ?", (_json(jobs), run))

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

    def served(self, run: int, tasks: int, credit: int) -> None:
        """Move a run back in the line by the tasks that it got.

        Tasks are counted, not turns: an answer that is full cuts the turn of its last run, and
        might cut that of the same run every time.
        """
        self._tx.execute(
            """
            UPDATE run_work SET served_at = ? + (
                SELECT MAX(place) FROM (
                    SELECT served_at AS place FROM run_work WHERE run = ?
                    UNION ALL SELECT MAX(served_at) - ? FROM run_work
                ) AS places
            ) WHERE run = ?
            """,
            (tasks, run, credit, run),
        )

    def limit(self, run: int, rate_at: int) -> None:
        """Store when the next attempt at a run's target may begin."""
        self._tx.execute("UPDATE run_work SET rate_at = ? WHERE run = ?", (rate_at, run))

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
            unsettled=sum(task.waits_for_trace for task in new)
            - sum(task.waits_for_trace for task in done),
        )

    def release(self, run: int, tasks: Sequence[TaskRow], now: int) -> None:
        """Let tasks go out whose traces have settled."""
        for scorer, numbers in _numbers_by_scorer(task.key for task in tasks):
            self._tx.execute(
                "UPDATE task SET ready_at = ? WHERE run = ? AND scorer = ? "
                f"AND number IN ({placeholders(len(numbers))})",
                (now, run, scorer, *numbers),
            )
        self._count(run, unsettled=-len(tasks))

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

    def realign(self, run: int, now: int, expires_at: int, deadline: int) -> None:
        """Let a run's leases and attempts end then, and what waits for a time go out now."""
        self._tx.execute(
            "UPDATE task SET expires_at = ?, deadline = ? "
            "WHERE run = ? AND lease_token IS NOT NULL",
            (expires_at, deadline, run),
        )
        self._tx.execute(
            "UPDATE task SET ready_at = ? "
            "WHERE run = ? AND lease_token IS NULL AND ready_at > ? AND ready_at < ?",
            (now, run, now, WAITS_FOR_TRACE),
        )

    def _insert(self, run: int, tasks: Sequence[TaskRow]) -> None:
        self._tx.insert(
            "task",
            ("run", *TASK_COLUMNS),
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

    def _count(
        self, run: int, *, leased: int = 0, waiting: int = 0, unsettled: int = 0
    ) -> WorkState | None:
        rows = self._tx.query(
            "UPDATE run_work SET leased = leased + ?, waiting = waiting + ?, "
            f"unsettled = unsettled + ? WHERE run = ? RETURNING {','.join(STATE_COLUMNS)}",
            (leased, waiting, unsettled, run),
        )
        return state_of(rows[0]) if rows else None


_CHANGING = TASK_COLUMNS[TASK_COLUMNS.index("attempt") :]
_REPLACE = "ON CONFLICT (run, number, scorer) DO UPDATE SET " + ", ".join(
    f"{column} = excluded.{column}" for column in _CHANGING
)


def _numbers_by_scorer(keys: Iterable[TaskKey]) -> Iterator[tuple[int, list[int]]]:
    """Yield the numbers of tasks by scorer, in slices that one statement takes."""
    by_scorer: defaultdict[int, list[int]] = defaultdict(list)
    for key in keys:
        by_scorer[key.scorer].append(key.number)
    for scorer, numbers in by_scorer.items():
        for start in range(0, len(numbers), _SLICE):
            yield scorer, numbers[start : start + _SLICE]


def _json(jobs: Sequence[Job]) -> str:
    return msgspec.json.encode(jobs).decode()
