"""WorkerService on the wire."""

from __future__ import annotations

from typing import Any

from google.protobuf.duration_pb2 import Duration

from trialbook.services.application import clock
from trialbook.services.application.views import HostedScorer, Session
from trialbook.services.application.worker import Registration
from trialbook.services.domain.errors import Invalid
from trialbook.services.domain.experiment import ScorerScope, Target
from trialbook.services.domain.naming import parse_project
from trialbook.services.engine.engine import Engine
from trialbook.services.engine.report import Disposition
from trialbook.services.rpc.definition import read_scope, read_target
from trialbook.services.rpc.payload import (
    read_duration,
    read_json,
    write_duration,
    write_time,
)
from trialbook.services.rpc.task import to_task
from trialbook.services.rpc.task_report import read_reports
from trialbook.services.scoring.catalogue import Direction
from trialbook.v1 import scorer_pb2
from trialbook.v1 import worker_pb2 as pb
from trialbook.v1 import worker_service_pb2 as rpc
from trialbook.v1.worker_service_pb2_grpc import WorkerServiceServicer

_MAX_RUNNING = 10_000
_MAX_REQUEST_ID = 64
_MAX_DESCRIPTION = 4000
_COME_BACK = Duration(seconds=1)

_DISPOSITIONS = {
    Disposition.RECORDED: pb.TASK_DISPOSITION_RECORDED,
    Disposition.ALREADY_RECORDED: pb.TASK_DISPOSITION_ALREADY_RECORDED,
    Disposition.FENCED: pb.TASK_DISPOSITION_FENCED,
    Disposition.RETRY_SCHEDULED: pb.TASK_DISPOSITION_RETRY_SCHEDULED,
}
_DIRECTIONS = {
    scorer_pb2.SCORE_DIRECTION_UNSPECIFIED: Direction.NONE,
    scorer_pb2.SCORE_DIRECTION_HIGHER_IS_BETTER: Direction.HIGHER_IS_BETTER,
    scorer_pb2.SCORE_DIRECTION_LOWER_IS_BETTER: Direction.LOWER_IS_BETTER,
}


class WorkerServicer(WorkerServiceServicer):
    """Answers WorkerService."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def RegisterWorker(
        self, request: rpc.RegisterWorkerRequest, context: Any
    ) -> rpc.RegisterWorkerResponse:
        """Open a session."""
        project = parse_project("parent", request.parent)
        opened = await self._engine.register(project, _registration(request))
        settings = self._engine.settings
        return rpc.RegisterWorkerResponse(
            session_token=opened.token,
            lease_duration=_seconds(settings.lease_duration),
            heartbeat_interval=_seconds(settings.heartbeat_interval),
            max_wait=_seconds(settings.longest_wait),
        )

    async def LeaseTasks(
        self, request: rpc.LeaseTasksRequest, context: Any
    ) -> rpc.LeaseTasksResponse:
        """Lease tasks."""
        await self._session(request.session_token)
        if request.max_tasks < 1:
            raise Invalid.field("max_tasks", f"{request.max_tasks} is too few; ask for 1 to 1,000")
        if not 1 <= len(request.request_id) <= _MAX_REQUEST_ID:
            raise Invalid.field("request_id", f"must have 1 to {_MAX_REQUEST_ID} characters")
        wait = read_duration(request.max_wait) / 1e6
        tasks = await self._engine.lease(
            request.session_token, request.max_tasks, request.request_id, wait
        )
        return rpc.LeaseTasksResponse(
            tasks=map(to_task, tasks),
            retry_after=_COME_BACK if self._engine.draining else None,
        )

    async def CompleteTasks(
        self, request: rpc.CompleteTasksRequest, context: Any
    ) -> rpc.CompleteTasksResponse:
        """Record what came of attempts."""
        session = await self._session(request.session_token)
        reports = read_reports(request.reports)
        dispositions = await self._engine.complete(session, reports)
        return rpc.CompleteTasksResponse(dispositions=map(_DISPOSITIONS.__getitem__, dispositions))

    async def Heartbeat(self, request: rpc.HeartbeatRequest, context: Any) -> rpc.HeartbeatResponse:
        """Prolong leases."""
        session = await self._session(request.session_token)
        if len(request.running_task_ids) > _MAX_RUNNING:
            raise Invalid.field("running_task_ids", f"has more than {_MAX_RUNNING:,} tasks")
        pulse = await self._engine.heartbeat(
            session, request.session_token, request.running_task_ids
        )
        return rpc.HeartbeatResponse(
            lease_expire_time=write_time(pulse.expires_at), stop_task_ids=pulse.stop_task_ids
        )

    async def CloseWorker(
        self, request: rpc.CloseWorkerRequest, context: Any
    ) -> rpc.CloseWorkerResponse:
        """End a session."""
        session = await self._session(request.session_token)
        await self._engine.close(session, request.session_token)
        return rpc.CloseWorkerResponse()

    async def _session(self, token: str) -> Session:
        return await self._engine.sessions.require(token, clock.now())


def _seconds(seconds: float) -> Duration:
    duration = write_duration(int(seconds * 1_000_000))
    return duration or Duration()


def _registration(request: rpc.RegisterWorkerRequest) -> Registration:
    capabilities: list[Target | HostedScorer] = []
    for index, capability in enumerate(request.capabilities):
        path = f"capabilities[{index}]"
        match capability.WhichOneof("executable"):
            case "target":
                capabilities.append(read_target(f"{path}.target", capability.target))
            case "scorer":
                capabilities.append(_scorer(f"{path}.scorer", capability.scorer))
            case _:
                raise Invalid.field(path, "names neither a target nor a scorer")
    return Registration(request.worker_id, tuple(capabilities), request.max_concurrent_tasks)


def _scorer(path: str, scorer: scorer_pb2.Scorer) -> HostedScorer:
    direction = _DIRECTIONS.get(scorer.direction)
    if direction is None:
        raise Invalid.field(f"{path}.direction", f"{scorer.direction} is not of this version")
    return HostedScorer(
        scorer.scorer_id,
        scorer.version,
        scorer.description[:_MAX_DESCRIPTION],
        read_json(scorer.params_schema) or "",
        direction.value,
        scorer.minimum if scorer.HasField("minimum") else None,
        scorer.maximum if scorer.HasField("maximum") else None,
        scorer.needs_expected,
        _hosted_scope(f"{path}.scope", scorer.scope),
    )


def _hosted_scope(path: str, number: int) -> ScorerScope:
    """Return what a scorer judges: results, and so steps of them, or runs."""
    scope = read_scope(path, number)
    return ScorerScope.ITEM if scope is ScorerScope.STEP else scope
