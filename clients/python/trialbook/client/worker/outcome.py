"""Reports of attempts, and the errors that a worker itself gives."""

from __future__ import annotations

from typing import Final

from google.protobuf.duration_pb2 import Duration

from trialbook.client.models.outcome import MAX_MESSAGE, Outcome
from trialbook.client.models.result import TASK_ERROR_CODES, TaskErrorCode
from trialbook.client.worker.scope import Scope
from trialbook.v1.payload_pb2 import Payload
from trialbook.v1.run_pb2 import TaskError
from trialbook.v1.score_pb2 import Score as WireScore
from trialbook.v1.trace_pb2 import TraceReport
from trialbook.v1.worker_pb2 import Task, TaskReport

UNTRACED: Final = TraceReport(span_count=0)
"""Says that nobody needs to wait for spans."""


def report(task: Task, outcome: Outcome, seconds: float, scope: Scope | None = None) -> TaskReport:
    """Return the report of an attempt that took so many seconds, with what its scope tells."""
    whole = int(seconds)
    duration = Duration(seconds=whole, nanos=int((seconds - whole) * 1e9))
    message = TaskReport(
        task_id=task.task_id,
        lease_token=task.lease_token,
        output=outcome if isinstance(outcome, Payload) else None,
        score=outcome if isinstance(outcome, WireScore) else None,
        error=outcome if isinstance(outcome, TaskError) else None,
        duration=duration,
        trace=UNTRACED if task.HasField("target") else None,
    )
    if scope is not None:
        scope.fill(message)
    return message


def timeout_outcome(seconds: float) -> TaskError:
    """Return the error of an attempt that took longer than it may."""
    return TaskError(
        code=TASK_ERROR_CODES.wire_name(TaskErrorCode.TIMEOUT),
        message=f"The attempt took longer than the {seconds:g} s that it may.",
        kind="Timeout",
    )


def stopped_outcome() -> TaskError:
    """Return the error of an attempt that the worker gave up, since it stops."""
    return TaskError(
        code=TASK_ERROR_CODES.wire_name(TaskErrorCode.CANCELLED),
        message="The worker stopped before the attempt was done.",
        kind="WorkerStopped",
    )


def refused_outcome(description: str) -> TaskError:
    """Return the error that stands for an outcome that the service refused to record."""
    return TaskError(
        code=TASK_ERROR_CODES.wire_name(TaskErrorCode.INVALID),
        message=f"The service cannot record what was returned: {description}"[:MAX_MESSAGE],
        kind="InvalidAnswer",
    )
