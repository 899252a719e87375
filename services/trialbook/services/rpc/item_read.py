"""Reading items on the wire."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from trialbook.services.application import dataset as datasets
from trialbook.services.application import item_revision
from trialbook.services.application.item_revision import Revision, RevisionPage, Step
from trialbook.services.application.item_selection import ItemSelection, Selected, resolved, select
from trialbook.services.application.paging import page_size, read_token, write_token
from trialbook.services.application.ports import Queries, Store
from trialbook.services.application.read_point import resolve
from trialbook.services.application.views import DatasetView, ItemView
from trialbook.services.domain.errors import NotFound
from trialbook.services.domain.naming import parse_item
from trialbook.services.rpc.dataset_diff import to_change
from trialbook.services.rpc.item_message import to_item
from trialbook.services.rpc.item_selection import read_selection
from trialbook.services.rpc.payload import write_time
from trialbook.services.rpc.read_point import parse_read, read_point
from trialbook.v1 import dataset_diff_pb2 as diff_pb
from trialbook.v1 import dataset_service_pb2 as rpc
from trialbook.v1.dataset_service_pb2_grpc import DatasetServiceServicer

_STEPS = {
    Step.ADDED: diff_pb.ITEM_CHANGE_KIND_ADDED,
    Step.CHANGED: diff_pb.ITEM_CHANGE_KIND_CHANGED,
    Step.REMOVED: diff_pb.ITEM_CHANGE_KIND_REMOVED,
    Step.RESTORED: diff_pb.ITEM_CHANGE_KIND_RESTORED,
}


class _Cursor(NamedTuple):
    """Where a listing goes on: at which version, after which place, with which lots."""

    version: int
    ordinal: int
    threshold: int | None


class ItemReadCalls(DatasetServiceServicer):
    """Answers the calls of DatasetService that read items."""

    _store: Store

    async def GetItem(self, request: rpc.GetItemRequest, context: Any) -> rpc.GetItemResponse:
        """Return an item at a version."""
        project, dataset, item_id = parse_item("name", request.name)
        point = read_point(request)

        def query(queries: Queries) -> tuple[DatasetView, ItemView]:
            view = datasets.require(queries, project, dataset)
            version = resolve(queries, view, point)
            item = queries.datasets.item(view.number, version, item_id)
            if item is None:
                raise NotFound(request.name, f"version {version} does not have it")
            return view, item

        view, item = await self._store.read(query)
        return rpc.GetItemResponse(item=to_item(view, item))

    async def ListItems(self, request: rpc.ListItemsRequest, context: Any) -> rpc.ListItemsResponse:
        """List the items of a version."""
        project, dataset, named = parse_read("parent", request.parent)
        point = read_point(request, named)
        selection = read_selection("selection", request.selection)
        listing, limit = _listing(request), page_size(request.page_size)
        cursor = read_token(listing, request.page_token, _Cursor, None)

        def query(queries: Queries) -> tuple[DatasetView, _Cursor, ItemSelection, Selected]:
            view = datasets.require(queries, project, dataset)
            at = cursor or _Cursor(resolve(queries, view, point), 0, None)
            version = datasets.require_version(queries, view, at.version)
            chosen = _with_threshold(selection, at.threshold)
            chosen = resolved(queries, view.number, version, chosen)
            page = select(queries, view.number, version, chosen, after=at.ordinal, limit=limit)
            return view, at, chosen, page

        view, at, chosen, page = await self._store.read(query)
        token = ""
        if page.after is not None:
            threshold = chosen.sample.threshold if chosen.sample else None
            token = write_token(listing, _Cursor(at.version, page.after, threshold))
        return rpc.ListItemsResponse(
            items=[to_item(view, item) for item in page.rows],
            next_page_token=token,
            version=at.version,
        )

    async def ListItemRevisions(
        self, request: rpc.ListItemRevisionsRequest, context: Any
    ) -> rpc.ListItemRevisionsResponse:
        """List what happened to an item."""
        project, dataset, item_id = parse_item("parent", request.parent)
        listing, limit = f"revisions {request.parent}", page_size(request.page_size)
        before = read_token(listing, request.page_token, int, None)

        def query(queries: Queries) -> tuple[DatasetView, RevisionPage]:
            view = datasets.require(queries, project, dataset)
            return view, item_revision.page(queries, view, item_id, before, limit)

        view, page = await self._store.read(query)
        return rpc.ListItemRevisionsResponse(
            revisions=[_to_revision(view, one) for one in page.revisions],
            next_page_token="" if page.before is None else write_token(listing, page.before),
        )


def _listing(request: rpc.ListItemsRequest) -> str:
    """Name what is listed: everything in a request but how much of it, and from where."""
    named = rpc.ListItemsRequest()
    named.CopyFrom(request)
    named.ClearField("page_size")
    named.ClearField("page_token")
    return "items " + named.SerializeToString(deterministic=True).hex()


def _with_threshold(selection: ItemSelection, threshold: int | None) -> ItemSelection:
    if threshold is None or selection.sample is None:
        return selection
    sample = msgspec.structs.replace(selection.sample, threshold=threshold)
    return msgspec.structs.replace(selection, sample=sample)


def _to_revision(view: DatasetView, revision: Revision) -> diff_pb.ItemRevision:
    return diff_pb.ItemRevision(
        kind=_STEPS[revision.step],
        version=revision.version.version,
        item=to_item(view, revision.item),
        changes=map(to_change, revision.changes),
        author=revision.version.author,
        message=revision.version.message,
        create_time=write_time(revision.version.created_at),
    )
