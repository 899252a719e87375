"""Changes of items that are worked out on a snapshot, and written if it still holds then."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field

from trialbook.services.application.dataset import Overtaken, head_of, require
from trialbook.services.application.item_change import ChangedItems, ChangeScope
from trialbook.services.application.item_state import ItemStates, KnownItem
from trialbook.services.application.item_write import ItemWriter
from trialbook.services.application.ports import CommandContext, Store, UnitOfWork
from trialbook.services.application.views import DatasetView
from trialbook.services.domain import dataset as domain
from trialbook.services.domain.content import BlobReference, Content
from trialbook.services.domain.dataset import ItemCounts, ItemFact
from trialbook.services.domain.errors import Contended, ItemPurged, NotFound
from trialbook.services.domain.naming import dataset_name, item_name

_ATTEMPTS = 20
_SLICE_BYTES = 8 * 1024 * 1024


@dataclass(slots=True)
class ItemPlan:
    """What is to be written, and the items, as they are known, on which that rests."""

    view: DatasetView
    known: Sequence[KnownItem]
    changed: list[ItemFact] = field(default_factory=list)
    restored: list[ItemFact] = field(default_factory=list)
    blobs: dict[bytes, str] = field(default_factory=dict)

    @property
    def counts(self) -> ItemCounts:
        """What a version tells of it."""
        return ItemCounts(changed=len(self.changed), restored=len(self.restored))


async def carry_out(
    store: Store,
    context: CommandContext,
    scope: ChangeScope,
    plan: Callable[[], Awaitable[ItemPlan]],
) -> ChangedItems:
    """Plan and write, again and again while others change the same items. Raises Contended."""
    before = await store.recall(context, ChangedItems)
    if before is not None:
        return before
    for _ in range(_ATTEMPTS):
        chosen = await plan()
        try:
            return await store.execute(
                context,
                lambda uow: _write(uow, scope, chosen),  # noqa: B023 — awaited at once
                ChangedItems,
            )
        except Overtaken:
            continue
    raise Contended(dataset_name(scope.project, scope.dataset_id))


def _write(uow: UnitOfWork, scope: ChangeScope, plan: ItemPlan) -> ChangedItems:
    view = require(uow, scope.project, scope.dataset_id)
    if view.uid != plan.view.uid:
        raise Overtaken
    head, stream_version = head_of(uow, view.uid)
    domain.require_writable(head, scope.expected_version)
    _require_unchanged(uow, head, plan)
    counts = plan.counts
    if counts == ItemCounts():
        return ChangedItems(view, (), counts)
    uow.store_blobs(plan.blobs)
    writer = ItemWriter(uow, view.uid, view.number, head.version + 1)
    writer.append(changed=plan.changed, restored=plan.restored)
    made = domain.make_version(head, counts, message=scope.message)
    uow.append(domain.stream_of(head.uid), [made], expected_version=stream_version)
    return ChangedItems(require(uow, scope.project, scope.dataset_id), (), counts)


def _require_unchanged(uow: UnitOfWork, head: domain.Dataset, plan: ItemPlan) -> None:
    """Refuse a plan that rests on what is no more so. Raises Overtaken."""
    if head.settings != plan.view.settings:
        raise Overtaken
    # Not by the dataset's version: a purge of removed items makes none.
    item_ids = [item.item_id for item in plan.known]
    now = uow.datasets.known_items(plan.view.number, item_ids, ())
    if {item.item_id: item for item in now} != {item.item_id: item for item in plan.known}:
        raise Overtaken


def require_known(view: DatasetView, item_id: str, known: KnownItem | None) -> KnownItem:
    """Return an item that the dataset has or had. Raises NotFound, ItemPurged."""
    if known is None:
        raise NotFound(item_name(view.project, view.dataset_id, item_id))
    if known.purged:
        raise ItemPurged(item_name(view.project, view.dataset_id, known.item_id))
    return known


def bodies_of(fact: ItemFact) -> tuple[Content | None, ...]:
    """Return all bodies of a fact."""
    return fact.input, fact.expected, fact.context, fact.metadata, fact.extras


def text_of(content: Content | None, blobs: dict[bytes, str]) -> str | None:
    """Return the text of a body, large ones from `blobs`."""
    return blobs[content.digest] if isinstance(content, BlobReference) else content


def with_bodies(
    states: ItemStates, facts: Sequence[ItemFact]
) -> Iterator[tuple[ItemFact, dict[bytes, str]]]:
    """Yield facts with their large bodies, few enough of which are held at once."""
    for some in _slices(facts):
        digests = {
            body.digest
            for fact in some
            for body in bodies_of(fact)
            if isinstance(body, BlobReference)
        }
        blobs = dict(states.bodies(digests))
        for fact in some:
            yield fact, blobs


def _slices(facts: Sequence[ItemFact]) -> Iterator[Sequence[ItemFact]]:
    begin = size = 0
    for place, fact in enumerate(facts):
        size += sum(b.size for b in bodies_of(fact) if isinstance(b, BlobReference))
        if size > _SLICE_BYTES:
            yield facts[begin : place + 1]
            begin, size = place + 1, 0
    if begin < len(facts):
        yield facts[begin:]
