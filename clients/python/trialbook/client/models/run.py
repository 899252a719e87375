"""Runs, their results and their facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeAlias

from trialbook.client import names
from trialbook.client.models.codec import EnumCodec, json_of, seconds_of, time_of
from trialbook.client.models.experiment import RunSettings, Scorer, Target
from trialbook.client.models.score import ResultScore, ScorerSummary
from trialbook.client.payload import decode
from trialbook.v1 import run_pb2, run_service_pb2


class RunStatus(StrEnum):
    """Where a run stands."""

    UNSPECIFIED = "unspecified"
    RUNNING = "running"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self in (RunStatus.COMPLETED, RunStatus.CANCELLED)


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


RUN_STATUSES: Final = EnumCodec(RunStatus, run_pb2.RunStatus, "RUN_STATUS")
RESULT_STATUSES: Final = EnumCodec(ResultStatus, run_pb2.ResultStatus, "RESULT_STATUS")
RESULT_ORDERS: Final = EnumCodec(ResultOrder, run_service_pb2.ResultOrder, "RESULT_ORDER")
TASK_ERROR_CODES: Final = EnumCodec(TaskErrorCode, run_pb2.TaskErrorCode, "TASK_ERROR_CODE")


@dataclass(frozen=True, slots=True)
class RunCounts:
    """How many results a run has."""

    planned: int
    succeeded: int
    failed: int
    skipped: int

    @property
    def done(self) -> int:
        """How many have their outcome."""
        return self.succeeded + self.failed + self.skipped

    @classmethod
    def from_message(cls, message: run_pb2.RunCounts) -> RunCounts:
        """Read it from the contract's message."""
        return cls(message.planned, message.succeeded, message.failed, message.skipped)


@dataclass(frozen=True, slots=True)
class LatencySummary:
    """How long attempts took, in seconds; None without results, and where it is not told."""

    p50: float | None
    p95: float | None

    @classmethod
    def from_message(cls, message: run_pb2.LatencySummary) -> LatencySummary:
        """Read it from the contract's message."""
        return cls(
            p50=seconds_of(message.p50) if message.HasField("p50") else None,
            p95=seconds_of(message.p95) if message.HasField("p95") else None,
        )


@dataclass(frozen=True, slots=True)
class Run:
    """One experiment version on one dataset version."""

    name: str
    uid: str
    experiment: str
    dataset: str
    target: Target
    scorers: tuple[Scorer, ...]
    settings: RunSettings
    status: RunStatus
    completed_with_errors: bool
    counts: RunCounts
    scores: tuple[ScorerSummary, ...]
    latency: LatencySummary
    last_position: int
    waiting_for: str
    author: str
    create_time: datetime
    end_time: datetime | None

    @property
    def id(self) -> str:
        """The last part of the name."""
        return names.last_part(self.name)

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.status.ended

    @classmethod
    def from_message(cls, message: run_pb2.Run) -> Run:
        """Read it from the contract's message."""
        return cls(
            name=message.name,
            uid=message.uid,
            experiment=message.experiment,
            dataset=message.dataset,
            target=Target.from_message(message.target),
            scorers=tuple(Scorer.from_message(scorer) for scorer in message.scorers),
            settings=RunSettings.from_message(message.settings),
            status=RUN_STATUSES.member(message.status),
            completed_with_errors=message.completed_with_errors,
            counts=RunCounts.from_message(message.counts),
            scores=tuple(ScorerSummary.from_message(s) for s in message.scorer_summaries),
            latency=LatencySummary.from_message(message.latency),
            last_position=message.last_position,
            waiting_for=message.waiting_for,
            author=message.author,
            create_time=time_of(message.create_time),
            end_time=time_of(message.end_time) if message.HasField("end_time") else None,
        )


@dataclass(frozen=True, slots=True)
class TaskError:
    """The error of an attempt."""

    code: TaskErrorCode
    message: str
    kind: str
    stack: str

    @classmethod
    def from_message(cls, message: run_pb2.TaskError) -> TaskError:
        """Read it from the contract's message."""
        code = TASK_ERROR_CODES.member(message.code)
        return cls(code, message.message, message.kind, message.stack)


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
        )


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The run began."""

    planned: int


@dataclass(frozen=True, slots=True)
class ResultScored:
    """A result has a score."""

    number: int
    item_id: str
    trial: int
    score: ResultScore


@dataclass(frozen=True, slots=True)
class RunCancelRequested:
    """The run was cancelled; items that are not done become skipped."""

    author: str
    reason: str


@dataclass(frozen=True, slots=True)
class RunEnded:
    """The run ended. Always the last fact."""

    status: RunStatus
    counts: RunCounts


Fact: TypeAlias = RunStarted | Result | ResultScored | RunCancelRequested | RunEnded | None


@dataclass(frozen=True, slots=True)
class RunEvent:
    """One fact of a run's history; `fact` is None for a kind that a newer server knows."""

    position: int
    record_time: datetime
    fact: Fact

    @classmethod
    def from_message(cls, message: run_pb2.RunEvent) -> RunEvent:
        """Read it from the contract's message."""
        return cls(message.position, time_of(message.record_time), _fact(message))


@dataclass(frozen=True, slots=True)
class WatchUpdate:
    """Some facts of a run, or none as a sign of life.

    Give `through_position` to resume after them. `run` is what it looked like then, where the
    server told it.
    """

    events: tuple[RunEvent, ...]
    through_position: int
    run: Run | None


def _fact(message: run_pb2.RunEvent) -> Fact:
    match message.WhichOneof("fact"):
        case "started":
            return RunStarted(message.started.planned)
        case "result":
            return Result.from_message(message.result)
        case "scored":
            scored = message.scored
            score = ResultScore.from_message(scored.score)
            return ResultScored(scored.number, scored.item_id, scored.trial, score)
        case "cancel_requested":
            requested = message.cancel_requested
            return RunCancelRequested(requested.author, requested.reason)
        case "ended":
            counts = RunCounts.from_message(message.ended.counts)
            return RunEnded(RUN_STATUSES.member(message.ended.status), counts)
        case _:
            return None
