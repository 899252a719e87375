"""Another chance for failed results, on the wire."""

from __future__ import annotations

from typing import Any

from trialbook.services.application import retry as application
from trialbook.services.application.ports import Store
from trialbook.services.application.retry import Retried
from trialbook.services.domain.naming import parse_run
from trialbook.services.engine.engine import Engine
from trialbook.services.rpc.caller import command
from trialbook.services.rpc.run_message import to_run
from trialbook.v1 import run_service_pb2 as rpc
from trialbook.v1.run_service_pb2_grpc import RunServiceServicer


class RetryCalls(RunServiceServicer):
    """Answers the call of RunService that runs results again."""

    _store: Store
    _engine: Engine

    async def RetryRun(self, request: rpc.RetryRunRequest, context: Any) -> rpc.RetryRunResponse:
        """Run failed results again."""
        project, run = parse_run("name", request.name)
        retried = await self._store.execute(
            command(context, "RetryRun", request),
            lambda uow: application.retry(
                uow,
                project,
                run,
                request.numbers,
                include_skipped=request.include_skipped,
                wait_for_worker=request.wait_for_worker,
            ),
            Retried,
        )
        self._engine.run_goes_on(retried.run.number)
        return rpc.RetryRunResponse(run=to_run(retried.run), count=retried.count)
