"""Streamed imports of items on the wire."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from trialbook.services.application.item import check_note
from trialbook.services.application.item_identity import ImportMode
from trialbook.services.application.item_import import ImportedItems
from trialbook.services.application.ports import CommandContext, Store
from trialbook.services.domain.errors import Invalid, RequestIdReused
from trialbook.services.domain.naming import parse_dataset
from trialbook.services.engine.engine import Engine
from trialbook.services.rpc.caller import command
from trialbook.services.rpc.dataset_message import to_dataset
from trialbook.services.rpc.import_session import ImportPlan, ImportSession, opened
from trialbook.services.rpc.item_message import read_items
from trialbook.v1 import dataset_file_pb2 as file_pb
from trialbook.v1 import dataset_service_pb2 as rpc
from trialbook.v1.dataset_service_pb2_grpc import DatasetServiceServicer

_MODES = {
    file_pb.IMPORT_MODE_UNSPECIFIED: ImportMode.ADD,
    file_pb.IMPORT_MODE_ADD: ImportMode.ADD,
    file_pb.IMPORT_MODE_UPSERT: ImportMode.UPSERT,
}


class ItemImportCalls(DatasetServiceServicer):
    """Answers the call of DatasetService that imports a stream of items."""

    _store: Store
    _engine: Engine

    async def ImportItems(
        self, request_iterator: AsyncIterator[rpc.ImportItemsRequest], context: Any
    ) -> rpc.ImportItemsResponse:
        """Bring a stream of items as one version."""
        first = await anext(request_iterator, None)
        if first is None:
            raise Invalid.field("parent", "is required in the first message of an import")
        caller, plan = _context(context, first), _plan(first)
        done = await self._store.recall(caller, ImportedItems)
        if done is None:
            async with opened(self._store, self._engine, caller, plan) as session:
                await _bring_all(session, first, request_iterator)
                done = await session.commit()
        else:
            await _require_repeated(done, first, request_iterator)
        return rpc.ImportItemsResponse(
            dataset=to_dataset(done.dataset),
            added_count=done.tally.added,
            changed_count=done.tally.changed + done.tally.restored,
            unchanged_count=done.tally.unchanged,
        )


def read_mode(path: str, mode: file_pb.ImportMode) -> ImportMode:
    """Return what to do with items that are there. Raises Invalid for an unknown mode."""
    found = _MODES.get(mode)
    if found is None:
        raise Invalid.field(path, f"{mode} is no mode of this version")
    return found


def _plan(first: rpc.ImportItemsRequest) -> ImportPlan:
    project, dataset = parse_dataset("parent", first.parent)
    check_note(first.message)
    return ImportPlan(
        project,
        dataset,
        read_mode("mode", first.mode),
        first.expected_version if first.HasField("expected_version") else None,
        first.message,
    )


async def _bring_all(
    session: ImportSession,
    first: rpc.ImportItemsRequest,
    requests: AsyncIterator[rpc.ImportItemsRequest],
) -> None:
    await session.bring(read_items(first.items))
    last = first.last
    async for request in requests:
        if last:
            raise Invalid.field("last", "was set before; nothing may follow the last message")
        if request.parent not in ("", first.parent):
            raise Invalid.field("parent", "must not change in the middle of an import")
        await session.bring(read_items(request.items))
        last = request.last
    if not last:
        # A client that goes away ends the stream too: only its word tells the two apart.
        raise Invalid.field("last", "is not set in any message; set it in the last one")


async def _require_repeated(
    done: ImportedItems,
    first: rpc.ImportItemsRequest,
    requests: AsyncIterator[rpc.ImportItemsRequest],
) -> None:
    count = len(first.items)
    async for request in requests:
        count += len(request.items)
    if count != done.tally.touched + done.tally.unchanged:
        raise RequestIdReused(first.request_id)


def _context(context: Any, first: rpc.ImportItemsRequest) -> CommandContext:
    """Recognise an import by what its first message says apart from the items."""
    named = rpc.ImportItemsRequest()
    named.CopyFrom(first)
    named.ClearField("items")
    named.ClearField("last")
    return command(context, "ImportItems", named)
