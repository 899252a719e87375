"""Versions of datasets on the wire."""

from __future__ import annotations

from typing import Any

from trialbook.services.application import dataset as datasets
from trialbook.services.application import dataset_version as application
from trialbook.services.application.dataset_version import DescribedVersion
from trialbook.services.application.paging import cut_page, page_size, read_token
from trialbook.services.application.ports import Queries, Store
from trialbook.services.application.read_point import resolve
from trialbook.services.application.views import DatasetView
from trialbook.services.domain.naming import (
    dataset_version_name,
    parse_dataset,
    parse_dataset_version,
)
from trialbook.services.rpc.dataset_message import to_dataset_settings
from trialbook.services.rpc.payload import write_time
from trialbook.services.rpc.read_point import named_point
from trialbook.v1 import dataset_pb2 as pb
from trialbook.v1 import dataset_service_pb2 as rpc
from trialbook.v1.dataset_service_pb2_grpc import DatasetServiceServicer

_LAST_VERSION = 2**62


class VersionCalls(DatasetServiceServicer):
    """Answers the calls of DatasetService about versions."""

    _store: Store

    async def GetVersion(
        self, request: rpc.GetVersionRequest, context: Any
    ) -> rpc.GetVersionResponse:
        """Return a version."""
        project, dataset, named = parse_dataset_version("name", request.name)

        def query(queries: Queries) -> tuple[DatasetView, DescribedVersion]:
            view = datasets.require(queries, project, dataset)
            version = resolve(queries, view, named_point(named))
            return view, application.get(queries, view, version)

        view, version = await self._store.read(query)
        return rpc.GetVersionResponse(version=_to_version(view, version))

    async def ListVersions(
        self, request: rpc.ListVersionsRequest, context: Any
    ) -> rpc.ListVersionsResponse:
        """List versions, newest first."""
        project, dataset = parse_dataset("parent", request.parent)
        listing, limit = f"versions {request.parent}", page_size(request.page_size)
        before = read_token(listing, request.page_token, int, _LAST_VERSION)

        def query(queries: Queries) -> tuple[DatasetView, list[DescribedVersion], str]:
            view = datasets.require(queries, project, dataset)
            found = queries.datasets.versions(view.number, before, limit + 1)
            page, token = cut_page(listing, found, limit, lambda version: version.version)
            return view, application.described(queries, view, page), token

        view, versions, token = await self._store.read(query)
        return rpc.ListVersionsResponse(
            versions=[_to_version(view, version) for version in versions], next_page_token=token
        )


def _to_version(view: DatasetView, described: DescribedVersion) -> pb.DatasetVersion:
    version = described.view
    return pb.DatasetVersion(
        name=dataset_version_name(view.project, view.dataset_id, version.version),
        version=version.version,
        item_count=version.item_count,
        added_count=version.changes.added,
        changed_count=version.changes.changed,
        removed_count=version.changes.removed,
        restored_count=version.changes.restored,
        settings_changed=version.settings_changed,
        message=version.message,
        settings=to_dataset_settings(described.settings),
        labels=described.labels,
        author=version.author,
        create_time=write_time(version.created_at),
    )
