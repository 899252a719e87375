"""Results: what became of the items of a run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from trialbook.client.models.codec import (
    EnumCodec,
    duration_of,
    json_of,
    optional_seconds,
    seconds_of,
    time_of,
)
from trialbook.client.models.score import ResultScore
from trialbook.client.models.trace import TraceState
from trialbook.client.payload import MISSING, decode, encode_field
from trialbook.v1 import run_pb2, run_service_pb2


class ResultStatus(StrEnum):
    """What became of one trial of an item."""

    UNSPECIFIED = "unspecified"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"


class ResultOrder(StrEnum):
    """The order of a listing of results; unspecified is by number."""

    UNSPECIFIED = "unspecified"
    SLOWEST = "slowest"


class TaskErrorCode(StrEnum):
    """Why an attempt failed."""

    UNSPECIFIED = "unspecified"
    EXECUTION = "execution"
    TIMEOUT = "timeout"
    INVALID = "invalid"
    WORKER_LOST = "worker_lost"
    CANCELLED = "cancelled"
    UNAVAILABLE = "unavailable"


class SkipReason(StrEnum):
    """Why a result was skipped."""

    UNSPECIFIED = "unspecified"
    RUN_CANCELLED = "run_cancelled"
    RUN_DEADLINE = "run_deadline"
    TOO_MANY_FAILURES = "too_many_failures"
    NOT_SUBMITTED = "not_submitted"


RESULT_STATUSES: Final = EnumCodec(ResultStatus, run_pb2.ResultStatus, "RESULT_STATUS")
RESULT_ORDERS: Final = EnumCodec(ResultOrder, run_service_pb2.ResultOrder, "RESULT_ORDER")
TASK_ERROR_CODES: Final = EnumCodec(TaskErrorCode, run_pb2.TaskErrorCode, "TASK_ERROR_CODE")
SKIP_REASONS: Final = EnumCodec(SkipReason, run_pb2.SkipReason, "SKIP_REASON")


@dataclass(frozen=True, slots=True)
class TaskError:
    """The error of an attempt."""

    code: TaskErrorCode
    message: str
    kind: str = ""
    stack: str = ""

    def to_message(self) -> run_pb2.TaskError:
        """Write it as the contract's message."""
        code = TASK_ERROR_CODES.wire_name(TaskErrorCode(self.code))
        return run_pb2.TaskError(code=code, message=self.message, kind=self.kind, stack=self.stack)

    @classmethod
    def from_message(cls, message: run_pb2.TaskError) -> TaskError:
        """Read it from the contract's message."""
        code = TASK_ERROR_CODES.member(message.code)
        return cls(code, message.message, message.kind, message.stack)


@dataclass(frozen=True, slots=True)
class Usage:
    """What one attempt has used, as far as the target tells. `cost` is in US dollars."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0

    def to_message(self) -> run_pb2.Usage:
        """Write it as the contract's message."""
        return run_pb2.Usage(
            input_tokens=self.input_tokens, output_tokens=self.output_tokens, cost=self.cost
        )

    @classmethod
    def from_message(cls, message: run_pb2.Usage) -> Usage:
        """Read it from the contract's message."""
        return cls(message.input_tokens, message.output_tokens, message.cost)


@dataclass(frozen=True, slots=True, init=False)
class StepResult:
    """What became of one step of a workflow: `StepResult("search", ["a", "b"], duration=0.2)`.

    `output` is anything that has a JSON form; left out if the step failed, with `error`.
    `duration` is in seconds, None if nobody tells.
    """

    step_id: str
    output_json: str | None
    error: str
    duration: float | None

    def __init__(
        self,
        step_id: str,
        output: object = MISSING,
        *,
        error: str = "",
        duration: float | timedelta | None = None,
    ) -> None:
        text = None if output is MISSING else encode_field(output, f"step {step_id}: output")
        if isinstance(duration, timedelta):
            duration = duration.total_seconds()
        _fill_step(self, step_id, text, error, duration)

    @property
    def output(self) -> Any:
        """What it gave; None if it failed."""
        return None if self.output_json is None else decode(self.output_json)

    def to_message(self) -> run_pb2.StepResult:
        """Write it as the contract's message."""
        message = run_pb2.StepResult(step_id=self.step_id, error=self.error)
        if self.output_json is not None:
            message.output.json = self.output_json
        if self.duration is not None:
            message.duration.CopyFrom(duration_of(self.duration))
        return message

    @classmethod
    def from_message(cls, message: run_pb2.StepResult) -> StepResult:
        """Read it from the contract's message."""
        step = cls.__new__(cls)
        output = json_of(message.output)
        _fill_step(
            step, message.step_id, output, message.error, optional_seconds(message, "duration")
        )
        return step


def _fill_step(
    step: StepResult, step_id: str, output_json: str | None, error: str, duration: float | None
) -> None:
    """Set the fields of a step in the making: it is frozen, with a constructor of its own."""
    object.__setattr__(step, "step_id", step_id)
    object.__setattr__(step, "output_json", output_json)
    object.__setattr__(step, "error", error)
    object.__setattr__(step, "duration", duration)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one item in one trial, with JSON texts and, decoded when asked for, values.

    `input_json` and `expected_json` are set only where they were asked for. In a watch, scores
    come as facts of their own.
    """

    name: str
    number: int
    item_id: str
    trial: int
    status: ResultStatus
    output_json: str | None
    error: TaskError | None
    attempts: int
    latency: float
    """Seconds that the last attempt took."""
    worker_id: str
    trace_id: str
    record_time: datetime
    scores: tuple[ResultScore, ...]
    input_json: str | None
    expected_json: str | None
    skip_reason: SkipReason = SkipReason.UNSPECIFIED
    """Why it was skipped; unspecified if it was not."""
    steps: tuple[StepResult, ...] = ()
    """What the steps of a workflow came to, in the order in which they ended."""
    usage: Usage | None = None
    """What the last attempt used; None if the target does not tell."""
    round: int = 0
    """In which round it was recorded: 0 at first, 1 after the first retry of the run."""
    trace: TraceState | None = None
    """What is known of its trace; set where one result is asked for."""
    trajectory_json: str | None = None
    """What was reported that the target did, as it was sent; set where one result is asked for."""

    @property
    def output(self) -> Any:
        """What the target answered; None if it did not."""
        return None if self.output_json is None else decode(self.output_json)

    @property
    def input(self) -> Any:
        """The item's input; None if it was not asked for."""
        return None if self.input_json is None else decode(self.input_json)

    @property
    def expected(self) -> Any:
        """The item's expected value; None if it has none or it was not asked for."""
        return None if self.expected_json is None else decode(self.expected_json)

    @classmethod
    def from_message(cls, message: run_pb2.Result) -> Result:
        """Read it from the contract's message."""
        return cls(
            name=message.name,
            number=message.number,
            item_id=message.item_id,
            trial=message.trial,
            status=RESULT_STATUSES.member(message.status),
            output_json=json_of(message.output),
            error=TaskError.from_message(message.error) if message.HasField("error") else None,
            attempts=message.attempts,
            latency=seconds_of(message.latency),
            worker_id=message.worker_id,
            trace_id=message.trace_id,
            record_time=time_of(message.record_time),
            scores=tuple(ResultScore.from_message(score) for score in message.scores),
            input_json=json_of(message.input),
            expected_json=json_of(message.expected),
            skip_reason=SKIP_REASONS.member(message.skip_reason),
            steps=tuple(map(StepResult.from_message, message.steps)),
            usage=Usage.from_message(message.usage) if message.HasField("usage") else None,
            round=message.round,
            trace=TraceState.from_message(message.trace) if message.HasField("trace") else None,
            trajectory_json=json_of(message.trajectory),
        )
