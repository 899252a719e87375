"""One import of items, from whatever stream: reserve the version, bring the items, make it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from trialbook.services.application import item_import as application
from trialbook.services.application.content_index import ContentIndex, read_contents
from trialbook.services.application.dataset_schema import ItemChecker, checker_of
from trialbook.services.application.item import ItemDraft, require_count
from trialbook.services.application.item_identity import GivenItem, ImportMode
from trialbook.services.application.item_import import (
    BatchOutcome,
    ImportBatch,
    ImportedItems,
    ImportTicket,
)
from trialbook.services.application.item_preparation import (
    PinnedScorers,
    Prepared,
    have_scorers,
    pin_scorers,
    prepare,
)
from trialbook.services.application.item_write import Tally
from trialbook.services.application.ports import CommandContext, Store
from trialbook.services.domain.errors import Violation
from trialbook.services.engine.engine import Engine

R = TypeVar("R")

_DROP_SECONDS = 10


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What is to be imported into which dataset.

    With `partial`, items that are refused are left out; otherwise the first refusal ends it all.
    `message` is the note on the version.
    """

    project: str
    dataset_id: str
    mode: ImportMode = ImportMode.ADD
    expected_version: int | None = None
    message: str = ""
    partial: bool = False


@dataclass(slots=True)
class Brought:
    """What became of some items; the refused ones by their place among them."""

    tally: Tally
    refused: dict[int, list[Violation]] = field(default_factory=dict)


class ImportContents:
    """The contents that the dataset had before an import, read when the first item needs them."""

    def __init__(self, store: Store, ticket: ImportTicket) -> None:
        self._store = store
        self._ticket = ticket
        self._index: ContentIndex | None = None

    async def for_those(self, given: Sequence[GivenItem]) -> ContentIndex | None:
        """Return what items without ids are compared with."""
        if all(item.item_id or item.external_id for item in given):
            return None
        view = self._ticket.view
        if self._index is None and view.item_count:
            self._index = await read_contents(self._store, view)
        return self._index


class ImportSession:
    """Brings items batch by batch; `opened` begins one. Not to be used concurrently."""

    def __init__(
        self, store: Store, context: CommandContext, plan: ImportPlan, ticket: ImportTicket
    ) -> None:
        self._store = store
        self._context = context
        self._plan = plan
        self._ticket = ticket
        self._checker: ItemChecker | None = None
        self._contents = ImportContents(store, ticket)
        self._ids_given = False
        self._next_ordinal = ticket.next_ordinal
        self._count = 0
        self.tally = Tally()
        """What has been done so far."""

    async def bring(self, drafts: Sequence[ItemDraft]) -> Brought:
        """Bring up to 1,000 items more. Raises Invalid, ItemConflict, ImportInProgress."""
        require_count("items", len(drafts))
        if not drafts:
            return Brought(Tally())
        prepared = await self._prepared(drafts)
        offset, self._count = self._count, self._count + len(drafts)
        if not self._plan.partial:
            prepared.require_all()
        outcome = await self._write(prepared, offset)
        self.tally += outcome.tally
        self._next_ordinal += outcome.tally.added
        refused = dict(prepared.problems)
        refused |= {prepared.places[place]: [why] for place, why in outcome.refused}
        return Brought(outcome.tally, refused)

    @property
    def ticket(self) -> ImportTicket:
        """The right under which it brings items."""
        return self._ticket

    async def commit(self) -> ImportedItems:
        """Make the version, if there is anything in it."""
        return await self.commit_as(lambda done: done, ImportedItems)

    async def commit_as(self, made: Callable[[ImportedItems], R], result: type[R]) -> R:
        """Make the version; return, now and to those who repeat the command, what `made` makes."""
        return await self._store.execute(
            self._context,
            lambda uow: made(
                application.commit_import(uow, self._ticket, self.tally, self._plan.message)
            ),
            result,
        )

    async def _prepared(self, drafts: Sequence[ItemDraft]) -> Prepared:
        pinned = PinnedScorers()
        if have_scorers(drafts):
            pinned = await self._store.read(
                lambda q: pin_scorers(q, self._plan.project, drafts, self._count)
            )
        return await asyncio.to_thread(self._prepare, drafts, pinned)

    def _prepare(self, drafts: Sequence[ItemDraft], pinned: PinnedScorers) -> Prepared:
        if self._checker is None:
            self._checker = checker_of(self._ticket.settings)
        return prepare(
            drafts,
            pinned,
            self._checker,
            offset=self._count,
            stop_early=not self._plan.partial,
        )

    async def _write(self, prepared: Prepared, offset: int) -> BatchOutcome:
        self._ids_given |= any(item.item_id or item.external_id for item in prepared.given)
        batch = ImportBatch(
            prepared.given,
            self._next_ordinal,
            offset,
            self._ids_given,
            self._plan.partial,
            await self._contents.for_those(prepared.given),
        )
        return await self._store.transact(
            self._context, lambda uow: application.import_items(uow, self._ticket, batch)
        )


@asynccontextmanager
async def opened(
    store: Store, engine: Engine, context: CommandContext, plan: ImportPlan
) -> AsyncIterator[ImportSession]:
    """Begin an import. What fails inside leaves nothing of it behind.

    Raises NotFound, Stale, ImportInProgress.
    """
    async with reserved(engine) as import_id:
        ticket = await store.transact(
            context,
            lambda uow: application.begin_import(
                uow,
                plan.project,
                plan.dataset_id,
                import_id,
                mode=plan.mode,
                expected_version=plan.expected_version,
            ),
        )
        yield ImportSession(store, context, plan, ticket)


@asynccontextmanager
async def reserved(engine: Engine) -> AsyncIterator[str]:
    """Give the id of an import that is dropped, with all that it brought, unless it was made.

    That may be so without an error: if the same command was done by another call meanwhile, what
    makes the version does nothing but return what that one did.
    """
    import_id = engine.new_import_id()
    try:
        yield import_id
    except asyncio.CancelledError:
        # The client went away; nobody is left to wait for.
        engine.import_failed(import_id)
        raise
    except Exception:
        await asyncio.wait([engine.import_failed(import_id)], timeout=_DROP_SECONDS)
        raise
    # Nothing is left to drop of one that was made.
    await engine.import_failed(import_id)
