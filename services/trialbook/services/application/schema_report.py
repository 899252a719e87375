"""How the items of a dataset fit other schemas than those it has."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from trialbook.services.application.dataset_schema import (
    SCHEMAS,
    CheckedBodies,
    ItemChecker,
    checker_of,
)
from trialbook.services.application.ports import Queries, Store
from trialbook.services.application.views import DatasetView, ItemView, Page
from trialbook.services.domain.dataset import DatasetSettings
from trialbook.services.domain.errors import SchemaViolated
from trialbook.services.domain.naming import dataset_name

MAX_FAILURES = 100

_PAGE = 500
_TOLD = 5


class SchemaFailure(msgspec.Struct, frozen=True):
    """One item that does not fit: where, and why not."""

    item_id: str
    path: str
    description: str


class SchemaReport(msgspec.Struct, frozen=True):
    """How many items were checked, how many do not fit, and the first of those, 100 at most."""

    checked: int = 0
    failing: int = 0
    failures: tuple[SchemaFailure, ...] = ()


def require_fitting(view: DatasetView, report: SchemaReport) -> None:
    """Refuse schemas that items do not fit. Raises SchemaViolated, naming the first of them."""
    if report.failing:
        raise SchemaViolated(
            dataset_name(view.project, view.dataset_id),
            report.failing,
            [(bad.item_id, bad.path, bad.description) for bad in report.failures[:_TOLD]],
        )


async def survey(store: Store, view: DatasetView, settings: DatasetSettings) -> SchemaReport:
    """Check all items of a dataset's present version against the schemas that would be new.

    Page by page, on threads: neither the writer nor the event loop waits for it.
    """
    new = _only_new(settings, view.settings)
    checker = await asyncio.to_thread(checker_of, new)
    if checker is None:
        return SchemaReport(checked=view.item_count)
    checked = failing = after = 0
    failures: list[SchemaFailure] = []
    while True:
        page = await store.read(lambda q: _page(q, view, after))  # noqa: B023 — awaited at once
        found = await asyncio.to_thread(_failures, page.rows, checker)
        checked += len(page.rows)
        failing += len(found)
        failures += found[: MAX_FAILURES - len(failures)]
        if not page.more:
            return SchemaReport(checked, failing, tuple(failures))
        after = page.rows[-1].ordinal


def _only_new(settings: DatasetSettings, before: DatasetSettings) -> DatasetSettings:
    """Return the schemas that are not there yet: items need not fit the others again."""
    return DatasetSettings(
        **{
            name: text
            for name in SCHEMAS
            if (text := getattr(settings, name)) != getattr(before, name)
        }
    )


def _page(queries: Queries, view: DatasetView, after: int) -> Page[ItemView]:
    return queries.datasets.items(view.number, view.version, after, _PAGE, purged=False)


def _failures(items: Sequence[ItemView], checker: ItemChecker) -> list[SchemaFailure]:
    """Return the first problem of each item that has one."""
    found = []
    for item in items:
        problems = checker.problems(CheckedBodies(item.input, item.expected, item.context))
        if problems:
            found.append(SchemaFailure(item.item_id, problems[0].path, problems[0].message))
    return found
