"""Setting a dataset back to an older version, on the wire."""

from __future__ import annotations

from typing import Any

from trialbook.services.application import version_restore as application
from trialbook.services.application.dataset import require, require_version
from trialbook.services.application.item import check_note
from trialbook.services.application.item_import import begin_import
from trialbook.services.application.ports import CommandContext, Queries, Store
from trialbook.services.application.read_point import labelled
from trialbook.services.application.version_restore import VersionRestore
from trialbook.services.application.views import DatasetView
from trialbook.services.domain.errors import Stale
from trialbook.services.domain.naming import dataset_name, parse_dataset_version
from trialbook.services.engine.engine import Engine
from trialbook.services.rpc.caller import command
from trialbook.services.rpc.dataset_message import to_dataset
from trialbook.services.rpc.import_session import reserved
from trialbook.v1 import dataset_service_pb2 as rpc
from trialbook.v1.dataset_service_pb2_grpc import DatasetServiceServicer


class VersionRestoreCalls(DatasetServiceServicer):
    """Answers the call of DatasetService that sets a dataset back."""

    _store: Store
    _engine: Engine

    async def RestoreVersion(
        self, request: rpc.RestoreVersionRequest, context: Any
    ) -> rpc.RestoreVersionResponse:
        """Make a version like an older one."""
        check_note(request.message)
        caller = command(context, "RestoreVersion", request)
        done = await self._store.recall(caller, DatasetView)
        if done is None:
            done = await self._restore(request, caller)
        return rpc.RestoreVersionResponse(dataset=to_dataset(done))

    async def _restore(
        self, request: rpc.RestoreVersionRequest, caller: CommandContext
    ) -> DatasetView:
        view, wanted = await self._store.read(lambda q: _plan(q, request))
        if application.changes_nothing(view, wanted):
            return await self._store.execute(caller, lambda _: view, DatasetView)
        async with reserved(self._engine) as import_id:
            ticket = await self._store.transact(
                caller,
                lambda uow: begin_import(
                    uow,
                    view.project,
                    view.dataset_id,
                    import_id,
                    expected_version=_expected(request),
                ),
            )
            # Nobody else makes a version from here on, so this one holds to the end.
            wanted = await self._store.read(
                lambda q: application.plan(q, ticket.view, wanted.version)
            )
            for some in application.slices(wanted):
                await self._store.transact(
                    caller,
                    lambda uow: application.write_slice(uow, ticket, wanted.version, some),  # noqa: B023 — awaited at once
                )
            return await self._store.execute(
                caller,
                lambda uow: application.finish(uow, ticket, wanted, request.message),
                DatasetView,
            )


def _plan(
    queries: Queries, request: rpc.RestoreVersionRequest
) -> tuple[DatasetView, VersionRestore]:
    project, dataset, named = parse_dataset_version("name", request.name)
    view = require(queries, project, dataset)
    expected = _expected(request)
    if expected is not None and expected != view.version:
        raise Stale(
            dataset_name(project, dataset), f"version {expected}", f"version {view.version}"
        )
    version = (
        labelled(queries, view, named)
        if isinstance(named, str)
        else require_version(queries, view, named)
    )
    return view, application.plan(queries, view, version)


def _expected(request: rpc.RestoreVersionRequest) -> int | None:
    return request.expected_version if request.HasField("expected_version") else None
