"""Differences between versions on the wire."""

from __future__ import annotations

from typing import Any, NamedTuple

from trialbook.services.application import dataset as datasets
from trialbook.services.application import dataset_diff as application
from trialbook.services.application.dataset_diff import Difference, DifferencePage
from trialbook.services.application.item_reads import DifferenceCounts, VersionSpan
from trialbook.services.application.json_difference import Change
from trialbook.services.application.paging import page_size, read_token, write_token
from trialbook.services.application.ports import Queries, Store
from trialbook.services.application.read_point import resolve
from trialbook.services.application.views import DatasetView
from trialbook.services.domain.errors import Invalid
from trialbook.services.domain.naming import LATEST, parse_dataset, parse_version
from trialbook.services.rpc.item_message import to_item
from trialbook.services.rpc.payload import write_json
from trialbook.services.rpc.read_point import named_point
from trialbook.v1 import dataset_diff_pb2 as pb
from trialbook.v1 import dataset_service_pb2 as rpc
from trialbook.v1.dataset_service_pb2_grpc import DatasetServiceServicer


class _Cursor(NamedTuple):
    """Where a comparison goes on: between which versions, after which place."""

    base: int
    head: int
    ordinal: int


class _Compared(NamedTuple):
    """A page of a comparison; counts and settings on the first one."""

    view: DatasetView
    span: VersionSpan
    page: DifferencePage
    counts: DifferenceCounts
    settings: list[Change]


class DiffCalls(DatasetServiceServicer):
    """Answers DatasetService's comparison of versions."""

    _store: Store

    async def DiffVersions(
        self, request: rpc.DiffVersionsRequest, context: Any
    ) -> rpc.DiffVersionsResponse:
        """List what differs between two versions."""
        project, dataset = parse_dataset("parent", request.parent)
        if not request.base:
            raise Invalid.field("base", 'is required; "0" is the empty dataset')
        base = parse_version("base", request.base, lowest=0)
        head = parse_version("head", request.head or LATEST, lowest=0)
        listing = f"diff {request.parent} {request.base} {request.head}"
        limit = page_size(request.page_size)
        cursor = read_token(listing, request.page_token, _Cursor, None)

        def query(queries: Queries) -> _Compared:
            view = datasets.require(queries, project, dataset)
            at = cursor or _Cursor(
                resolve(queries, view, named_point(base)),
                resolve(queries, view, named_point(head)),
                0,
            )
            for version in at[:2]:
                datasets.require_version(queries, view, version)
            return _compared(queries, view, at, limit, first=cursor is None)

        compared = await self._store.read(query)
        return _to_response(compared, listing)


def _compared(
    queries: Queries, view: DatasetView, at: _Cursor, limit: int, *, first: bool
) -> _Compared:
    span = VersionSpan(view.number, at.base, at.head)
    page = application.page(queries, span, at.ordinal, limit)
    if not first:
        return _Compared(view, span, page, DifferenceCounts(0, 0, 0), [])
    counts = application.counts(queries, span)
    return _Compared(view, span, page, counts, application.settings_changes(queries, span))


def _to_response(compared: _Compared, listing: str) -> rpc.DiffVersionsResponse:
    view, span, page, counts, settings = compared
    token = ""
    if page.after is not None:
        token = write_token(listing, _Cursor(span.base, span.head, page.after))
    return rpc.DiffVersionsResponse(
        differences=[_to_difference(view, one) for one in page.differences],
        next_page_token=token,
        from_version=span.base,
        to_version=span.head,
        added_count=counts.added,
        changed_count=counts.changed,
        removed_count=counts.removed,
        settings_changes=map(to_change, settings),
    )


def _to_difference(view: DatasetView, difference: Difference) -> pb.ItemDifference:
    before, after = difference.pair.before, difference.pair.after
    if before is None:
        kind = pb.ITEM_CHANGE_KIND_ADDED
    else:
        kind = pb.ITEM_CHANGE_KIND_CHANGED if after else pb.ITEM_CHANGE_KIND_REMOVED
    known = before or after
    return pb.ItemDifference(
        item_id=known.item_id if known else "",
        kind=kind,
        before=to_item(view, before) if before else None,
        after=to_item(view, after) if after else None,
        changes=map(to_change, difference.changes),
    )


def to_change(change: Change) -> pb.FieldChange:
    """Return one difference for the wire."""
    return pb.FieldChange(
        path=change.path, before=write_json(change.before), after=write_json(change.after)
    )
