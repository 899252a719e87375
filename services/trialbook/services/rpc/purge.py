"""The erasure of items on the wire."""

from __future__ import annotations

from typing import Any

from trialbook.services.application import purge as application
from trialbook.services.application.item import check_note
from trialbook.services.application.ports import Store
from trialbook.services.application.purge import PurgedItems, check_item_ids
from trialbook.services.domain.naming import parse_dataset
from trialbook.services.rpc.caller import command
from trialbook.services.rpc.dataset_message import to_dataset
from trialbook.v1 import dataset_service_pb2 as rpc
from trialbook.v1.dataset_service_pb2_grpc import DatasetServiceServicer


class PurgeCalls(DatasetServiceServicer):
    """Answers DatasetService's call that erases."""

    _store: Store

    async def PurgeItems(
        self, request: rpc.PurgeItemsRequest, context: Any
    ) -> rpc.PurgeItemsResponse:
        """Erase items for good."""
        project, dataset = parse_dataset("parent", request.parent)
        item_ids = check_item_ids(request.item_ids)
        check_note(request.message)
        caller = command(context, "PurgeItems", request)
        done = await self._store.recall(caller, PurgedItems)
        if done is None:
            # All of the history is read, which no other writer should have to wait for.
            traces = await self._store.read(
                lambda queries: application.search(queries, project, dataset, item_ids)
            )
            done = await self._store.execute(
                caller,
                lambda uow: application.purge(
                    uow, project, dataset, item_ids, traces=traces, message=request.message
                ),
                PurgedItems,
            )
        return rpc.PurgeItemsResponse(
            dataset=to_dataset(done.dataset),
            purged_count=done.purged_count,
            result_count=done.result_count,
            event_count=done.event_count,
        )
