"""DatasetService on the wire."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from trialbook.services.application import dataset as application
from trialbook.services.application.dataset import DatasetDescription
from trialbook.services.application.dataset_update import DatasetUpdate, update
from trialbook.services.application.item import check_note
from trialbook.services.application.paging import cut_page, page_size, read_token
from trialbook.services.application.ports import Store
from trialbook.services.application.views import DatasetView
from trialbook.services.domain.errors import Invalid
from trialbook.services.domain.naming import parse_dataset, parse_project
from trialbook.services.engine.engine import Engine
from trialbook.services.rpc.caller import command
from trialbook.services.rpc.dataset_diff import DiffCalls
from trialbook.services.rpc.dataset_export import FileExportCalls
from trialbook.services.rpc.dataset_import import FileImportCalls
from trialbook.services.rpc.dataset_label import LabelCalls
from trialbook.services.rpc.dataset_message import SETTINGS, read_settings, to_dataset, to_report
from trialbook.services.rpc.dataset_version import VersionCalls
from trialbook.services.rpc.duplicate import DuplicateCalls
from trialbook.services.rpc.item import ItemCalls
from trialbook.services.rpc.item_import import ItemImportCalls
from trialbook.services.rpc.item_read import ItemReadCalls
from trialbook.services.rpc.payload import read_json
from trialbook.services.rpc.purge import PurgeCalls
from trialbook.services.rpc.update_mask import masked
from trialbook.services.rpc.version_restore import VersionRestoreCalls
from trialbook.v1 import dataset_pb2 as pb
from trialbook.v1 import dataset_service_pb2 as rpc
from trialbook.v1.dataset_service_pb2_grpc import DatasetServiceServicer

_DESCRIBING = ("display_name", "description", "metadata")


class DatasetServicer(
    ItemCalls,
    ItemReadCalls,
    ItemImportCalls,
    VersionCalls,
    DiffCalls,
    DuplicateCalls,
    PurgeCalls,
    LabelCalls,
    VersionRestoreCalls,
    FileImportCalls,
    FileExportCalls,
    DatasetServiceServicer,
):
    """Answers DatasetService."""

    def __init__(self, store: Store, engine: Engine, largest_file: int) -> None:
        self._store = store
        self._engine = engine
        self._largest_file = largest_file

    async def CreateDataset(
        self, request: rpc.CreateDatasetRequest, context: Any
    ) -> rpc.CreateDatasetResponse:
        """Create an empty dataset."""
        project = parse_project("parent", request.parent)
        description = _description(request.dataset, _DESCRIBING)
        settings = read_settings(request.dataset.settings, SETTINGS)
        violations = await asyncio.to_thread(settings.check)
        if violations:
            raise Invalid(violations)
        view = await self._store.execute(
            command(context, "CreateDataset", request),
            lambda uow: application.create(uow, project, request.dataset_id, description, settings),
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
        """Change the description or the settings."""
        check_note(request.message)
        updated = await update(
            self._store, command(context, "UpdateDataset", request), _update(request)
        )
        return rpc.UpdateDatasetResponse(
            dataset=to_dataset(updated.dataset),
            schema_report=None if updated.report is None else to_report(updated.report),
        )

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


def _update(request: rpc.UpdateDatasetRequest) -> DatasetUpdate:
    project, dataset = parse_dataset("dataset.name", request.dataset.name)
    allowed = (*_DESCRIBING, "settings", *(f"settings.{name}" for name in SETTINGS))
    fields = masked(request.dataset, request.update_mask, allowed)
    return DatasetUpdate(
        project,
        dataset,
        _description(request.dataset, set(fields) & set(_DESCRIBING), clear=True),
        read_settings(request.dataset.settings, _parts(request, fields)),
        request.dataset.etag,
        request.message,
        request.force,
        request.dry_run,
    )


def _parts(request: rpc.UpdateDatasetRequest, fields: Sequence[str]) -> Sequence[str]:
    """Return which settings are to change: those named, or else those that are set."""
    if not request.update_mask.paths:
        return [field.name for field, _ in request.dataset.settings.ListFields()]
    if "settings" in fields:
        return SETTINGS
    return [name for name in SETTINGS if f"settings.{name}" in fields]


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
