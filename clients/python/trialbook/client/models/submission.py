"""Results that a caller's own loop submits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

from trialbook.client.errors import invalid_field
from trialbook.client.models.codec import EnumCodec, duration_of
from trialbook.client.models.outcome import (
    InvalidAnswer,
    NotEvaluable,
    Score,
    failure_outcome,
    scorer_outcome,
)
from trialbook.client.models.result import StepResult, TaskError, TaskErrorCode, Usage
from trialbook.client.models.trace_report import TraceReport
from trialbook.client.payload import MISSING, encode_field
from trialbook.v1 import run_pb2, run_service_pb2, score_pb2


class SubmissionDisposition(StrEnum):
    """What was done with a submitted result.

    "already_recorded": the same was recorded before; "conflict": another outcome was, which stays.
    """

    UNSPECIFIED = "unspecified"
    RECORDED = "recorded"
    ALREADY_RECORDED = "already_recorded"
    CONFLICT = "conflict"


SUBMISSION_DISPOSITIONS: Final = EnumCodec(
    SubmissionDisposition, run_service_pb2.SubmissionDisposition, "SUBMISSION_DISPOSITION"
)


@dataclass(frozen=True, slots=True)
class SubmittedResult:
    """What the caller's loop made of one trial of an item: an output, or an error.

    `output` is anything that has a JSON form, None included. `error` is an exception, a sentence
    or a `TaskError`. `latency` is in seconds. `scores` are those of scorers that are `by_caller`,
    by alias: a number, a bool, a `Score` or `NotEvaluable`.

    `trace_id` names the trace that tells what was done, and `trace` what is known of it, so that
    nobody waits for spans that do not come. `trajectory` tells it where no trace does: messages as
    they went to and came from a model, or `{"steps": …}`.
    """

    item_id: str
    output: object = MISSING
    trial: int = 1
    error: TaskError | BaseException | str | None = None
    latency: float | timedelta | None = None
    usage: Usage | None = None
    steps: Sequence[StepResult] = ()
    trace_id: str = ""
    scores: Mapping[str, Score | NotEvaluable | float] = field(default_factory=dict)
    attempts: int = 1
    trajectory: object = MISSING
    trace: TraceReport | None = None

    def to_message(self, path: str = "result") -> run_service_pb2.SubmittedResult:
        """Write it as the contract's message; `path` names it in errors."""
        message = run_service_pb2.SubmittedResult(
            item_id=self.item_id,
            trial=self.trial,
            usage=None if self.usage is None else self.usage.to_message(),
            steps=[step.to_message() for step in self.steps],
            trace_id=self.trace_id,
            scores=[_score(alias, score, path) for alias, score in self.scores.items()],
            attempts=self.attempts,
        )
        self._write_outcome(message, path)
        if self.trace is not None:
            message.trace.CopyFrom(self.trace.to_message())
        if self.trajectory is not MISSING:
            message.trajectory.json = encode_field(self.trajectory, f"{path}.trajectory")
        if self.latency is not None:
            message.latency.CopyFrom(duration_of(self.latency))
        return message

    def _write_outcome(self, message: run_service_pb2.SubmittedResult, path: str) -> None:
        if (self.output is MISSING) == (self.error is None):
            raise invalid_field(f"{path}.output", "give either an output or an error")
        if self.error is None:
            message.output.json = encode_field(self.output, f"{path}.output")
        else:
            message.error.CopyFrom(_error(self.error))


def _error(error: TaskError | BaseException | str) -> run_pb2.TaskError:
    if isinstance(error, BaseException):
        return failure_outcome(error)
    if isinstance(error, str):
        return TaskError(TaskErrorCode.EXECUTION, error).to_message()
    return error.to_message()


def _score(alias: str, score: Score | NotEvaluable | float, path: str) -> score_pb2.Score:
    try:
        message = scorer_outcome(score)
    except InvalidAnswer as error:
        raise invalid_field(f"{path}.scores[{alias!r}]", str(error)) from error
    message.scorer = alias
    return message
