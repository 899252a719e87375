"""The run aggregate: a small head, and results and scores as facts in chunk events beside it."""

from __future__ import annotations

import enum

import msgspec

from trialbook.services.domain.content import Content
from trialbook.services.domain.errors import CallerDriven, NotCallerDriven, RunGoesOn
from trialbook.services.domain.errors import RunEnded as RunHasEnded
from trialbook.services.domain.experiment import RunSettings, ScorerSpec, Target
from trialbook.services.domain.gate import Gate, GateEvaluated
from trialbook.services.domain.judgement import ScoreStatus
from trialbook.services.domain.selection import SelectionTerms

FACTS_PER_EVENT = 250
MAX_LOST_LEASES = 5
"""How often an item is given out again after its worker went away; then it fails."""
SUSPECT_LOSSES = 3
"""After so many losses a task may be what ends its workers: a worker gets only one such at once."""


class RunStatus(enum.StrEnum):
    """Where a run stands."""

    PENDING = "pending"
    RUNNING = "running"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self in (RunStatus.COMPLETED, RunStatus.CANCELLED, RunStatus.FAILED)

    @property
    def open(self) -> bool:
        """Whether its items are being run, or will be."""
        return self in (RunStatus.PENDING, RunStatus.RUNNING)


class EndReason(enum.StrEnum):
    """Why a run did not complete."""

    NONE = ""
    CANCELLED = "cancelled"
    DEADLINE_EXCEEDED = "deadline_exceeded"
    TOO_MANY_FAILURES = "too_many_failures"
    ALL_FAILED = "all_failed"

    @property
    def status(self) -> RunStatus:
        """How a run that ends for this reason ends."""
        match self:
            case EndReason.NONE:
                return RunStatus.COMPLETED
            case EndReason.CANCELLED:
                return RunStatus.CANCELLED
            case _:
                return RunStatus.FAILED


class SkipReason(enum.StrEnum):
    """Why an item was not run."""

    RUN_CANCELLED = "run_cancelled"
    RUN_DEADLINE = "run_deadline"
    TOO_MANY_FAILURES = "too_many_failures"
    NOT_SUBMITTED = "not_submitted"


_SKIPPED_FOR = {
    EndReason.DEADLINE_EXCEEDED: SkipReason.RUN_DEADLINE,
    EndReason.TOO_MANY_FAILURES: SkipReason.TOO_MANY_FAILURES,
}


def skipped_for(reason: EndReason) -> SkipReason:
    """Return why the items are skipped that a run has not done when it is stopped."""
    return _SKIPPED_FOR.get(reason, SkipReason.RUN_CANCELLED)


class ScorerSource(enum.StrEnum):
    """Where the scorers of a run come from."""

    RUN = "run"
    EXPERIMENT = "experiment"
    DATASET = "dataset"


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


class Usage(msgspec.Struct, frozen=True, array_like=True):
    """What an attempt has used: tokens, and US dollars."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0


NO_OUTPUT = msgspec.Raw(b"")
"""Stands for the output of a step that failed. Only this very one is left out of its JSON."""


class StepOutcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one step of a workflow. `duration` is in microseconds."""

    step_id: str
    output: msgspec.Raw = NO_OUTPUT
    error: str = ""
    duration: int | None = None


class TraceReport(msgspec.Struct, frozen=True, array_like=True):
    """What the worker or the caller knows of an attempt's trace.

    `trace_ids` are further ones beside that of the task; `span_id` is the enclosing span, empty if
    there is none; `span_count` says how many spans ended, None if that is not known, 0 if there is
    no trace; `open_spans` how many had not.
    """

    trace_ids: tuple[str, ...] = ()
    span_id: str = ""
    span_count: int | None = None
    open_spans: int = 0


class ResultFact(msgspec.Struct, frozen=True, array_like=True):
    """What became of one (item, trial). `latency` is in microseconds, None if never run.

    `steps` is a JSON array of StepOutcome; `round` counts the retries of the run before it;
    `trajectory` is JSON that tells what the target did, as it was reported.
    """

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
    skip_reason: SkipReason | None = None
    steps: Content | None = None
    usage: Usage | None = None
    round: int = 0
    trace: TraceReport | None = None
    trajectory: Content | None = None


class ScoreFact(msgspec.Struct, frozen=True, array_like=True):
    """What one scorer said of one result. `scorer` counts the run's scorers from 0.

    A scorer of the run as a whole has the result number and the trial 0, and no item.
    """

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
    """A run was started, pinned to exact versions. Its fact has position 1.

    A `pending` one waits for its first worker. `metadata`, `target_options` and `context` are JSON
    objects' texts, empty for none; `baseline` is a run's resource name; `traceparent` is the
    caller's W3C trace context, empty for none.
    """

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
    display_name: str = ""
    metadata: str = ""
    target_options: str = ""
    context: str = ""
    selection: SelectionTerms | None = None
    gate: Gate | None = None
    baseline: str = ""
    scorer_source: ScorerSource = ScorerSource.EXPERIMENT
    caller_driven: bool = False
    pending: bool = False
    traceparent: str = ""


class RunBegan(msgspec.Struct, frozen=True):
    """A pending run has its first worker, and is pinned to what that hosts."""

    uid: str
    position: int
    target: Target


class ResultsRecorded(msgspec.Struct, frozen=True):
    """Results, at the positions from `first_position` on.

    Those that `replaces` take the place of results that are there already.
    """

    uid: str
    first_position: int
    results: tuple[ResultFact, ...]
    replaces: bool = False


class ScoresRecorded(msgspec.Struct, frozen=True):
    """Scores, at the positions from `first_position` on; `replaces` as for results."""

    uid: str
    first_position: int
    scores: tuple[ScoreFact, ...]
    replaces: bool = False


class RunCancelRequested(msgspec.Struct, frozen=True):
    """Somebody, or a limit, stopped the run; what is not done becomes skipped."""

    uid: str
    position: int
    reason: str
    end_reason: EndReason = EndReason.CANCELLED


class RunFinishRequested(msgspec.Struct, frozen=True):
    """The caller submits no more results; what is missing becomes skipped. No fact of the run."""

    uid: str


class RunRetried(msgspec.Struct, frozen=True):
    """Failed results of a run that had ended are run again: these, or all if none is named."""

    uid: str
    position: int
    round: int
    count: int
    numbers: tuple[int, ...] = ()
    include_skipped: bool = False


class RunRescored(msgspec.Struct, frozen=True):
    """Recorded outputs are judged by more scorers, which come after those that the run has."""

    uid: str
    position: int
    scorers: tuple[ScorerSpec, ...]


class RunEnded(msgspec.Struct, frozen=True):
    """The run is over; the last of its facts, unless it is retried or rescored."""

    uid: str
    position: int
    status: RunStatus
    succeeded: int
    failed: int
    skipped: int
    end_reason: EndReason = EndReason.NONE


RunEvent = (
    RunStarted
    | RunBegan
    | ResultsRecorded
    | ScoresRecorded
    | RunCancelRequested
    | RunFinishRequested
    | RunRetried
    | RunRescored
    | RunEnded
    | GateEvaluated
)


class Run(msgspec.Struct, frozen=True):
    """The head: what the decisions about a run rest on.

    Until the next end, `retried` or `rescored` is why a run that had ended goes on.
    """

    uid: str
    project: str
    run_id: str
    status: RunStatus = RunStatus.RUNNING
    caller_driven: bool = False
    finishing: bool = False
    round: int = 0
    retried: RunRetried | None = None
    rescored: RunRescored | None = None

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
        status = RunStatus.PENDING if event.pending else RunStatus.RUNNING
        return Run(event.uid, event.project, event.run_id, status, event.caller_driven)
    if run is None:
        raise ValueError("a run's history begins with its start")
    replace = msgspec.structs.replace
    match event:
        case RunBegan():
            return replace(run, status=RunStatus.RUNNING)
        case RunRetried():
            return replace(run, status=RunStatus.RUNNING, round=event.round, retried=event)
        case RunRescored():
            return replace(run, status=RunStatus.RUNNING, rescored=event)
        case RunCancelRequested():
            return replace(run, status=RunStatus.CANCELLING)
        case RunFinishRequested():
            return replace(run, finishing=True)
        case RunEnded():
            return replace(run, status=event.status, finishing=True, retried=None, rescored=None)
        case GateEvaluated():
            return run
        case _:
            raise ValueError("results and scores do not stand in a run's head")


def request_cancel(
    run: Run, position: int, reason: str, end_reason: EndReason = EndReason.CANCELLED
) -> list[RunEvent]:
    """Decide to stop a run; of one that is being stopped, or was cancelled, it is no event."""
    if run.status in (RunStatus.COMPLETED, RunStatus.FAILED):
        raise RunHasEnded(run.name, run.status)
    if not run.status.open:
        return []
    return [RunCancelRequested(run.uid, position, reason, end_reason)]


def require_ended(run: Run) -> None:
    """Refuse what wants a run that has ended."""
    if not run.status.ended:
        raise RunGoesOn(run.name, run.status)


def retry(
    run: Run, position: int, count: int, numbers: tuple[int, ...], *, include_skipped: bool
) -> list[RunEvent]:
    """Decide that so many results are run again; that none is, is no event."""
    if run.caller_driven:
        raise CallerDriven(run.name)
    require_ended(run)
    if not count:
        return []
    return [RunRetried(run.uid, position, run.round + 1, count, numbers, include_skipped)]


def rescore(run: Run, position: int, scorers: tuple[ScorerSpec, ...]) -> list[RunEvent]:
    """Decide that these scorers judge too; that none does, is no event."""
    require_ended(run)
    return [RunRescored(run.uid, position, scorers)] if scorers else []


def request_finish(run: Run) -> list[RunEvent]:
    """Decide that a caller submits no more; a second time it is no event."""
    if not run.caller_driven:
        raise NotCallerDriven(run.name)
    if run.finishing or not run.status.open:
        return []
    return [RunFinishRequested(run.uid)]
