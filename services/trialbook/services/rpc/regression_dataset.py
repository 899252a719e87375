"""Datasets of failing results, on the wire."""

from __future__ import annotations

from typing import Any

from trialbook.services.application import item_copy
from trialbook.services.application import regression_dataset as application
from trialbook.services.application.item_copy import Copying
from trialbook.services.application.item_import import ImportTicket, begin_import
from trialbook.services.application.item_write import Tally
from trialbook.services.application.ports import CommandContext, Store
from trialbook.services.application.regression_dataset import (
    FAILING,
    RegressionDataset,
    RegressionPlan,
    RegressionTerms,
)
from trialbook.services.application.result_filter import ResultFilter
from trialbook.services.application.views import DatasetView
from trialbook.services.domain.naming import dataset_version_name, parse_run
from trialbook.services.engine.engine import Engine
from trialbook.services.rpc.caller import command
from trialbook.services.rpc.import_session import reserved
from trialbook.services.rpc.result_filter import read_filter
from trialbook.v1 import run_service_pb2 as rpc
from trialbook.v1.run_service_pb2_grpc import RunServiceServicer


class RegressionDatasetCalls(RunServiceServicer):
    """Answers the call of RunService that makes datasets of failing results."""

    _store: Store
    _engine: Engine

    async def CreateRegressionDataset(
        self, request: rpc.CreateRegressionDatasetRequest, context: Any
    ) -> rpc.CreateRegressionDatasetResponse:
        """Make a dataset of failing results, or add to it what is missing."""
        terms = _read(request)
        caller = command(context, "CreateRegressionDataset", request)
        done = await self._store.recall(caller, RegressionDataset)
        if done is None:
            done = await self._create(terms, caller)
        view = done.dataset
        return rpc.CreateRegressionDatasetResponse(
            dataset=dataset_version_name(view.project, view.dataset_id, view.version),
            experiment=done.experiment,
            added_count=done.added_count,
            item_count=view.item_count,
        )

    async def _create(self, terms: RegressionTerms, caller: CommandContext) -> RegressionDataset:
        plan = await self._store.read(lambda queries: application.plan(queries, terms))
        view = await self._store.transact(
            caller, lambda uow: application.require_dataset(uow, plan)
        )
        found = await self._missing(plan, view)
        if found == Copying():
            return await self._store.execute(
                caller,
                lambda uow: application.complete(uow, plan, view, 0),
                RegressionDataset,
            )
        async with reserved(self._engine) as import_id:
            ticket = await self._store.transact(
                caller,
                lambda uow: begin_import(uow, view.project, view.dataset_id, import_id),
            )
            # Nobody else makes a version from here on, so this holds to the end.
            found = await self._missing(plan, ticket.view)
            tally = await self._copy(plan, ticket, found, caller)
            return await self._store.execute(
                caller,
                lambda uow: application.finish(uow, ticket, plan, tally),
                RegressionDataset,
            )

    async def _missing(self, plan: RegressionPlan, view: DatasetView) -> Copying:
        return await self._store.read(lambda queries: item_copy.missing(queries, plan.items, view))

    async def _copy(
        self, plan: RegressionPlan, ticket: ImportTicket, found: Copying, caller: CommandContext
    ) -> Tally:
        tally = Tally()
        for some in item_copy.slices(found, ticket.next_ordinal):
            tally += await self._store.transact(
                caller,
                lambda uow: item_copy.write_slice(uow, ticket, plan.items, some),  # noqa: B023 — awaited at once
            )
        return tally


def _read(request: rpc.CreateRegressionDatasetRequest) -> RegressionTerms:
    """Return what a request asks for. A filter that restricts nothing is none. Raises Invalid."""
    project, run_id = parse_run("parent", request.parent)
    wanted = read_filter("filter", request.filter)
    return RegressionTerms(
        project,
        run_id,
        FAILING if wanted == ResultFilter() else wanted,
        request.dataset_id,
        request.experiment_id,
    )
