"""Results with their scores, read from their tables."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

from trialbook.eventstore import Reader
from trialbook.services.application.views import (
    Page,
    ResultView,
    RunView,
    ScoreView,
)
from trialbook.services.application.work import TARGET, TaskKey
from trialbook.services.domain.run import (
    ErrorCode,
    ResultStatus,
    SkipReason,
    TaskError,
    Usage,
)
from trialbook.services.projections.bodies import fill_bodies, fitting, row_sizes
from trialbook.services.projections.columns import placeholders, slices, truth
from trialbook.services.projections.result_columns import (
    BODIES,
    EVIDENCE,
    RESULT_COLUMNS,
    RESULT_STATUSES,
    RESULT_VIEW,
    SCORE_STATUSES,
    SCORE_VIEW,
    read_trace_report,
    status_number,
)


class SqlResults:
    """The part of RunReads that tells of results and scores."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def latency_ranks(self, number: int, quantiles: Sequence[float]) -> list[int | None]:
        """Return quantiles of the latencies by nearest rank; None without any."""
        count = self._reader.query(
            "SELECT COUNT(*) FROM result WHERE run = ? AND latency IS NOT NULL", (number,)
        )[0][0]
        if not count:
            return [None for _ in quantiles]
        return [
            self._reader.query(
                "SELECT latency FROM result WHERE run = ? AND latency IS NOT NULL "
                "ORDER BY latency LIMIT 1 OFFSET ?",
                (number, max(0, math.ceil(quantile * count) - 1)),
            )[0][0]
            for quantile in quantiles
        ]

    def results(
        self, run: RunView, after: int, limit: int, status: ResultStatus | None
    ) -> Page[ResultView]:
        """Return results with numbers above `after`, in order, with their scores."""
        where, params = "WHERE run = ? AND number > ? ", [run.number, after]
        if status is not None:
            where += "AND status = ? "
            params.append(status_number(status))
        return self._page(run, where + "ORDER BY number LIMIT ?", params, limit)

    def slowest(
        self, run: RunView, after: tuple[int, int] | None, limit: int, status: ResultStatus | None
    ) -> Page[ResultView]:
        """Return results by latency, slowest first, after a (latency, number); -1 is none."""
        where, params = "WHERE run = ? ", [run.number]
        if status is not None:
            where += "AND status = ? "
            params.append(status_number(status))
        never_run = after is not None and after[0] == -1
        if not never_run:
            timed = where + "AND latency IS NOT NULL "
            timed_params = list(params)
            if after is not None:
                timed += "AND (latency, number) < (?, ?) "
                timed_params += after
            page = self._page(
                run, timed + "ORDER BY latency DESC, number DESC LIMIT ?", timed_params, limit
            )
            if page.rows:
                more = page.more or self._has_never_run(where, params)
                return Page(page.rows, more=more)
        start = after[1] if after is not None and never_run else 0
        return self._page(
            run,
            where + "AND latency IS NULL AND number > ? ORDER BY number LIMIT ?",
            [*params, start],
            limit,
        )

    def result(self, run: RunView, number: int) -> ResultView | None:
        """Return one result with its scores."""
        found = self._page(run, "WHERE run = ? AND number = ? LIMIT ?", [run.number, number], 1)
        return found.rows[0] if found.rows else None

    def reported_trajectories(self, number: int, results: Collection[int]) -> dict[int, str]:
        """Return what was reported as the trajectories of these results, as far as anything was."""
        rows = [
            row
            for some in slices(sorted(results))
            for row in self._reader.query(
                "SELECT number, trajectory, trajectory_blob FROM result WHERE run = ? "
                f"AND number IN ({placeholders(len(some))}) "
                "AND (trajectory IS NOT NULL OR trajectory_blob IS NOT NULL)",
                (number, *some),
            )
        ]
        return {row[0]: row[1] for row in fill_bodies(self._reader, rows, (1,))}

    def recorded(self, number: int, keys: Collection[TaskKey]) -> set[TaskKey]:
        """Return which of these tasks of a run have their result or score."""
        return {key for key in keys if self._is_recorded(number, key)}

    def _is_recorded(self, run: int, key: TaskKey) -> bool:
        if key.scorer == TARGET:
            found = self._reader.query(
                "SELECT 1 FROM result WHERE run = ? AND number = ?", (run, key.number)
            )
        else:
            found = self._reader.query(
                "SELECT 1 FROM score WHERE run = ? AND number = ? AND scorer = ?",
                (run, key.number, key.scorer),
            )
        return bool(found)

    def _has_never_run(self, where: str, params: Sequence[int]) -> bool:
        return bool(
            self._reader.query(f"SELECT 1 FROM result {where} AND latency IS NULL LIMIT 1", params)
        )

    def _page(
        self, run: RunView, where: str, params: Sequence[int], limit: int
    ) -> Page[ResultView]:
        rows = self._reader.query(RESULT_VIEW + where, (*params, limit + 1))
        found = rows[:limit]
        scores = self._score_rows(run, [row[1] for row in found])
        sizes = row_sizes(self._reader, found, BODIES)
        kept = found[
            : fitting(
                [
                    size + sum(row_sizes(self._reader, scores[row[1]], EVIDENCE))
                    for size, row in zip(sizes, found, strict=True)
                ]
            )
        ]
        results = [
            _result(row, self._scores(scores[row[1]]))
            for row in fill_bodies(self._reader, kept, BODIES)
        ]
        return Page(results, more=len(rows) > len(kept))

    def _score_rows(self, run: RunView, numbers: Sequence[int]) -> dict[int, list[tuple[Any, ...]]]:
        found: dict[int, list[tuple[Any, ...]]] = {number: [] for number in numbers}
        if run.scorers and numbers:
            rows = self._reader.query(
                SCORE_VIEW + f"WHERE run = ? AND number IN ({placeholders(len(numbers))}) "
                "ORDER BY number, scorer",
                (run.number, *numbers),
            )
            for row in rows:
                found[row[0]].append(row)
        return found

    def _scores(self, rows: Sequence[tuple[Any, ...]]) -> tuple[ScoreView, ...]:
        return tuple(map(to_score, fill_bodies(self._reader, rows, EVIDENCE)))


def _result(row: tuple[Any, ...], scores: tuple[ScoreView, ...]) -> ResultView:
    columns: dict[str, Any] = dict(zip(RESULT_COLUMNS, row, strict=True))
    skip_reason = columns["skip_reason"]
    return ResultView(
        number=columns["number"],
        ordinal=columns["ordinal"],
        item_id=columns["item_id"],
        trial=columns["trial"],
        status=RESULT_STATUSES[columns["status"]],
        output=columns["output"],
        error=_error(columns),
        attempts=columns["attempts"],
        latency=columns["latency"],
        worker_id=columns["worker_id"],
        trace_id=columns["trace_id"],
        skip_reason=None if skip_reason is None else SkipReason(skip_reason),
        steps=columns["steps"],
        usage=_usage(columns),
        round=columns["round"],
        recorded_at=columns["recorded_at"],
        scores=scores,
        trace=read_trace_report(columns["trace_report"]),
    )


def _error(columns: dict[str, Any]) -> TaskError | None:
    if columns["error_code"] is None:
        return None
    words = (columns["error_message"], columns["error_kind"], columns["error_stack"])
    return TaskError(ErrorCode(columns["error_code"]), *words)


def _usage(columns: dict[str, Any]) -> Usage | None:
    if columns["input_tokens"] is None:
        return None
    return Usage(columns["input_tokens"], columns["output_tokens"], columns["cost"])


def to_score(row: tuple[Any, ...]) -> ScoreView:
    """Return the score of a row without its run, its evidence filled in."""
    _, scorer, status, value, passed, label, reason, evidence, _, duration, recorded_at, _ = row
    return ScoreView(
        scorer,
        SCORE_STATUSES[status],
        value,
        truth(passed),
        label,
        reason,
        evidence,
        duration,
        recorded_at,
    )
