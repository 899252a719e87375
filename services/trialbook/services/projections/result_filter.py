"""Finds some of a run's results."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

from trialbook.services.application.result_filter import ResultFilter, ResultKey
from trialbook.services.application.views import Page, ResultView, RunView
from trialbook.services.domain.run import ResultStatus
from trialbook.services.projections.columns import placeholders
from trialbook.services.projections.result_columns import status_number, status_of
from trialbook.services.projections.result_reads import SqlResults

_KEY = "SELECT number, ordinal, item_id, trial, status FROM result "
_ALWAYS = 2
"""How many conditions every filter has."""


class SqlFilteredResults(SqlResults):
    """Results and scores, and the part of RunReads that finds results by a filter."""

    def matching(
        self, run: RunView, wanted: ResultFilter, after: int, limit: int
    ) -> list[ResultKey]:
        """Return keys of results with numbers above `after`, in order."""
        where, params = filter_condition(run, wanted, after, limit)
        rows = self._reader.query(f"{_KEY}{where} ORDER BY number LIMIT ?", (*params, limit))
        return [_key(row) for row in rows]

    def filtered(
        self, run: RunView, wanted: ResultFilter, after: int, limit: int
    ) -> Page[ResultView]:
        """Return results with numbers above `after`, in order, with their scores."""
        where, params = filter_condition(run, wanted, after, limit + 1)
        return self._page(run, f"{where} ORDER BY number LIMIT ?", params, limit)


def filter_condition(
    run: RunView, wanted: ResultFilter, after: int, limit: int
) -> tuple[str, list[Any]]:
    """Return the condition, and its parameters, of the next results that are wanted.

    More than `limit` of them need not fulfil it.
    """
    where = ["run = ?", "number > ?"]
    params: list[Any] = [run.number, after]
    if wanted.numbers:
        some = wanted.numbers[bisect_right(wanted.numbers, after) :]
        where.append(f"number IN ({placeholders(len(some))})" if some else "1 = 0")
        params += some
    if wanted.item_ids:
        where.append(f"item_id IN ({placeholders(len(wanted.item_ids))})")
        params += wanted.item_ids
    if wanted.status is not None:
        where.append("status = ?")
        params.append(status_number(wanted.status))
    if wanted.failing:
        alone = len(where) == _ALWAYS
        condition, more = _next(run, wanted, after, limit) if alone else _failing(run, wanted)
        where.append(condition)
        params += more
    return "WHERE " + " AND ".join(where), params


def _failing(run: RunView, wanted: ResultFilter) -> tuple[str, list[Any]]:
    """Return what holds for a failing result, to be asked of one after the other."""
    places = _places(run, wanted)
    conditions: list[str] = []
    params: list[Any] = []
    if not wanted.scorer:
        conditions.append("status = ?")
        params.append(status_number(ResultStatus.FAILED))
    if places:
        conditions.append(
            "EXISTS (SELECT 1 FROM score WHERE score.run = result.run AND score.passed = 0 "
            "AND score.number = result.number "
            f"AND score.scorer IN ({placeholders(len(places))}))"
        )
        params += places
    return f"({' OR '.join(conditions)})", params


def _next(run: RunView, wanted: ResultFilter, after: int, limit: int) -> tuple[str, list[Any]]:
    """Return what holds for the next failing results, found by indexes: they may be few of many."""
    places = _places(run, wanted)
    found: list[str] = []
    params: list[Any] = []
    if not wanted.scorer:
        found.append("number FROM result WHERE run = ? AND status = ?")
        params += [run.number, status_number(ResultStatus.FAILED), after, limit]
    if places:
        judged = f"scorer IN ({placeholders(len(places))})"
        found.append(f"DISTINCT number FROM score WHERE run = ? AND passed = 0 AND {judged}")
        params += [run.number, *places, after, limit]
    parts = " UNION ".join(
        f"SELECT number FROM (SELECT {part} AND number > ? ORDER BY number LIMIT ?) AS part{place}"
        for place, part in enumerate(found)
    )
    return f"number IN ({parts})", params


def _places(run: RunView, wanted: ResultFilter) -> list[int]:
    return [
        place
        for place, spec in enumerate(run.scorers)
        if not spec.superseded and wanted.scorer in ("", spec.alias)
    ]


def _key(row: tuple[Any, ...]) -> ResultKey:
    number, ordinal, item_id, trial, status = row
    return ResultKey(number, ordinal, item_id, trial, status_of(status))
