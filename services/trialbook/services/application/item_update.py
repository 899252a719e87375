"""Partial updates of items: only the fields that are named change."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from trialbook.services.application.dataset import require
from trialbook.services.application.dataset_schema import (
    CheckedBodies,
    ItemChecker,
    checker_of,
)
from trialbook.services.application.item import (
    MAX_VIOLATIONS,
    ItemDraft,
    check_draft,
    require_count,
)
from trialbook.services.application.item_change import ChangedItems, ChangeScope, repeated
from trialbook.services.application.item_content import digest_of
from trialbook.services.application.item_extras import (
    StoredExtras,
    encode_extras,
    read_extras,
    write_extras,
)
from trialbook.services.application.item_identity import Known
from trialbook.services.application.item_plan import (
    ItemPlan,
    carry_out,
    require_known,
    text_of,
    with_bodies,
)
from trialbook.services.application.item_state import KnownItem
from trialbook.services.application.ports import CommandContext, Queries, Store
from trialbook.services.application.scorer import Holder, pin
from trialbook.services.application.views import DatasetView
from trialbook.services.domain.content import ContentCollector
from trialbook.services.domain.dataset import ItemFact
from trialbook.services.domain.errors import Invalid, NotFound, Violation
from trialbook.services.domain.experiment import ScorerSpec
from trialbook.services.domain.naming import item_name

BODIES = ("input", "expected", "context", "metadata")
_EXTRAS = ("expected_trajectory", "start_options", "tool_mocks", "unmocked_tools", "scorers")
UPDATABLE = (*BODIES, *_EXTRAS, "tags", "split", "source")
"""The fields of an item that can be updated."""


class ItemUpdate(msgspec.Struct, frozen=True):
    """Which item, by its id or else its external id, and what the named fields are to be."""

    draft: ItemDraft
    fields: frozenset[str]


async def update(
    store: Store, context: CommandContext, scope: ChangeScope, updates: Sequence[ItemUpdate]
) -> ChangedItems:
    """Change fields of items; what changes nothing makes no version.

    Raises Invalid, NotFound, ItemPurged, Stale, ImportInProgress, Contended.
    """
    _check(updates)
    return await carry_out(
        store, context, scope, lambda: store.read(lambda q: _plan(q, scope, updates))
    )


def _check(updates: Sequence[ItemUpdate]) -> None:
    require_count("updates", len(updates))
    violations: list[Violation] = []
    for index, wanted in enumerate(updates):
        violations += _violations(f"updates[{index}].item", wanted)
        if len(violations) >= MAX_VIOLATIONS:
            break
    for name in ("item_id", "external_id"):
        given = [getattr(wanted.draft, name) for wanted in updates]
        violations += [
            Violation(f"updates[{index}].item.{name}", f"{value[:80]!r} stands in this call before")
            for index, value in repeated(given)
        ]
    if violations:
        raise Invalid(violations[:MAX_VIOLATIONS])


def _violations(path: str, wanted: ItemUpdate) -> list[Violation]:
    draft = wanted.draft
    if not (draft.item_id or draft.external_id):
        return [Violation(f"{path}.item_id", "is required; say which item, by either of its ids")]
    if "input" in wanted.fields and draft.input is None:
        return [Violation(f"{path}.input", "cannot be cleared; send JSON, null for no input")]
    if draft.input is None:
        draft = msgspec.structs.replace(draft, input="null")
    return check_draft(path, draft)


def _plan(queries: Queries, scope: ChangeScope, updates: Sequence[ItemUpdate]) -> ItemPlan:
    view = require(queries, scope.project, scope.dataset_id)
    targets = _targets(queries, view, updates)
    plan = ItemPlan(view, targets)
    facts = queries.datasets.facts_at(
        view.number, view.version, [target.ordinal for target in targets]
    )
    merging = _Merging(queries, view, plan)
    wanted = {target.ordinal: place for place, target in enumerate(targets)}
    for fact, blobs in with_bodies(queries.datasets, list(facts.values())):
        place = wanted[fact.ordinal]
        merging.merge(fact, blobs, updates[place], f"updates[{place}].item")
    merging.finish()
    return plan


def _targets(queries: Queries, view: DatasetView, updates: Sequence[ItemUpdate]) -> list[KnownItem]:
    """Return the item that each update means."""
    item_ids = {wanted.draft.item_id for wanted in updates if wanted.draft.item_id}
    external_ids = {
        wanted.draft.external_id
        for wanted in updates
        if wanted.draft.external_id and not wanted.draft.item_id
    }
    known = Known.of(queries.datasets.known_items(view.number, item_ids, external_ids))
    targets: list[KnownItem] = []
    places: dict[int, int] = {}
    for place, wanted in enumerate(updates):
        target = _target(view, known, wanted.draft, f"updates[{place}].item")
        if target.ordinal in places:
            raise Invalid.field(
                f"updates[{place}].item", f"is the item of updates[{places[target.ordinal]}]"
            )
        places[target.ordinal] = place
        targets.append(target)
    return targets


def _target(view: DatasetView, known: Known, draft: ItemDraft, path: str) -> KnownItem:
    found = (
        known.by_item_id.get(draft.item_id)
        if draft.item_id
        else known.by_external_id.get(draft.external_id)
    )
    target = require_known(view, draft.item_id or draft.external_id, found)
    if not target.version:
        raise NotFound(
            item_name(view.project, view.dataset_id, target.item_id),
            "it was removed; restore it first",
        )
    if draft.external_id and draft.external_id != target.external_id:
        raise Invalid.field(
            f"{path}.external_id", f"cannot be changed; it is {target.external_id!r}"
        )
    return target


class _Merging:
    """Puts new fields into old facts, and gathers what comes of it."""

    def __init__(self, queries: Queries, view: DatasetView, plan: ItemPlan) -> None:
        self._queries = queries
        self._view = view
        self._plan = plan
        self._checker: ItemChecker | None = checker_of(view.settings)
        self._contents = ContentCollector()
        self._violations: list[Violation] = []

    def merge(self, fact: ItemFact, blobs: dict[bytes, str], wanted: ItemUpdate, path: str) -> None:
        """Let a fact have the fields of an update, if that makes a difference."""
        self._check(wanted, path)
        draft, fields = wanted.draft, wanted.fields
        extras = self._extras(text_of(fact.extras, blobs), wanted, f"{path}.scorers")
        texts = [
            getattr(draft, name) if name in fields else text_of(getattr(fact, name), blobs)
            for name in BODIES
        ]
        tags = draft.tags if "tags" in fields else fact.tags
        split = draft.split if "split" in fields else fact.split
        source = draft.source if "source" in fields else fact.source
        given, expected, context, metadata = texts
        digest = digest_of((given, expected, context, metadata), extras, tags, split)
        same_extras = extras == text_of(fact.extras, blobs)
        if digest == fact.digest and source == fact.source and same_extras:
            return
        bodies = {
            name: self._contents.add_optional(getattr(draft, name))
            for name in BODIES
            if name in fields
        }
        if not same_extras:
            bodies["extras"] = self._contents.add_optional(extras)
        self._plan.changed.append(
            msgspec.structs.replace(
                fact, **bodies, tags=tags, split=split, source=source, digest=digest
            )
        )

    def finish(self) -> None:
        """Refuse what does not fit the schemas. Raises Invalid."""
        if self._violations:
            raise Invalid(self._violations[:MAX_VIOLATIONS])
        self._plan.changed.sort(key=lambda fact: fact.ordinal)
        self._plan.blobs = self._contents.blobs

    def _check(self, wanted: ItemUpdate, path: str) -> None:
        """Check the bodies that are new. What was forced to stay is left alone."""
        if self._checker is None or len(self._violations) >= MAX_VIOLATIONS:
            return
        bodies = CheckedBodies(
            *(
                getattr(wanted.draft, name) if name in wanted.fields else None
                for name in CheckedBodies._fields
            )
        )
        self._violations += [
            Violation(f"{path}.{problem.path}", problem.message, "SCHEMA_VIOLATED")
            for problem in self._checker.problems(bodies)
        ]

    def _extras(self, before: str | None, wanted: ItemUpdate, path: str) -> str | None:
        changed = [name for name in _EXTRAS if name in wanted.fields]
        if not changed and "source" not in wanted.fields:
            return before
        specs: tuple[ScorerSpec, ...] = ()
        if "scorers" in wanted.fields:
            drafts = wanted.draft.extras.scorers
            specs = pin(self._queries, self._view.project, drafts, path, Holder.ITEM)
        given: StoredExtras = read_extras(write_extras(wanted.draft.extras, specs))
        if "source" in wanted.fields:
            changed.append("source_reference")
        new = {name: getattr(given, name) for name in changed}
        return encode_extras(msgspec.structs.replace(read_extras(before), **new))
