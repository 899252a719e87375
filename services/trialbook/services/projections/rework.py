"""Results as the rework of a run wants them: few columns, many rows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from trialbook.eventstore import Reader
from trialbook.services.application.rework_reads import (
    RecordedOutcome,
    RecordedOutput,
    RetryTerms,
    Unit,
)
from trialbook.services.application.views import Page, RunView
from trialbook.services.domain.run import ErrorCode, ResultStatus, SkipReason, TaskError
from trialbook.services.projections.bodies import fill_bodies, page_of
from trialbook.services.projections.columns import placeholders, slices
from trialbook.services.projections.result_columns import (
    read_trace_report,
    status_number,
    status_of,
)

_OUTPUT = (
    "SELECT number, ordinal, item_id, trial, status, output, output_blob, steps, steps_blob, "
    "trace_report, trajectory IS NOT NULL OR trajectory_blob IS NOT NULL, recorded_at "
    "FROM result WHERE run = ? AND number > ? ORDER BY number LIMIT ?"
)
_OUTPUT_BODIES = (5, 7)
_OUTCOME = (
    "SELECT number, status, output, output_blob, error_code, error_message, error_kind, "
    "error_stack FROM result WHERE run = ? "
)
_OUTCOME_BODIES = (2,)
_NOT_PURGED = """
    AND NOT EXISTS (
        SELECT 1 FROM item
        WHERE item.dataset = ? AND item.ordinal = result.ordinal AND purged_at IS NOT NULL
    )
"""


class SqlRework:
    """Implements ReworkReads."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def retryable(self, run: RunView, terms: RetryTerms, after: int, limit: int) -> list[Unit]:
        """Return what is to be run again, by number, above `after`; without purged items."""
        found: list[Unit] = []
        for where, params in _retryable(run, terms, after):
            rows = self._reader.query(
                f"SELECT number, ordinal, item_id, trial FROM result {where} "
                "ORDER BY number LIMIT ?",
                (*params, limit - len(found)),
            )
            found += [Unit(*row) for row in rows]
            if len(found) == limit:
                break
        return found

    def count_retryable(self, run: RunView, terms: RetryTerms) -> int:
        """Return how many results are to be run again."""
        return sum(
            self._reader.query(f"SELECT COUNT(*) FROM result {where}", params)[0][0]
            for where, params in _retryable(run, terms, 0)
        )

    def known_numbers(self, run: RunView, numbers: Collection[int]) -> set[int]:
        """Return those of these numbers that have a result."""
        return {
            row[0]
            for some in slices(sorted(numbers))
            for row in self._reader.query(
                f"SELECT number FROM result WHERE run = ? AND number IN "
                f"({placeholders(len(some))})",
                (run.number, *some),
            )
        }

    def outcomes(self, run: RunView, numbers: Sequence[int]) -> dict[int, RecordedOutcome]:
        """Return results by number."""
        rows = [
            row
            for some in slices(numbers)
            for row in self._reader.query(
                f"{_OUTCOME} AND number IN ({placeholders(len(some))})", (run.number, *some)
            )
        ]
        return {row[0]: _outcome(row) for row in fill_bodies(self._reader, rows, _OUTCOME_BODIES)}

    def outputs(self, run: RunView, after: int, limit: int) -> Page[RecordedOutput]:
        """Return results above `after`, in order; fewer if their bodies are large."""
        rows = self._reader.query(_OUTPUT, (run.number, after, limit + 1))
        kept = page_of(self._reader, rows[:limit], _OUTPUT_BODIES)
        return Page([_output(row) for row in kept], more=len(rows) > len(kept))

    def units(self, run: RunView, after: int, limit: int) -> list[Unit]:
        """Return what results above `after` stand for, in order."""
        rows = self._reader.query(
            "SELECT number, ordinal, item_id, trial FROM result WHERE run = ? AND number > ? "
            "ORDER BY number LIMIT ?",
            (run.number, after, limit),
        )
        return [Unit(*row) for row in rows]

    def scored(
        self, run: RunView, places: Sequence[int], first: int, last: int
    ) -> set[tuple[int, int]]:
        """Return which (number, place) have a score, of the results between two numbers."""
        rows = self._reader.query(
            "SELECT number, scorer FROM score WHERE run = ? AND number BETWEEN ? AND ? "
            f"AND scorer IN ({placeholders(len(places))})",
            (run.number, first, last, *places),
        )
        return {(number, place) for number, place in rows}

    def failed_in_round(self, run: RunView) -> int:
        """Return how many results failed in the current round of a run."""
        rows = self._reader.query(
            "SELECT COUNT(*) FROM result WHERE run = ? AND status = ? AND round = ?",
            (run.number, status_number(ResultStatus.FAILED), run.round),
        )
        return int(rows[0][0])

    def skip_reasons(self, run: RunView) -> set[SkipReason]:
        """Return why results of a run were skipped."""
        rows = self._reader.query(
            "SELECT DISTINCT skip_reason FROM result WHERE run = ? AND status = ?",
            (run.number, status_number(ResultStatus.SKIPPED)),
        )
        return {SkipReason(row[0]) if row[0] else SkipReason.RUN_CANCELLED for row in rows}


def _retryable(
    run: RunView, terms: RetryTerms, after: int
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield conditions and parameters that together select what is run again, by number."""
    statuses = [status_number(ResultStatus.FAILED)]
    if terms.include_skipped:
        statuses.append(status_number(ResultStatus.SKIPPED))
    where = (
        f"WHERE run = ? AND number > ? AND round < ? AND status IN ({placeholders(len(statuses))}) "
        + _NOT_PURGED
    )
    params = (run.number, after, terms.round, *statuses, run.dataset_number)
    if not terms.numbers:
        yield where, params
    for some in slices([number for number in sorted(set(terms.numbers)) if number > after]):
        yield where + f"AND number IN ({placeholders(len(some))})", (*params, *some)


def _output(row: tuple[Any, ...]) -> RecordedOutput:
    number, ordinal, item_id, trial, status, output, _, steps, _, trace, told, recorded_at = row
    return RecordedOutput(
        Unit(number, ordinal, item_id, trial),
        status_of(status),
        output,
        steps,
        read_trace_report(trace),
        bool(told),
        recorded_at,
    )


def _outcome(row: tuple[Any, ...]) -> RecordedOutcome:
    _, status, output, _, code, message, kind, stack = row
    error = None if code is None else TaskError(ErrorCode(code), message, kind, stack)
    return RecordedOutcome(status_of(status), output, error)
