"""Results on the wire."""

from __future__ import annotations

from trialbook.services.application.views import ResultView, RunView
from trialbook.services.domain.naming import result_name
from trialbook.services.domain.run import ErrorCode, ResultStatus, TaskError
from trialbook.services.rpc.payload import write_duration, write_json, write_time
from trialbook.services.rpc.score import to_score
from trialbook.v1 import run_pb2 as pb

STATUSES = {
    ResultStatus.SUCCEEDED: pb.RESULT_STATUS_SUCCEEDED,
    ResultStatus.FAILED: pb.RESULT_STATUS_FAILED,
    ResultStatus.SKIPPED: pb.RESULT_STATUS_SKIPPED,
}
ERROR_CODES = {
    ErrorCode.EXECUTION: pb.TASK_ERROR_CODE_EXECUTION,
    ErrorCode.TIMEOUT: pb.TASK_ERROR_CODE_TIMEOUT,
    ErrorCode.INVALID: pb.TASK_ERROR_CODE_INVALID,
    ErrorCode.WORKER_LOST: pb.TASK_ERROR_CODE_WORKER_LOST,
    ErrorCode.CANCELLED: pb.TASK_ERROR_CODE_CANCELLED,
    ErrorCode.UNAVAILABLE: pb.TASK_ERROR_CODE_UNAVAILABLE,
}


def to_result(run: RunView, view: ResultView) -> pb.Result:
    """Return a result for the wire."""
    return pb.Result(
        name=result_name(run.project, run.run_id, view.number),
        number=view.number,
        item_id=view.item_id,
        trial=view.trial,
        status=STATUSES[view.status],
        output=write_json(view.output),
        error=None if view.error is None else _to_error(view.error),
        attempts=view.attempts,
        latency=write_duration(view.latency),
        worker_id=view.worker_id,
        trace_id=view.trace_id,
        record_time=write_time(view.recorded_at),
        scores=[to_score(run.scorers, score) for score in view.scores],
        input=write_json(view.input),
        expected=write_json(view.expected),
    )


def _to_error(error: TaskError) -> pb.TaskError:
    return pb.TaskError(
        code=ERROR_CODES[error.code], message=error.message, kind=error.kind, stack=error.stack
    )
