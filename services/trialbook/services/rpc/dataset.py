"""DatasetService on the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

from trialbook.services.application import dataset as application
from trialbook.services.application.dataset import (
    AddedItems,
    DatasetDescription,
    ImportedItems,
    ImportTicket,
)
from trialbook.services.application.item import ItemDraft, check_drafts
from trialbook.services.application.paging import cut_page, page_size, read_token, write_token
from trialbook.services.application.ports import CommandContext, Store
from trialbook.services.application.views import DatasetView, ItemView, VersionView
from trialbook.services.domain.errors import Invalid, NotFound, RequestIdReused
from trialbook.services.domain.identity import new_uid
from trialbook.services.domain.naming import (
    dataset_name,
    dataset_version_name,
    item_name,
    parse_dataset,
    parse_item,
    parse_project,
    parse_versioned,
)
from trialbook.services.engine.engine import Engine
from trialbook.services.rpc.caller import command
from trialbook.services.rpc.payload import read_json, write_json, write_time
from trialbook.services.rpc.update_mask import masked
from trialbook.v1 import dataset_pb2 as pb
from trialbook.v1 import dataset_service_pb2 as rpc
from trialbook.v1.dataset_service_pb2_grpc import DatasetServiceServicer

_LAST_VERSION = 2**62
_DROP_SECONDS = 10
_DESCRIBING = ("display_name", "description", "metadata")


class DatasetServicer(DatasetServiceServicer):
    """Answers DatasetService."""

    def __init__(self, store: Store, engine: Engine) -> None:
        self._store = store
        self._engine = engine

    async def CreateDataset(
        self, request: rpc.CreateDatasetRequest, context: Any
    ) -> rpc.CreateDatasetResponse:
        """Create an empty dataset."""
        project = parse_project("parent", request.parent)
        description = _description(request.dataset, _DESCRIBING)
        view = await self._store.execute(
            command(context, "CreateDataset", request),
            lambda uow: application.create(uow, project, request.dataset_id, description),
            DatasetView,
        )
        return rpc.CreateDatasetResponse(dataset=to_dataset(view))

    async def GetDataset(
        self, request: rpc.GetDatasetRequest, context: Any
    ) -> rpc.GetDatasetResponse:
        """Return a dataset."""
        project, dataset = parse_dataset("name", request.name)
        view = await self._store.read(lambda q: application.require(q, project, dataset))
        return rpc.GetDatasetResponse(dataset=to_dataset(view))

    async def ListDatasets(
        self, request: rpc.ListDatasetsRequest, context: Any
    ) -> rpc.ListDatasetsResponse:
        """List datasets by id."""
        project = parse_project("parent", request.parent)
        listing, limit = f"datasets {project}", page_size(request.page_size)
        after = read_token(listing, request.page_token, str, "")
        views = await self._store.read(lambda q: q.datasets.page(project, after, limit + 1))
        page, token = cut_page(listing, views, limit, lambda view: view.dataset_id)
        return rpc.ListDatasetsResponse(datasets=map(to_dataset, page), next_page_token=token)

    async def UpdateDataset(
        self, request: rpc.UpdateDatasetRequest, context: Any
    ) -> rpc.UpdateDatasetResponse:
        """Change what describes a dataset."""
        project, dataset = parse_dataset("dataset.name", request.dataset.name)
        fields = masked(request.dataset, request.update_mask, _DESCRIBING)
        description = _description(request.dataset, fields, clear=True)
        view = await self._store.execute(
            command(context, "UpdateDataset", request),
            lambda uow: application.update(
                uow, project, dataset, description, request.dataset.etag
            ),
            DatasetView,
        )
        return rpc.UpdateDatasetResponse(dataset=to_dataset(view))

    async def DeleteDataset(
        self, request: rpc.DeleteDatasetRequest, context: Any
    ) -> rpc.DeleteDatasetResponse:
        """Delete a dataset."""
        project, dataset = parse_dataset("name", request.name)
        await self._store.execute(
            command(context, "DeleteDataset", request),
            lambda uow: application.delete(uow, project, dataset, request.etag),
            DatasetView,
        )
        return rpc.DeleteDatasetResponse()

    async def AddItems(self, request: rpc.AddItemsRequest, context: Any) -> rpc.AddItemsResponse:
        """Add up to 1,000 items as one version."""
        project, dataset = parse_dataset("parent", request.parent)
        drafts = _drafts(request.items)
        check_drafts(drafts)
        expected = request.expected_version if request.HasField("expected_version") else None
        added = await self._store.execute(
            command(context, "AddItems", request),
            lambda uow: application.add_items(uow, project, dataset, drafts, expected),
            AddedItems,
        )
        return rpc.AddItemsResponse(dataset=to_dataset(added.dataset), item_ids=added.item_ids)

    async def ImportItems(
        self, request_iterator: AsyncIterator[rpc.ImportItemsRequest], context: Any
    ) -> rpc.ImportItemsResponse:
        """Add a stream of items as one version."""
        first = await anext(request_iterator, None)
        if first is None:
            raise Invalid.field("parent", "is required in the first message of an import")
        done = await _Import(self._store, self._engine, first, context).run(request_iterator)
        return rpc.ImportItemsResponse(
            dataset=to_dataset(done.dataset), added_count=done.added_count
        )

    async def GetItem(self, request: rpc.GetItemRequest, context: Any) -> rpc.GetItemResponse:
        """Return an item at a version."""
        project, dataset, item_id = parse_item("name", request.name)
        wanted = _version("version", request.version)

        def query(q: Any) -> tuple[DatasetView, ItemView]:
            view = application.require(q, project, dataset)
            version = application.require_version(q, view, wanted)
            item = q.datasets.item(view.number, version, item_id)
            if item is None:
                raise NotFound(request.name)
            return view, item

        view, item = await self._store.read(query)
        return rpc.GetItemResponse(item=to_item(view, item))

    async def ListItems(self, request: rpc.ListItemsRequest, context: Any) -> rpc.ListItemsResponse:
        """List the items of a version."""
        project, dataset, named = parse_versioned("parent", request.parent, "dataset")
        wanted = named if named is not None else _version("version", request.version)
        listing, limit = f"items {request.parent} {request.version}", page_size(request.page_size)
        start = read_token(listing, request.page_token, tuple[int, int], (0, 0))

        def query(q: Any) -> Any:
            view = application.require(q, project, dataset)
            version = application.require_version(q, view, start[0] or wanted)
            return view, version, q.datasets.items(view.number, version, start[1], limit)

        view, version, page = await self._store.read(query)
        token = write_token(listing, (version, page.rows[-1].ordinal)) if page.more else ""
        return rpc.ListItemsResponse(
            items=[to_item(view, item) for item in page.rows],
            next_page_token=token,
            version=version,
        )

    async def ListVersions(
        self, request: rpc.ListVersionsRequest, context: Any
    ) -> rpc.ListVersionsResponse:
        """List versions, newest first."""
        project, dataset = parse_dataset("parent", request.parent)
        listing, limit = f"versions {request.parent}", page_size(request.page_size)
        before = read_token(listing, request.page_token, int, _LAST_VERSION)

        def query(q: Any) -> tuple[DatasetView, list[VersionView]]:
            view = application.require(q, project, dataset)
            return view, q.datasets.versions(view.number, before, limit + 1)

        view, versions = await self._store.read(query)
        page, token = cut_page(listing, versions, limit, lambda view: view.version)
        return rpc.ListVersionsResponse(
            versions=[_to_version(view, version) for version in page], next_page_token=token
        )


class _Import:
    """One ImportItems call: reserve the version, bring the items, make it or drop it all."""

    def __init__(
        self, store: Store, engine: Engine, first: rpc.ImportItemsRequest, context: Any
    ) -> None:
        self._store = store
        self._engine = engine
        self._first = first
        self._project, self._dataset = parse_dataset("parent", first.parent)
        self._context = _import_context(context, first)
        self._import_id = new_uid()
        self._count = 0

    async def run(self, requests: AsyncIterator[rpc.ImportItemsRequest]) -> ImportedItems:
        """Bring everything. What fails leaves nothing behind."""
        before = await self._store.recall(self._context, ImportedItems)
        if before is not None:
            return await self._repeated(before, requests)
        try:
            return await self._bring_all(requests)
        except asyncio.CancelledError:
            # The client went away; nobody is left to wait for.
            self._engine.import_failed(self._import_id)
            raise
        except Exception:
            await asyncio.wait([self._engine.import_failed(self._import_id)], timeout=_DROP_SECONDS)
            raise

    async def _bring_all(self, requests: AsyncIterator[rpc.ImportItemsRequest]) -> ImportedItems:
        ticket = await self._begin()
        ordinal = await self._bring(ticket, ticket.next_ordinal, self._first)
        last = self._first.last
        async for request in requests:
            if last:
                raise Invalid.field("last", "was set before; nothing may follow the last message")
            if request.parent not in ("", self._first.parent):
                raise Invalid.field("parent", "must not change in the middle of an import")
            ordinal = await self._bring(ticket, ordinal, request)
            last = request.last
        if not last:
            # A client that goes away ends the stream too: only its word tells the two apart.
            raise Invalid.field("last", "is not set in any message; set it in the last one")
        return await self._store.execute(
            self._context,
            lambda uow: application.commit_import(uow, ticket, self._count),
            ImportedItems,
        )

    async def _begin(self) -> ImportTicket:
        first = self._first
        expected = first.expected_version if first.HasField("expected_version") else None
        return await self._store.transact(
            self._context,
            lambda uow: application.begin_import(
                uow, self._project, self._dataset, self._import_id, expected
            ),
        )

    async def _bring(
        self, ticket: ImportTicket, ordinal: int, request: rpc.ImportItemsRequest
    ) -> int:
        drafts = _drafts(request.items)
        check_drafts(drafts, offset=self._count)
        self._count += len(drafts)
        if not drafts:
            return ordinal
        return await self._store.transact(
            self._context, lambda uow: application.import_items(uow, ticket, ordinal, drafts)
        )

    async def _repeated(
        self, before: ImportedItems, requests: AsyncIterator[rpc.ImportItemsRequest]
    ) -> ImportedItems:
        count = len(self._first.items)
        async for request in requests:
            count += len(request.items)
        if count != before.added_count:
            raise RequestIdReused(self._first.request_id)
        return before


def _import_context(context: Any, first: rpc.ImportItemsRequest) -> CommandContext:
    """Recognise an import by what its first message says apart from the items."""
    named = rpc.ImportItemsRequest(parent=first.parent, request_id=first.request_id)
    if first.HasField("expected_version"):
        named.expected_version = first.expected_version
    return command(context, "ImportItems", named)


def _drafts(items: Iterable[pb.Item]) -> list[ItemDraft]:
    return [
        ItemDraft(
            item.item_id,
            read_json(item.input),
            read_json(item.expected),
            read_json(item.context),
            read_json(item.metadata),
            tuple(item.tags) if item.tags else (),
            item.split,
        )
        for item in items
    ]


def _description(
    dataset: pb.Dataset, fields: Iterable[str], *, clear: bool = False
) -> DatasetDescription:
    """Return the description that stands in these fields; an update may clear them."""
    values: dict[str, str | None] = {
        "display_name": dataset.display_name,
        "description": dataset.description,
        "metadata": read_json(dataset.metadata) or "",
    }
    return DatasetDescription(**{name: values[name] for name in fields if clear or values[name]})


def _version(path: str, version: int) -> int | None:
    if version < 0:
        raise Invalid.field(path, f"{version} is negative; use 0 for the current version")
    return version or None


def to_dataset(view: DatasetView) -> pb.Dataset:
    """Return a dataset for the wire."""
    return pb.Dataset(
        name=dataset_name(view.project, view.dataset_id),
        uid=view.uid,
        display_name=view.display_name,
        description=view.description,
        metadata=write_json(view.metadata or None),
        version=view.version,
        item_count=view.item_count,
        etag=view.etag,
        create_time=write_time(view.created_at),
        update_time=write_time(view.updated_at),
    )


def to_item(view: DatasetView, item: ItemView) -> pb.Item:
    """Return an item for the wire."""
    return pb.Item(
        name=item_name(view.project, view.dataset_id, item.item_id),
        item_id=item.item_id,
        input=write_json(item.input),
        expected=write_json(item.expected),
        context=write_json(item.context),
        metadata=write_json(item.metadata),
        tags=item.tags,
        split=item.split,
        ordinal=item.ordinal,
        added_version=item.added_version,
        create_time=write_time(item.created_at),
    )


def _to_version(view: DatasetView, version: VersionView) -> pb.DatasetVersion:
    return pb.DatasetVersion(
        name=dataset_version_name(view.project, view.dataset_id, version.version),
        version=version.version,
        item_count=version.item_count,
        added_count=version.added_count,
        author=version.author,
        create_time=write_time(version.created_at),
    )
