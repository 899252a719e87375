"""Results on the wire."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from trialbook.services.application.found_trajectory import Found
from trialbook.services.application.views import ResultView, RunView
from trialbook.services.domain.naming import result_name
from trialbook.services.domain.run import (
    ErrorCode,
    ResultStatus,
    SkipReason,
    StepOutcome,
    TaskError,
    Usage,
)
from trialbook.services.rpc.payload import write_duration, write_json, write_time
from trialbook.services.rpc.score_message import to_score
from trialbook.services.rpc.trace_message import to_trace_state
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


_SKIP_REASONS = {
    SkipReason.RUN_CANCELLED: pb.SKIP_REASON_RUN_CANCELLED,
    SkipReason.RUN_DEADLINE: pb.SKIP_REASON_RUN_DEADLINE,
    SkipReason.TOO_MANY_FAILURES: pb.SKIP_REASON_TOO_MANY_FAILURES,
    SkipReason.NOT_SUBMITTED: pb.SKIP_REASON_NOT_SUBMITTED,
}
Stale = Collection[tuple[int, int]]
"""Scores by the result's number and the scorer's place."""

_decode_steps = msgspec.json.Decoder(list[StepOutcome]).decode


def to_result(
    run: RunView, view: ResultView, *, found: Found | None = None, stale: Stale = frozenset()
) -> pb.Result:
    """Return a result for the wire, with what is found of its trace, and its stale scores."""
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
        scores=[
            to_score(run, view.number, score, stale=(view.number, score.scorer) in stale)
            for score in view.scores
            if not run.scorers[score.scorer].superseded
        ],
        input=write_json(view.input),
        expected=write_json(view.expected),
        skip_reason=_skip_reason(view),
        steps=[] if view.steps is None else map(_to_step, _decode_steps(view.steps)),
        usage=None if view.usage is None else _to_usage(view.usage),
        round=view.round,
        trace=None if found is None else to_trace_state(found.state),
        trajectory=None if found is None else write_json(found.subject.reported),
    )


def _skip_reason(view: ResultView) -> pb.SkipReason:
    if view.status is not ResultStatus.SKIPPED:
        return pb.SKIP_REASON_UNSPECIFIED
    return _SKIP_REASONS[view.skip_reason or SkipReason.RUN_CANCELLED]


def _to_step(step: StepOutcome) -> pb.StepResult:
    return pb.StepResult(
        step_id=step.step_id,
        output=write_json(bytes(step.output).decode() or None),
        error=step.error,
        duration=write_duration(step.duration),
    )


def _to_usage(usage: Usage) -> pb.Usage:
    return pb.Usage(
        input_tokens=usage.input_tokens, output_tokens=usage.output_tokens, cost=usage.cost
    )


def _to_error(error: TaskError) -> pb.TaskError:
    return pb.TaskError(
        code=ERROR_CODES[error.code], message=error.message, kind=error.kind, stack=error.stack
    )
