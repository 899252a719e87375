"""What happened to an item, step by step."""

from __future__ import annotations

import enum
from collections.abc import Iterator

import msgspec

from trialbook.services.application.item_difference import item_changes
from trialbook.services.application.item_reads import ItemSpell
from trialbook.services.application.json_difference import Change
from trialbook.services.application.ports import Queries
from trialbook.services.application.views import DatasetView, ItemView, VersionView
from trialbook.services.domain.errors import NotFound
from trialbook.services.domain.naming import item_name


class Step(enum.StrEnum):
    """What happened."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    RESTORED = "restored"


class Revision(msgspec.Struct, frozen=True):
    """One step: the item from then on (for a removal, as it was last), and what that changed."""

    step: Step
    version: VersionView
    item: ItemView
    changes: tuple[Change, ...]


class _Stepped(msgspec.Struct, frozen=True):
    """A step, with the content before it."""

    step: Step
    version: int
    item: ItemView
    previous: ItemView | None


class RevisionPage(msgspec.Struct, frozen=True):
    """Some steps; `before` is the version where the next page begins, None on the last one."""

    revisions: list[Revision]
    before: int | None


def page(
    queries: Queries, dataset: DatasetView, item_id: str, before: int | None, limit: int
) -> RevisionPage:
    """Return up to `limit` steps below version `before`, newest first. Raises NotFound.

    Fewer if the contents are large. Steps of an import that is under way are not told.
    """
    bound = dataset.version + 1 if before is None else before
    spells, more = _spells(queries, dataset.number, item_id, bound, limit)
    if not spells and before is None:
        raise NotFound(item_name(dataset.project, dataset.dataset_id, item_id))
    steps = list(_steps(spells, bound, whole=not more))
    chosen = steps[:limit]
    versions = queries.datasets.versions_at(dataset.number, [one.version for one in chosen])
    left = more or len(chosen) < len(steps)
    return RevisionPage(
        [_revision(one, versions[one.version]) for one in chosen],
        chosen[-1].version if left else None,
    )


def _spells(
    queries: Queries, number: int, item_id: str, before: int, limit: int
) -> tuple[list[ItemSpell], bool]:
    """Return an item's contents, newest first, and whether there are more.

    The last one is there for what came after it: it is not told of itself if there are more.
    """
    found = queries.datasets.spells(number, item_id, before, limit + 1)
    rows = found.rows
    if found.more and len(rows) == 1:
        # However large the two are: a step needs both, and a page needs a step.
        oldest = rows[0].item.version
        rows = rows + queries.datasets.spells(number, item_id, oldest, 1).rows
        return rows, True
    return rows, found.more


def _steps(spells: list[ItemSpell], bound: int, *, whole: bool) -> Iterator[_Stepped]:
    for place, spell in enumerate(spells):
        item = spell.item
        # What ends where the next content begins was changed.
        if spell.until < bound:
            yield _Stepped(Step.REMOVED, spell.until, item, None)
        bound = item.version
        if place + 1 < len(spells):
            older = spells[place + 1]
            step = Step.CHANGED if older.until == item.version else Step.RESTORED
            yield _Stepped(step, item.version, item, older.item)
        elif whole:
            yield _Stepped(Step.ADDED, item.version, item, None)


def _revision(one: _Stepped, version: VersionView) -> Revision:
    changes = () if one.previous is None else tuple(item_changes(one.previous, one.item))
    return Revision(one.step, version, one.item, changes)
