"""Changes of items on the wire."""

from __future__ import annotations

from typing import Any

from trialbook.services.application import item_change
from trialbook.services.application.item import check_note
from trialbook.services.application.item_change import ChangedItems, ChangeScope, check_item_ids
from trialbook.services.application.item_restore import restore
from trialbook.services.application.item_update import update
from trialbook.services.application.ports import Store
from trialbook.services.domain.naming import parse_dataset
from trialbook.services.rpc.caller import command
from trialbook.services.rpc.dataset_message import to_dataset
from trialbook.services.rpc.item_message import read_items, read_updates
from trialbook.v1 import dataset_service_pb2 as rpc
from trialbook.v1.dataset_service_pb2_grpc import DatasetServiceServicer


class ItemCalls(DatasetServiceServicer):
    """Answers the calls of DatasetService that change items."""

    _store: Store

    async def AddItems(self, request: rpc.AddItemsRequest, context: Any) -> rpc.AddItemsResponse:
        """Add up to 1,000 items as one version."""
        scope, caller = _scope(request), command(context, "AddItems", request)
        done = await item_change.add(self._store, caller, scope, read_items(request.items))
        return rpc.AddItemsResponse(
            dataset=to_dataset(done.dataset),
            item_ids=done.item_ids,
            added_count=done.counts.added,
        )

    async def UpdateItems(
        self, request: rpc.UpdateItemsRequest, context: Any
    ) -> rpc.UpdateItemsResponse:
        """Change fields of up to 1,000 items as one version."""
        scope, caller = _scope(request), command(context, "UpdateItems", request)
        done = await update(self._store, caller, scope, read_updates(request.updates))
        return rpc.UpdateItemsResponse(
            dataset=to_dataset(done.dataset), changed_count=done.counts.changed
        )

    async def UpsertItems(
        self, request: rpc.UpsertItemsRequest, context: Any
    ) -> rpc.UpsertItemsResponse:
        """Add or replace up to 1,000 items as one version."""
        scope, caller = _scope(request), command(context, "UpsertItems", request)
        done = await item_change.upsert(self._store, caller, scope, read_items(request.items))
        return rpc.UpsertItemsResponse(
            dataset=to_dataset(done.dataset),
            item_ids=done.item_ids,
            added_count=done.counts.added,
            changed_count=done.counts.changed,
            restored_count=done.counts.restored,
        )

    async def RemoveItems(
        self, request: rpc.RemoveItemsRequest, context: Any
    ) -> rpc.RemoveItemsResponse:
        """Remove up to 1,000 items as one version."""
        scope, item_ids = _scope(request), list(dict.fromkeys(request.item_ids))
        check_item_ids(request.item_ids)
        done = await self._store.execute(
            command(context, "RemoveItems", request),
            lambda uow: item_change.remove(uow, scope, item_ids),
            ChangedItems,
        )
        return rpc.RemoveItemsResponse(
            dataset=to_dataset(done.dataset), removed_count=done.counts.removed
        )

    async def RestoreItems(
        self, request: rpc.RestoreItemsRequest, context: Any
    ) -> rpc.RestoreItemsResponse:
        """Bring up to 1,000 items back as one version."""
        scope, item_ids = _scope(request), list(dict.fromkeys(request.item_ids))
        check_item_ids(request.item_ids)
        caller = command(context, "RestoreItems", request)
        done = await restore(self._store, caller, scope, item_ids, request.version)
        return rpc.RestoreItemsResponse(
            dataset=to_dataset(done.dataset),
            restored_count=done.counts.restored,
            changed_count=done.counts.changed,
        )


def _scope(request: Any) -> ChangeScope:
    """Return what all these requests say of themselves. Raises Invalid."""
    project, dataset = parse_dataset("parent", request.parent)
    check_note(request.message)
    expected = request.expected_version if request.HasField("expected_version") else None
    return ChangeScope(project, dataset, expected, request.message)
