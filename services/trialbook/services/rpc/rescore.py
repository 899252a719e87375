"""More scorers over recorded outputs, on the wire."""

from __future__ import annotations

from typing import Any

from trialbook.services.application import rescore as application
from trialbook.services.application.ports import Store
from trialbook.services.application.rescore import Rescored
from trialbook.services.domain.naming import parse_run
from trialbook.services.engine.engine import Engine
from trialbook.services.rpc.caller import command
from trialbook.services.rpc.definition import read_scorers
from trialbook.services.rpc.run_message import to_run
from trialbook.v1 import run_service_pb2 as rpc
from trialbook.v1.run_service_pb2_grpc import RunServiceServicer


class RescoreCalls(RunServiceServicer):
    """Answers the call of RunService that judges outputs again."""

    _store: Store
    _engine: Engine

    async def RescoreRun(
        self, request: rpc.RescoreRunRequest, context: Any
    ) -> rpc.RescoreRunResponse:
        """Judge recorded outputs by more scorers."""
        project, run = parse_run("name", request.name)
        drafts = read_scorers("scorers", request.scorers)
        rescored = await self._store.execute(
            command(context, "RescoreRun", request),
            lambda uow: application.rescore(
                uow,
                project,
                run,
                drafts,
                force=request.force,
                wait_for_worker=request.wait_for_worker,
            ),
            Rescored,
        )
        self._engine.run_goes_on(rescored.run.number)
        return rpc.RescoreRunResponse(run=to_run(rescored.run), scorers=rescored.scorers)
