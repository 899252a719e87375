"""WorkerService on the wire."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from google.protobuf.duration_pb2 import Duration

from trialbook.services.application.json_text import METADATA_LIMIT, check_json
from trialbook.services.application.views import HostedScorer, Session
from trialbook.services.application.work import TARGET
from trialbook.services.application.worker import Registration
from trialbook.services.domain.errors import Invalid, Violation
from trialbook.services.domain.experiment import Target
from trialbook.services.domain.judgement import Judgement, ScoreStatus
from trialbook.services.domain.naming import parse_project
from trialbook.services.domain.run import ErrorCode, TaskError
from trialbook.services.engine.completion import TaskReport
from trialbook.services.engine.engine import Engine
from trialbook.services.engine.lease import LeasedTask
from trialbook.services.engine.report import Disposition, Judged
from trialbook.services.engine.task_identity import read_task_id, traceparent, write_task_id
from trialbook.services.rpc.experiment import read_target, to_target
from trialbook.services.rpc.payload import (
    read_duration,
    read_json,
    write_duration,
    write_json,
    write_time,
)
from trialbook.services.rpc.result import ERROR_CODES
from trialbook.services.scoring.catalogue import Direction
from trialbook.v1 import score_pb2, scorer_pb2
from trialbook.v1 import worker_pb2 as pb
from trialbook.v1 import worker_service_pb2 as rpc
from trialbook.v1.payload_pb2 import Payload
from trialbook.v1.worker_service_pb2_grpc import WorkerServiceServicer

_MAX_REPORTS = 1000
_MAX_RUNNING = 10_000
_MAX_REQUEST_ID = 64
_MAX_MESSAGE = 4000
_MAX_STACK = 16_000
_MAX_KIND = 200
_MAX_LABEL = 200
_MAX_REASON = 2000
_COME_BACK = Duration(seconds=1)

_DISPOSITIONS = {
    Disposition.RECORDED: pb.TASK_DISPOSITION_RECORDED,
    Disposition.ALREADY_RECORDED: pb.TASK_DISPOSITION_ALREADY_RECORDED,
    Disposition.FENCED: pb.TASK_DISPOSITION_FENCED,
    Disposition.RETRY_SCHEDULED: pb.TASK_DISPOSITION_RETRY_SCHEDULED,
}
_REPORTED_CODES = {
    number: code for code, number in ERROR_CODES.items() if code is not ErrorCode.WORKER_LOST
}
_DIRECTIONS = {
    scorer_pb2.SCORE_DIRECTION_UNSPECIFIED: Direction.NONE,
    scorer_pb2.SCORE_DIRECTION_HIGHER_IS_BETTER: Direction.HIGHER_IS_BETTER,
    scorer_pb2.SCORE_DIRECTION_LOWER_IS_BETTER: Direction.LOWER_IS_BETTER,
}
_SCORE_STATUSES = {
    score_pb2.SCORE_STATUS_SCORED: ScoreStatus.SCORED,
    score_pb2.SCORE_STATUS_NOT_EVALUABLE: ScoreStatus.NOT_EVALUABLE,
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
            tasks=map(_to_task, tasks),
            retry_after=_COME_BACK if self._engine.draining else None,
        )

    async def CompleteTasks(
        self, request: rpc.CompleteTasksRequest, context: Any
    ) -> rpc.CompleteTasksResponse:
        """Record what came of attempts."""
        session = await self._session(request.session_token)
        reports = _reports(request.reports)
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
        return await self._engine.sessions.require(token, time.time_ns() // 1000)


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
        scorer.description[:_MAX_MESSAGE],
        read_json(scorer.params_schema) or "",
        direction.value,
        scorer.minimum if scorer.HasField("minimum") else None,
        scorer.maximum if scorer.HasField("maximum") else None,
        scorer.needs_expected,
    )


def _to_task(task: LeasedTask) -> pb.Task:
    row, plan = task.row, task.plan
    task_id = write_task_id(plan.uid, row.key)
    is_target = row.scorer == TARGET
    return pb.Task(
        task_id=task_id,
        lease_token=row.lease_token,
        run=plan.name,
        attempt=row.attempt,
        timeout=_duration(plan.settings.attempt_timeout),
        lease_expire_time=_time(row.expires_at or 0),
        traceparent=traceparent(task_id, row.attempt),
        target=_to_target_task(task) if is_target else None,
        scorer=None if is_target else _to_scorer_task(task),
    )


def _to_target_task(task: LeasedTask) -> pb.TargetTask:
    item = task.item
    return pb.TargetTask(
        target=_target(task.plan.target),
        item_id=item.item_id,
        trial=task.row.trial,
        input=Payload(json=item.input),
        context=write_json(item.context),
    )


# The tasks of an answer share these. A message is copied where it is put into another.
_target = lru_cache(maxsize=256)(to_target)
_duration = lru_cache(maxsize=256)(write_duration)
_time = lru_cache(maxsize=256)(write_time)


def _to_scorer_task(task: LeasedTask) -> pb.ScorerTask:
    spec = task.plan.scorers[task.row.scorer]
    return pb.ScorerTask(
        scorer=spec.scorer,
        params=write_json(spec.params or None),
        item_id=task.item.item_id,
        trial=task.row.trial,
        input=write_json(task.item.input),
        output=write_json(task.output),
        expected=write_json(task.item.expected),
        context=write_json(task.item.context),
        metadata=write_json(task.item.metadata),
    )


def _reports(reports: Sequence[pb.TaskReport]) -> list[TaskReport]:
    if not 1 <= len(reports) <= _MAX_REPORTS:
        raise Invalid.field("reports", f"has {len(reports):,} reports; send 1 to {_MAX_REPORTS:,}")
    return [_report(f"reports[{index}]", report) for index, report in enumerate(reports)]


def _report(path: str, report: pb.TaskReport) -> TaskReport:
    named = read_task_id(report.task_id)
    if named is None:
        raise Invalid.field(f"{path}.task_id", f"{report.task_id[:80]!r} is no task id")
    uid, key = named
    kind = report.WhichOneof("outcome")
    # An outcome of the wrong kind, or a body that is no JSON, is the fault of this one attempt:
    # the other reports of the call are recorded all the same.
    read = _OUTCOMES.get((kind, key.scorer == TARGET))
    outcome = _wrong_kind(kind) if read is None else read(report)
    return TaskReport(uid, key, report.lease_token, outcome, max(0, read_duration(report.duration)))


def _output(report: pb.TaskReport) -> str | TaskError:
    text = read_json(report.output)
    if text is None:
        return _invalid([Violation("output", "is empty; send JSON, null for nothing")])
    found = check_json("output", text)
    return _invalid(found) if found else text


def _score(report: pb.TaskReport) -> Judged | TaskError:
    score = report.score
    status = _SCORE_STATUSES.get(score.status)
    evidence = read_json(score.evidence)
    found = [] if evidence is None else check_json("score.evidence", evidence, limit=METADATA_LIMIT)
    has_value = score.HasField("value")
    if status is None:
        found.append(Violation("score.status", "must be scored or not evaluable"))
    elif has_value != (status is ScoreStatus.SCORED):
        found.append(Violation("score.value", "must be set if and only if the status is scored"))
    elif has_value and not -_LARGEST <= score.value <= _LARGEST:
        found.append(Violation("score.value", "must lie between -1e100 and 1e100"))
    if found or status is None:
        return _invalid(found)
    return Judged(
        Judgement(
            status,
            score.value if has_value else None,
            score.passed if score.HasField("passed") else None,
            _told(score.label, _MAX_LABEL),
            _told(score.reason, _MAX_REASON),
            evidence,
        )
    )


def _error(report: pb.TaskReport) -> TaskError:
    error = report.error
    return TaskError(
        _REPORTED_CODES.get(error.code, ErrorCode.EXECUTION),
        _told(error.message, _MAX_MESSAGE),
        _told(error.kind, _MAX_KIND),
        _told(error.stack, _MAX_STACK),
    )


def _told(text: str, limit: int) -> str:
    """Return what user code tells, as far as it can be kept: no database holds a U+0000."""
    return text[:limit].replace("\0", "\N{REPLACEMENT CHARACTER}")


# Squares of these, and sums of many of them, are still finite.
_LARGEST = 1e100
_OUTCOMES: dict[tuple[str | None, bool], Callable[[pb.TaskReport], str | Judged | TaskError]] = {
    ("output", True): _output,
    ("score", False): _score,
    ("error", True): _error,
    ("error", False): _error,
}


def _wrong_kind(kind: str | None) -> TaskError:
    told = f"the worker reported {kind!r}" if kind else "the worker reported nothing"
    return TaskError(
        ErrorCode.INVALID, f"{told}, which is no outcome of such a task; update the worker"
    )


def _invalid(violations: Sequence[Violation]) -> TaskError:
    sentences = "; ".join(f"the {bad.path} {bad.message}" for bad in violations)
    return TaskError(ErrorCode.INVALID, sentences[:_MAX_MESSAGE])
