"""Brings items back: removed ones as they were last, or any as they were at a version."""

from __future__ import annotations

from collections.abc import Sequence

from trialbook.services.application.dataset import require, require_version
from trialbook.services.application.dataset_schema import CheckedBodies, ItemChecker, checker_of
from trialbook.services.application.item_change import ChangedItems, ChangeScope
from trialbook.services.application.item_plan import (
    ItemPlan,
    carry_out,
    require_known,
    text_of,
    with_bodies,
)
from trialbook.services.application.ports import CommandContext, Queries, Store
from trialbook.services.application.views import DatasetView
from trialbook.services.domain.dataset import ItemFact
from trialbook.services.domain.errors import Invalid, NotFound, SchemaViolated
from trialbook.services.domain.naming import dataset_name, item_name

_TOLD = 5


async def restore(
    store: Store,
    context: CommandContext,
    scope: ChangeScope,
    item_ids: Sequence[str],
    version: int,
) -> ChangedItems:
    """Bring items back from a version; 0 for removed ones as they were last.

    Raises Invalid, NotFound, VersionNotFound, ItemPurged, SchemaViolated, Stale,
    ImportInProgress, Contended.
    """
    if version < 0:
        raise Invalid.field("version", f"{version} is negative; use 0 for the newest contents")
    return await carry_out(
        store, context, scope, lambda: store.read(lambda q: _plan(q, scope, item_ids, version))
    )


def _plan(queries: Queries, scope: ChangeScope, item_ids: Sequence[str], version: int) -> ItemPlan:
    view = require(queries, scope.project, scope.dataset_id)
    if version:
        require_version(queries, view, version)
    found = queries.datasets.known_items(view.number, item_ids, ())
    by_id = {item.item_id: item for item in found}
    plan = ItemPlan(view, [require_known(view, name, by_id.get(name)) for name in item_ids])
    facts = _facts(queries, plan, version)
    for known in sorted(plan.known, key=lambda item: item.ordinal):
        fact = facts.get(known.ordinal)
        if fact is None:
            continue
        if not known.version:
            plan.restored.append(fact)
        elif fact.digest != known.digest:
            plan.changed.append(fact)
    _require_fitting(queries, view, [*plan.restored, *plan.changed])
    return plan


def _facts(queries: Queries, plan: ItemPlan, version: int) -> dict[int, ItemFact]:
    """Return the contents to come by ordinal."""
    view = plan.view
    if not version:
        removed = [item.ordinal for item in plan.known if not item.version]
        return queries.datasets.last_facts(view.number, removed)
    facts = queries.datasets.facts_at(view.number, version, [item.ordinal for item in plan.known])
    for item in plan.known:
        if item.ordinal not in facts:
            raise NotFound(
                item_name(view.project, view.dataset_id, item.item_id),
                f"version {version} does not have it",
            )
    return facts


def _require_fitting(queries: Queries, view: DatasetView, facts: Sequence[ItemFact]) -> None:
    checker = checker_of(view.settings)
    if checker is None:
        return
    failing: list[tuple[str, str, str]] = []
    for fact, blobs in with_bodies(queries.datasets, facts):
        problem = _problem(checker, fact, blobs)
        if problem is not None:
            failing.append(problem)
    if failing:
        resource = dataset_name(view.project, view.dataset_id)
        raise SchemaViolated(resource, len(failing), failing[:_TOLD])


def _problem(
    checker: ItemChecker, fact: ItemFact, blobs: dict[bytes, str]
) -> tuple[str, str, str] | None:
    bodies = CheckedBodies(
        *(text_of(body, blobs) for body in (fact.input, fact.expected, fact.context))
    )
    problems = checker.problems(bodies)
    return (fact.item_id, problems[0].path, problems[0].message) if problems else None
