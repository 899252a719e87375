"""Items that are the same, on the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trialbook.services.application import dataset as datasets
from trialbook.services.application import duplicate as application
from trialbook.services.application.duplicate import (
    DuplicateItems,
    DuplicatePage,
    Fields,
    Removal,
    RemovedDuplicates,
    parse_fields,
)
from trialbook.services.application.item import check_note
from trialbook.services.application.paging import page_size, read_token, write_token
from trialbook.services.application.ports import Queries, Store, UnitOfWork
from trialbook.services.domain.errors import Contended, Stale
from trialbook.services.domain.naming import parse_dataset
from trialbook.services.rpc.caller import command
from trialbook.services.rpc.dataset_message import to_dataset
from trialbook.v1 import dataset_service_pb2 as rpc
from trialbook.v1.dataset_service_pb2_grpc import DatasetServiceServicer

_TRIES = 3


class DuplicateCalls(DatasetServiceServicer):
    """Answers the calls of DatasetService about items that are the same."""

    _store: Store

    async def FindDuplicates(
        self, request: rpc.FindDuplicatesRequest, context: Any
    ) -> rpc.FindDuplicatesResponse:
        """Find items that are the same."""
        project, dataset = parse_dataset("parent", request.parent)
        fields = parse_fields(request.fields)
        listing = f"duplicates {request.parent} {list(request.fields)}"
        limit = page_size(request.page_size)
        start = read_token(listing, request.page_token, tuple[int, int], None)

        def query(queries: Queries) -> DuplicatePage:
            view = datasets.require(queries, project, dataset)
            version, after = start or (view.version, 0)
            datasets.require_version(queries, view, version)
            return application.find(queries, view, version, fields, after=after, limit=limit)

        page = await self._store.read(query)
        return rpc.FindDuplicatesResponse(
            groups=map(_to_group, page.groups),
            next_page_token=(
                "" if page.after is None else write_token(listing, (page.version, page.after))
            ),
            version=page.version,
            duplicate_count=page.count,
        )

    async def RemoveDuplicates(
        self, request: rpc.RemoveDuplicatesRequest, context: Any
    ) -> rpc.RemoveDuplicatesResponse:
        """Remove all but the first of the items that are the same."""
        project, dataset = parse_dataset("parent", request.parent)
        fields = parse_fields(request.fields)
        check_note(request.message)
        caller = command(context, "RemoveDuplicates", request)
        done = await self._store.recall(caller, RemovedDuplicates)
        for _ in range(_TRIES):
            if done is not None:
                break
            removal = await self._store.read(_plan(request, project, dataset, fields))
            try:
                done = await self._store.execute(
                    caller, _removing(removal, project, dataset, request.message), RemovedDuplicates
                )
            except Stale:
                # Somebody changed the items while they were compared.
                continue
        if done is None:
            raise Contended(request.parent)
        return rpc.RemoveDuplicatesResponse(
            dataset=to_dataset(done.dataset), removed_count=done.removed_count
        )


def _to_group(group: DuplicateItems) -> rpc.DuplicateGroup:
    return rpc.DuplicateGroup(
        item_id=group.item_id, duplicate_ids=group.duplicate_ids, duplicate_count=group.count
    )


def _plan(
    request: rpc.RemoveDuplicatesRequest, project: str, dataset: str, fields: Fields
) -> Callable[[Queries], Removal]:
    expected = request.expected_version if request.HasField("expected_version") else None
    return lambda queries: application.plan_removal(
        queries, datasets.require(queries, project, dataset), fields, expected
    )


def _removing(
    removal: Removal, project: str, dataset: str, message: str
) -> Callable[[UnitOfWork], RemovedDuplicates]:
    return lambda uow: application.remove(uow, project, dataset, removal, message)
