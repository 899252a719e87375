"""What an import would do, found out without writing anything."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from trialbook.services.application.dataset import require
from trialbook.services.application.dataset_import import Preview
from trialbook.services.application.dataset_schema import checker_of
from trialbook.services.application.item import ItemDraft
from trialbook.services.application.item_identity import refusals
from trialbook.services.application.item_import import ImportBatch, ImportTicket, decide_batch
from trialbook.services.application.item_preparation import PinnedScorers, pin_scorers, prepare
from trialbook.services.application.item_write import tally_of
from trialbook.services.application.ports import Queries, Store
from trialbook.services.domain.errors import Stale
from trialbook.services.rpc.import_session import Brought, ImportContents, ImportPlan


class ImportPreview:
    """Decides on items batch by batch as an import does. Not to be used concurrently."""

    def __init__(self, store: Store, plan: ImportPlan, ticket: ImportTicket) -> None:
        self._store = store
        self._plan = plan
        self._ticket = ticket
        self._preview = Preview(ticket.version)
        self._contents = ImportContents(store, ticket)

    async def bring(self, drafts: Sequence[ItemDraft]) -> Brought:
        """Return what would become of up to 1,000 items more."""
        pinned = await self._store.read(lambda q: pin_scorers(q, self._plan.project, drafts))
        return await self._decided(drafts, pinned)

    async def _decided(self, drafts: Sequence[ItemDraft], pinned: PinnedScorers) -> Brought:
        checker = await asyncio.to_thread(checker_of, self._ticket.settings)
        prepared = await asyncio.to_thread(prepare, drafts, pinned, checker, stop_early=False)
        batch = ImportBatch(
            prepared.given,
            self._ticket.next_ordinal,
            0,
            ids_given=True,
            contents=await self._contents.for_those(prepared.given),
        )
        known = self._preview.known
        decisions = await self._store.read(lambda q: decide_batch(q, self._ticket, batch, known))
        self._preview.remember(prepared.given, decisions)
        refused = dict(prepared.problems)
        for violation in refusals(decisions, prepared.given, 0):
            refused[prepared.places[_place(violation.path)]] = [violation]
        return Brought(tally_of(decisions), refused)


async def previewed(store: Store, plan: ImportPlan) -> ImportPreview:
    """Begin to look at what an import would do. Raises NotFound, Stale."""

    def ticket(queries: Queries) -> ImportTicket:
        view = require(queries, plan.project, plan.dataset_id)
        expected = plan.expected_version
        if expected is not None and expected != view.version:
            raise Stale(view.dataset_id, f"version {expected}", f"version {view.version}")
        next_ordinal = queries.datasets.last_ordinal(view.number) + 1
        return ImportTicket(view, "", plan.mode, next_ordinal)

    return ImportPreview(store, plan, await store.read(ticket))


def _place(path: str) -> int:
    """Return n of `items[n].field`."""
    return int(path[len("items[") : path.index("]")])
