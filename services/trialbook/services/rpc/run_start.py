"""Starting runs on the wire."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from trialbook.services.application.ports import CommandContext, Store
from trialbook.services.application.run_draft import RunDraft
from trialbook.services.application.run_start import prepare, start
from trialbook.services.application.views import RunView
from trialbook.services.domain.errors import Contended, Stale
from trialbook.services.domain.naming import parse_project, parse_run, parse_versioned
from trialbook.services.engine.engine import Engine
from trialbook.services.rpc.caller import command
from trialbook.services.rpc.definition import read_dataset, read_scorers, read_set_fields
from trialbook.services.rpc.gate import read_gate
from trialbook.services.rpc.item_selection import read_terms
from trialbook.services.rpc.payload import read_json
from trialbook.services.rpc.run_message import to_run
from trialbook.services.rpc.trace_context import traceparent_of
from trialbook.v1 import run_service_pb2 as rpc
from trialbook.v1.run_service_pb2_grpc import RunServiceServicer

_TRIES = 3


class StartCalls(RunServiceServicer):
    """Answers the call of RunService that starts a run."""

    _store: Store
    _engine: Engine

    async def StartRun(self, request: rpc.StartRunRequest, context: Any) -> rpc.StartRunResponse:
        """Start a run."""
        draft = replace(_draft(request), traceparent=traceparent_of(context))
        caller = command(context, "StartRun", request)
        view = await self._store.recall(caller, RunView)
        if view is None:
            view = await self._start(caller, draft)
            self._engine.run_started()
        return rpc.StartRunResponse(run=to_run(view))

    async def _start(self, caller: CommandContext, draft: RunDraft) -> RunView:
        stale = None
        for _ in range(_TRIES):
            prepared = await self._store.read(lambda queries: prepare(queries, draft))
            try:
                return await self._store.execute(
                    caller,
                    lambda uow, prepared=prepared: start(uow, draft, prepared),  # type: ignore[misc]
                    RunView,
                )
            except Stale as error:
                # Items were purged while the others were counted.
                stale = error
        raise Contended(f"projects/{draft.project}") from stale


def _draft(request: rpc.StartRunRequest) -> RunDraft:
    """Return what a request wants. Raises Invalid."""
    return RunDraft(
        project=parse_project("parent", request.parent),
        run_id=request.run_id,
        experiment=parse_versioned("experiment", request.experiment, "experiment"),
        wait_for_worker=request.wait_for_worker,
        display_name=request.display_name,
        target_revision=request.target_revision,
        dataset=read_dataset("dataset", request.dataset) if request.dataset else None,
        scorers=(
            read_scorers("scorers.scorers", request.scorers.scorers)
            if request.HasField("scorers")
            else None
        ),
        settings=read_set_fields(request.settings),
        selection=(
            read_terms("selection", request.selection)
            if request.HasField("selection")
            else msgspec.UNSET
        ),
        target_options=read_json(request.target_options) or "",
        context=read_json(request.context) or "",
        metadata=read_json(request.metadata) or "",
        baseline=parse_run("baseline", request.baseline) if request.baseline else None,
        caller_driven=request.caller_driven,
        gate=read_gate("gate", request.gate) if request.HasField("gate") else None,
    )
