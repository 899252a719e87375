"""Commands that change items by their ids: add, upsert and remove, each as one version."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from trialbook.services.application.dataset import head_of, require
from trialbook.services.application.dataset_schema import (
    ItemChecker,
    checker_of,
    has_schemas,
    same_schemas,
)
from trialbook.services.application.item import ItemDraft, require_count
from trialbook.services.application.item_identity import (
    Decision,
    Fate,
    GivenItem,
    ImportMode,
    decide,
    look_up,
    refusals,
)
from trialbook.services.application.item_import import conflicting
from trialbook.services.application.item_preparation import (
    PinnedScorers,
    have_scorers,
    pin_scorers,
    prepare,
)
from trialbook.services.application.item_write import ItemWriter, tally_of
from trialbook.services.application.ports import CommandContext, Store, UnitOfWork
from trialbook.services.application.views import DatasetView
from trialbook.services.domain import dataset as domain
from trialbook.services.domain.dataset import DatasetSettings, ItemCounts, ItemKey
from trialbook.services.domain.errors import (
    Contended,
    Invalid,
    ItemConflict,
    ItemPurged,
    NotFound,
    Violation,
)
from trialbook.services.domain.naming import ITEM_ID, ITEM_ID_RULE, dataset_name, item_name

_ATTEMPTS = 5
_FEW = 20

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class ChangeScope:
    """Which dataset a command changes, and what it asks of it; `message` is the version's note."""

    project: str
    dataset_id: str
    expected_version: int | None = None
    message: str = ""


class ChangedItems(msgspec.Struct, frozen=True):
    """The dataset after a change, the ids of the items asked for, and how many were touched."""

    dataset: DatasetView
    item_ids: tuple[str, ...]
    counts: ItemCounts


class SchemasChanged(Exception):
    """The items were checked against other schemas than the dataset has."""

    def __init__(self, settings: DatasetSettings) -> None:
        super().__init__()
        self.settings = settings


async def add(
    store: Store, context: CommandContext, scope: ChangeScope, drafts: Sequence[ItemDraft]
) -> ChangedItems:
    """Add items; those that are there already, with this content, are the same items.

    Raises Invalid, NotFound, Stale, ImportInProgress, ItemConflict, Contended.
    """
    return await _give(store, context, scope, drafts, ImportMode.ADD)


async def upsert(
    store: Store, context: CommandContext, scope: ChangeScope, drafts: Sequence[ItemDraft]
) -> ChangedItems:
    """Add items, or let those that are there have this content. Raises as `add`, and ItemPurged."""
    _require_distinct(drafts)
    return await _give(store, context, scope, drafts, ImportMode.UPSERT)


async def _give(
    store: Store,
    context: CommandContext,
    scope: ChangeScope,
    drafts: Sequence[ItemDraft],
    mode: ImportMode,
) -> ChangedItems:
    require_count("items", len(drafts))
    pinned = PinnedScorers()
    if have_scorers(drafts):
        pinned = await store.read(lambda q: pin_scorers(q, scope.project, drafts))

    async def attempt(settings: DatasetSettings) -> ChangedItems:
        given = await _given(drafts, pinned, settings)
        return await store.execute(
            context, lambda uow: _write(uow, scope, given, mode, settings), ChangedItems
        )

    return await _checked(store, scope, attempt)


async def _checked(
    store: Store, scope: ChangeScope, attempt: Callable[[DatasetSettings], Awaitable[R]]
) -> R:
    """Write items that were checked against the schemas which the dataset has in the end.

    Most have none: that is tried first. Raises Contended if the schemas change again and again.
    """
    settings = DatasetSettings()
    for _ in range(_ATTEMPTS):
        try:
            return await attempt(settings)
        except SchemasChanged as changed:
            settings = changed.settings
        except Invalid:
            # A refusal names all that is wrong, what does not fit the schemas too.
            view = await store.read(lambda q: q.datasets.find(scope.project, scope.dataset_id))
            if view is None or same_schemas(view.settings, settings):
                raise
            settings = view.settings
    raise Contended(dataset_name(scope.project, scope.dataset_id))


def require_schemas(head: domain.Dataset, settings: DatasetSettings) -> None:
    """Refuse items that were checked against other schemas. Raises SchemasChanged."""
    if not same_schemas(head.settings, settings):
        raise SchemasChanged(head.settings)


async def _given(
    drafts: Sequence[ItemDraft], pinned: PinnedScorers, settings: DatasetSettings
) -> list[GivenItem]:
    def work() -> list[GivenItem]:
        checker: ItemChecker | None = checker_of(settings)
        prepared = prepare(drafts, pinned, checker)
        prepared.require_all()
        return prepared.given

    # A thread costs more than a few items do, unless there are schemas to be applied.
    if len(drafts) <= _FEW and not has_schemas(settings):
        return work()
    return await asyncio.to_thread(work)


def _write(
    uow: UnitOfWork,
    scope: ChangeScope,
    given: Sequence[GivenItem],
    mode: ImportMode,
    settings: DatasetSettings,
) -> ChangedItems:
    view = require(uow, scope.project, scope.dataset_id)
    head, stream_version = head_of(uow, view.uid)
    domain.require_writable(head, scope.expected_version)
    require_schemas(head, settings)
    decisions = decide(look_up(uow.datasets, view.number, given), given, mode)
    _require_accepted(view, decisions, given, mode)
    tally = tally_of(decisions)
    writer = ItemWriter(uow, view.uid, view.number, head.version + 1)
    next_ordinal = uow.datasets.last_ordinal(view.number) + 1 if tally.added else 0
    item_ids = writer.write(given, decisions, next_ordinal)
    if not tally.touched:
        return ChangedItems(view, tuple(item_ids), ItemCounts())
    made = domain.make_version(head, tally.counts, message=scope.message)
    uow.append(domain.stream_of(head.uid), [made], expected_version=stream_version)
    return ChangedItems(
        require(uow, scope.project, scope.dataset_id), tuple(item_ids), tally.counts
    )


def _require_accepted(
    view: DatasetView,
    decisions: Sequence[Decision],
    given: Sequence[GivenItem],
    mode: ImportMode,
) -> None:
    for decision in decisions:
        known = decision.known
        if (
            mode is ImportMode.UPSERT
            and decision.fate is Fate.REFUSED
            and known is not None
            and known.purged
        ):
            raise ItemPurged(item_name(view.project, view.dataset_id, known.item_id))
    refused = refusals(decisions, given, 0)
    if refused:
        raise ItemConflict(conflicting(view, decisions, given), refused)


def _require_distinct(drafts: Sequence[ItemDraft]) -> None:
    violations = [
        Violation(f"items[{index}].{name}", f"{value[:80]!r} stands in this call before")
        for name in ("item_id", "external_id")
        for index, value in repeated([getattr(draft, name) for draft in drafts])
    ]
    if violations:
        raise Invalid(violations)


def repeated(values: Sequence[str]) -> list[tuple[int, str]]:
    """Return the values that stand before already, with their places. Empty ones do not count."""
    seen: set[str] = set()
    found = []
    for index, value in enumerate(values):
        if value and value in seen:
            found.append((index, value))
        seen.add(value)
    return found


def remove(uow: UnitOfWork, scope: ChangeScope, item_ids: Sequence[str]) -> ChangedItems:
    """Remove items; those that are removed already make no difference.

    Raises NotFound for items that never were, Stale, ImportInProgress.
    """
    view = require(uow, scope.project, scope.dataset_id)
    head, stream_version = head_of(uow, view.uid)
    domain.require_writable(head, scope.expected_version)
    known = {item.item_id: item for item in uow.datasets.known_items(view.number, item_ids, ())}
    for item_id in item_ids:
        if item_id not in known:
            raise NotFound(item_name(view.project, view.dataset_id, item_id))
    live = sorted((item.ordinal, item.item_id) for item in known.values() if item.version)
    keys = [ItemKey(item_id, ordinal) for ordinal, item_id in live]
    if not keys:
        return ChangedItems(view, (), ItemCounts())
    ItemWriter(uow, view.uid, view.number, head.version + 1).append(removed=keys)
    counts = ItemCounts(removed=len(keys))
    made = domain.make_version(head, counts, message=scope.message)
    uow.append(domain.stream_of(head.uid), [made], expected_version=stream_version)
    return ChangedItems(require(uow, scope.project, scope.dataset_id), (), counts)


def check_item_ids(item_ids: Sequence[str]) -> None:
    """Refuse ids that no item can have, and more of them than one call may name. Raises Invalid."""
    require_count("item_ids", len(item_ids))
    violations = [
        Violation(f"item_ids[{index}]", f"{item_id[:80]!r} is not allowed: {ITEM_ID_RULE}")
        for index, item_id in enumerate(item_ids)
        if not ITEM_ID.fullmatch(item_id)
    ]
    if violations:
        raise Invalid(violations)
