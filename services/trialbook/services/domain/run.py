"""The run aggregate: a small head, and results and scores as facts in chunk events beside it."""

from __future__ import annotations

import enum

import msgspec

from trialbook.services.domain.content import Content
from trialbook.services.domain.errors import RunEnded as RunHasEnded
from trialbook.services.domain.experiment import RunSettings, ScorerSpec, Target
from trialbook.services.domain.judgement import ScoreStatus

FACTS_PER_EVENT = 250
MAX_LOST_LEASES = 5
"""How often an item is given out again after its worker went away; then it fails."""
SUSPECT_LOSSES = 3
"""After so many losses a task may be what ends its workers: a worker gets only one such at once."""


class RunStatus(enum.StrEnum):
    """Where a run stands."""

    RUNNING = "running"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self in (RunStatus.COMPLETED, RunStatus.CANCELLED)


class ResultStatus(enum.StrEnum):
    """What became of one trial of an item."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"


class ErrorCode(enum.StrEnum):
    """Why an attempt failed. It alone decides whether the task is tried again."""

    EXECUTION = "execution"
    TIMEOUT = "timeout"
    INVALID = "invalid"
    WORKER_LOST = "worker_lost"
    CANCELLED = "cancelled"
    UNAVAILABLE = "unavailable"

    @property
    def retryable(self) -> bool:
        """Whether another attempt may end otherwise."""
        return self not in (ErrorCode.INVALID, ErrorCode.WORKER_LOST)


class TaskError(msgspec.Struct, frozen=True, array_like=True):
    """The error of an attempt: its code, a sentence, the kind and stack in the worker's words."""

    code: ErrorCode
    message: str
    kind: str = ""
    stack: str = ""


class ResultFact(msgspec.Struct, frozen=True, array_like=True):
    """What became of one (item, trial). `latency` is in microseconds, None if never run."""

    number: int
    ordinal: int
    item_id: str
    trial: int
    status: ResultStatus
    output: Content | None = None
    error: TaskError | None = None
    attempts: int = 0
    latency: int | None = None
    worker_id: str = ""
    trace_id: str = ""


class ScoreFact(msgspec.Struct, frozen=True, array_like=True):
    """What one scorer said of one result. `scorer` counts the run's scorers from 0."""

    number: int
    item_id: str
    trial: int
    scorer: int
    status: ScoreStatus
    value: float | None = None
    passed: bool | None = None
    label: str = ""
    reason: str = ""
    evidence: Content | None = None
    duration: int | None = None


class RunStarted(msgspec.Struct, frozen=True):
    """A run began, pinned to exact versions. Its fact has position 1."""

    uid: str
    project: str
    run_id: str
    experiment_uid: str
    experiment_id: str
    experiment_version: int
    dataset_uid: str
    dataset_id: str
    dataset_version: int
    target: Target
    scorers: tuple[ScorerSpec, ...]
    settings: RunSettings
    planned: int


class ResultsRecorded(msgspec.Struct, frozen=True):
    """Results, at the positions from `first_position` on."""

    uid: str
    first_position: int
    results: tuple[ResultFact, ...]


class ScoresRecorded(msgspec.Struct, frozen=True):
    """Scores, at the positions from `first_position` on."""

    uid: str
    first_position: int
    scores: tuple[ScoreFact, ...]


class RunCancelRequested(msgspec.Struct, frozen=True):
    """Somebody cancelled the run; what is not done becomes skipped."""

    uid: str
    position: int
    reason: str


class RunEnded(msgspec.Struct, frozen=True):
    """The run is over; the last of its facts."""

    uid: str
    position: int
    status: RunStatus
    succeeded: int
    failed: int
    skipped: int


RunEvent = RunStarted | ResultsRecorded | ScoresRecorded | RunCancelRequested | RunEnded


class Run(msgspec.Struct, frozen=True):
    """The head: what the decisions about a run rest on."""

    uid: str
    project: str
    run_id: str
    status: RunStatus = RunStatus.RUNNING

    @property
    def name(self) -> str:
        """The resource name."""
        return f"projects/{self.project}/runs/{self.run_id}"


def stream_of(uid: str) -> str:
    """The stream of a run's head."""
    return f"run-{uid}"


def facts_stream_of(uid: str, writer: str) -> str:
    """The stream of the result and score facts that one process writes."""
    return f"run-{uid}/{writer}"


def evolve(run: Run | None, event: RunEvent) -> Run:
    """Return the head after one more head event."""
    if isinstance(event, RunStarted):
        return Run(event.uid, event.project, event.run_id)
    if run is None:
        raise ValueError("a run's history begins with its start")
    match event:
        case RunCancelRequested():
            return msgspec.structs.replace(run, status=RunStatus.CANCELLING)
        case RunEnded():
            return msgspec.structs.replace(run, status=event.status)
        case _:
            raise ValueError("results and scores do not stand in a run's head")


def request_cancel(run: Run, position: int, reason: str) -> list[RunEvent]:
    """Decide a cancellation; of a run that is being cancelled it is no event."""
    if run.status is RunStatus.COMPLETED:
        raise RunHasEnded(run.name, run.status)
    if run.status is not RunStatus.RUNNING:
        return []
    return [RunCancelRequested(run.uid, position, reason)]
