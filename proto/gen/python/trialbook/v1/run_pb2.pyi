import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from trialbook.v1 import experiment_pb2 as _experiment_pb2
from trialbook.v1 import gate_pb2 as _gate_pb2
from trialbook.v1 import item_selection_pb2 as _item_selection_pb2
from trialbook.v1 import payload_pb2 as _payload_pb2
from trialbook.v1 import score_pb2 as _score_pb2
from trialbook.v1 import trace_pb2 as _trace_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RunStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RUN_STATUS_UNSPECIFIED: _ClassVar[RunStatus]
    RUN_STATUS_RUNNING: _ClassVar[RunStatus]
    RUN_STATUS_CANCELLING: _ClassVar[RunStatus]
    RUN_STATUS_COMPLETED: _ClassVar[RunStatus]
    RUN_STATUS_CANCELLED: _ClassVar[RunStatus]
    RUN_STATUS_PENDING: _ClassVar[RunStatus]
    RUN_STATUS_FAILED: _ClassVar[RunStatus]

class RunEndReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RUN_END_REASON_UNSPECIFIED: _ClassVar[RunEndReason]
    RUN_END_REASON_CANCELLED: _ClassVar[RunEndReason]
    RUN_END_REASON_DEADLINE_EXCEEDED: _ClassVar[RunEndReason]
    RUN_END_REASON_TOO_MANY_FAILURES: _ClassVar[RunEndReason]
    RUN_END_REASON_ALL_FAILED: _ClassVar[RunEndReason]

class ScorerSource(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SCORER_SOURCE_UNSPECIFIED: _ClassVar[ScorerSource]
    SCORER_SOURCE_RUN: _ClassVar[ScorerSource]
    SCORER_SOURCE_EXPERIMENT: _ClassVar[ScorerSource]
    SCORER_SOURCE_DATASET: _ClassVar[ScorerSource]

class ResultStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RESULT_STATUS_UNSPECIFIED: _ClassVar[ResultStatus]
    RESULT_STATUS_SUCCEEDED: _ClassVar[ResultStatus]
    RESULT_STATUS_FAILED: _ClassVar[ResultStatus]
    RESULT_STATUS_SKIPPED: _ClassVar[ResultStatus]

class SkipReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SKIP_REASON_UNSPECIFIED: _ClassVar[SkipReason]
    SKIP_REASON_RUN_CANCELLED: _ClassVar[SkipReason]
    SKIP_REASON_RUN_DEADLINE: _ClassVar[SkipReason]
    SKIP_REASON_TOO_MANY_FAILURES: _ClassVar[SkipReason]
    SKIP_REASON_NOT_SUBMITTED: _ClassVar[SkipReason]

class TaskErrorCode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TASK_ERROR_CODE_UNSPECIFIED: _ClassVar[TaskErrorCode]
    TASK_ERROR_CODE_EXECUTION: _ClassVar[TaskErrorCode]
    TASK_ERROR_CODE_TIMEOUT: _ClassVar[TaskErrorCode]
    TASK_ERROR_CODE_INVALID: _ClassVar[TaskErrorCode]
    TASK_ERROR_CODE_WORKER_LOST: _ClassVar[TaskErrorCode]
    TASK_ERROR_CODE_CANCELLED: _ClassVar[TaskErrorCode]
    TASK_ERROR_CODE_UNAVAILABLE: _ClassVar[TaskErrorCode]
RUN_STATUS_UNSPECIFIED: RunStatus
RUN_STATUS_RUNNING: RunStatus
RUN_STATUS_CANCELLING: RunStatus
RUN_STATUS_COMPLETED: RunStatus
RUN_STATUS_CANCELLED: RunStatus
RUN_STATUS_PENDING: RunStatus
RUN_STATUS_FAILED: RunStatus
RUN_END_REASON_UNSPECIFIED: RunEndReason
RUN_END_REASON_CANCELLED: RunEndReason
RUN_END_REASON_DEADLINE_EXCEEDED: RunEndReason
RUN_END_REASON_TOO_MANY_FAILURES: RunEndReason
RUN_END_REASON_ALL_FAILED: RunEndReason
SCORER_SOURCE_UNSPECIFIED: ScorerSource
SCORER_SOURCE_RUN: ScorerSource
SCORER_SOURCE_EXPERIMENT: ScorerSource
SCORER_SOURCE_DATASET: ScorerSource
RESULT_STATUS_UNSPECIFIED: ResultStatus
RESULT_STATUS_SUCCEEDED: ResultStatus
RESULT_STATUS_FAILED: ResultStatus
RESULT_STATUS_SKIPPED: ResultStatus
SKIP_REASON_UNSPECIFIED: SkipReason
SKIP_REASON_RUN_CANCELLED: SkipReason
SKIP_REASON_RUN_DEADLINE: SkipReason
SKIP_REASON_TOO_MANY_FAILURES: SkipReason
SKIP_REASON_NOT_SUBMITTED: SkipReason
TASK_ERROR_CODE_UNSPECIFIED: TaskErrorCode
TASK_ERROR_CODE_EXECUTION: TaskErrorCode
TASK_ERROR_CODE_TIMEOUT: TaskErrorCode
TASK_ERROR_CODE_INVALID: TaskErrorCode
TASK_ERROR_CODE_WORKER_LOST: TaskErrorCode
TASK_ERROR_CODE_CANCELLED: TaskErrorCode
TASK_ERROR_CODE_UNAVAILABLE: TaskErrorCode

class Run(_message.Message):
    __slots__ = ("name", "uid", "experiment", "dataset", "target", "scorers", "settings", "status", "completed_with_errors", "counts", "scorer_summaries", "latency", "last_position", "waiting_for", "author", "create_time", "end_time", "display_name", "metadata", "target_options", "context", "selection", "gate", "gate_verdict", "end_reason", "caller_driven", "usage", "scorer_source", "retries")
    NAME_FIELD_NUMBER: _ClassVar[int]
    UID_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_FIELD_NUMBER: _ClassVar[int]
    DATASET_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    SCORERS_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_WITH_ERRORS_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    SCORER_SUMMARIES_FIELD_NUMBER: _ClassVar[int]
    LATENCY_FIELD_NUMBER: _ClassVar[int]
    LAST_POSITION_FIELD_NUMBER: _ClassVar[int]
    WAITING_FOR_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    TARGET_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    SELECTION_FIELD_NUMBER: _ClassVar[int]
    GATE_FIELD_NUMBER: _ClassVar[int]
    GATE_VERDICT_FIELD_NUMBER: _ClassVar[int]
    END_REASON_FIELD_NUMBER: _ClassVar[int]
    CALLER_DRIVEN_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    SCORER_SOURCE_FIELD_NUMBER: _ClassVar[int]
    RETRIES_FIELD_NUMBER: _ClassVar[int]
    name: str
    uid: str
    experiment: str
    dataset: str
    target: _experiment_pb2.Target
    scorers: _containers.RepeatedCompositeFieldContainer[_experiment_pb2.ScorerSpec]
    settings: _experiment_pb2.RunSettings
    status: RunStatus
    completed_with_errors: bool
    counts: RunCounts
    scorer_summaries: _containers.RepeatedCompositeFieldContainer[ScorerSummary]
    latency: LatencySummary
    last_position: int
    waiting_for: str
    author: str
    create_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    display_name: str
    metadata: _payload_pb2.Payload
    target_options: _payload_pb2.Payload
    context: _payload_pb2.Payload
    selection: _item_selection_pb2.ItemSelection
    gate: _gate_pb2.Gate
    gate_verdict: _gate_pb2.GateVerdict
    end_reason: RunEndReason
    caller_driven: bool
    usage: UsageSummary
    scorer_source: ScorerSource
    retries: int
    def __init__(self, name: _Optional[str] = ..., uid: _Optional[str] = ..., experiment: _Optional[str] = ..., dataset: _Optional[str] = ..., target: _Optional[_Union[_experiment_pb2.Target, _Mapping]] = ..., scorers: _Optional[_Iterable[_Union[_experiment_pb2.ScorerSpec, _Mapping]]] = ..., settings: _Optional[_Union[_experiment_pb2.RunSettings, _Mapping]] = ..., status: _Optional[_Union[RunStatus, str]] = ..., completed_with_errors: _Optional[bool] = ..., counts: _Optional[_Union[RunCounts, _Mapping]] = ..., scorer_summaries: _Optional[_Iterable[_Union[ScorerSummary, _Mapping]]] = ..., latency: _Optional[_Union[LatencySummary, _Mapping]] = ..., last_position: _Optional[int] = ..., waiting_for: _Optional[str] = ..., author: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., display_name: _Optional[str] = ..., metadata: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., target_options: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., context: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., selection: _Optional[_Union[_item_selection_pb2.ItemSelection, _Mapping]] = ..., gate: _Optional[_Union[_gate_pb2.Gate, _Mapping]] = ..., gate_verdict: _Optional[_Union[_gate_pb2.GateVerdict, _Mapping]] = ..., end_reason: _Optional[_Union[RunEndReason, str]] = ..., caller_driven: _Optional[bool] = ..., usage: _Optional[_Union[UsageSummary, _Mapping]] = ..., scorer_source: _Optional[_Union[ScorerSource, str]] = ..., retries: _Optional[int] = ...) -> None: ...

class UsageSummary(_message.Message):
    __slots__ = ("told", "input_tokens", "output_tokens", "cost")
    TOLD_FIELD_NUMBER: _ClassVar[int]
    INPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    told: int
    input_tokens: int
    output_tokens: int
    cost: float
    def __init__(self, told: _Optional[int] = ..., input_tokens: _Optional[int] = ..., output_tokens: _Optional[int] = ..., cost: _Optional[float] = ...) -> None: ...

class Usage(_message.Message):
    __slots__ = ("input_tokens", "output_tokens", "cost")
    INPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    input_tokens: int
    output_tokens: int
    cost: float
    def __init__(self, input_tokens: _Optional[int] = ..., output_tokens: _Optional[int] = ..., cost: _Optional[float] = ...) -> None: ...

class RunCounts(_message.Message):
    __slots__ = ("planned", "succeeded", "failed", "skipped")
    PLANNED_FIELD_NUMBER: _ClassVar[int]
    SUCCEEDED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_FIELD_NUMBER: _ClassVar[int]
    planned: int
    succeeded: int
    failed: int
    skipped: int
    def __init__(self, planned: _Optional[int] = ..., succeeded: _Optional[int] = ..., failed: _Optional[int] = ..., skipped: _Optional[int] = ...) -> None: ...

class ScorerSummary(_message.Message):
    __slots__ = ("scorer", "scored", "failed", "not_evaluable", "skipped", "passed", "not_passed", "mean", "standard_deviation", "minimum", "maximum")
    SCORER_FIELD_NUMBER: _ClassVar[int]
    SCORED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    NOT_EVALUABLE_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_FIELD_NUMBER: _ClassVar[int]
    PASSED_FIELD_NUMBER: _ClassVar[int]
    NOT_PASSED_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIELD_NUMBER: _ClassVar[int]
    STANDARD_DEVIATION_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_FIELD_NUMBER: _ClassVar[int]
    MAXIMUM_FIELD_NUMBER: _ClassVar[int]
    scorer: str
    scored: int
    failed: int
    not_evaluable: int
    skipped: int
    passed: int
    not_passed: int
    mean: float
    standard_deviation: float
    minimum: float
    maximum: float
    def __init__(self, scorer: _Optional[str] = ..., scored: _Optional[int] = ..., failed: _Optional[int] = ..., not_evaluable: _Optional[int] = ..., skipped: _Optional[int] = ..., passed: _Optional[int] = ..., not_passed: _Optional[int] = ..., mean: _Optional[float] = ..., standard_deviation: _Optional[float] = ..., minimum: _Optional[float] = ..., maximum: _Optional[float] = ...) -> None: ...

class LatencySummary(_message.Message):
    __slots__ = ("p50", "p95")
    P50_FIELD_NUMBER: _ClassVar[int]
    P95_FIELD_NUMBER: _ClassVar[int]
    p50: _duration_pb2.Duration
    p95: _duration_pb2.Duration
    def __init__(self, p50: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., p95: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class TaskError(_message.Message):
    __slots__ = ("code", "message", "kind", "stack")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    STACK_FIELD_NUMBER: _ClassVar[int]
    code: TaskErrorCode
    message: str
    kind: str
    stack: str
    def __init__(self, code: _Optional[_Union[TaskErrorCode, str]] = ..., message: _Optional[str] = ..., kind: _Optional[str] = ..., stack: _Optional[str] = ...) -> None: ...

class Result(_message.Message):
    __slots__ = ("name", "number", "item_id", "trial", "status", "output", "error", "attempts", "latency", "worker_id", "trace_id", "record_time", "scores", "input", "expected", "skip_reason", "steps", "usage", "round", "trace", "trajectory")
    NAME_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    TRIAL_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    LATENCY_FIELD_NUMBER: _ClassVar[int]
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    TRACE_ID_FIELD_NUMBER: _ClassVar[int]
    RECORD_TIME_FIELD_NUMBER: _ClassVar[int]
    SCORES_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    SKIP_REASON_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    ROUND_FIELD_NUMBER: _ClassVar[int]
    TRACE_FIELD_NUMBER: _ClassVar[int]
    TRAJECTORY_FIELD_NUMBER: _ClassVar[int]
    name: str
    number: int
    item_id: str
    trial: int
    status: ResultStatus
    output: _payload_pb2.Payload
    error: TaskError
    attempts: int
    latency: _duration_pb2.Duration
    worker_id: str
    trace_id: str
    record_time: _timestamp_pb2.Timestamp
    scores: _containers.RepeatedCompositeFieldContainer[_score_pb2.Score]
    input: _payload_pb2.Payload
    expected: _payload_pb2.Payload
    skip_reason: SkipReason
    steps: _containers.RepeatedCompositeFieldContainer[StepResult]
    usage: Usage
    round: int
    trace: _trace_pb2.TraceState
    trajectory: _payload_pb2.Payload
    def __init__(self, name: _Optional[str] = ..., number: _Optional[int] = ..., item_id: _Optional[str] = ..., trial: _Optional[int] = ..., status: _Optional[_Union[ResultStatus, str]] = ..., output: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., error: _Optional[_Union[TaskError, _Mapping]] = ..., attempts: _Optional[int] = ..., latency: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., worker_id: _Optional[str] = ..., trace_id: _Optional[str] = ..., record_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., scores: _Optional[_Iterable[_Union[_score_pb2.Score, _Mapping]]] = ..., input: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., expected: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., skip_reason: _Optional[_Union[SkipReason, str]] = ..., steps: _Optional[_Iterable[_Union[StepResult, _Mapping]]] = ..., usage: _Optional[_Union[Usage, _Mapping]] = ..., round: _Optional[int] = ..., trace: _Optional[_Union[_trace_pb2.TraceState, _Mapping]] = ..., trajectory: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ...) -> None: ...

class StepResult(_message.Message):
    __slots__ = ("step_id", "output", "error", "duration")
    STEP_ID_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    step_id: str
    output: _payload_pb2.Payload
    error: str
    duration: _duration_pb2.Duration
    def __init__(self, step_id: _Optional[str] = ..., output: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., error: _Optional[str] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class RunEvent(_message.Message):
    __slots__ = ("position", "record_time", "started", "result", "scored", "cancel_requested", "ended", "began", "retried", "rescored", "gate_verdict")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    RECORD_TIME_FIELD_NUMBER: _ClassVar[int]
    STARTED_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    SCORED_FIELD_NUMBER: _ClassVar[int]
    CANCEL_REQUESTED_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    BEGAN_FIELD_NUMBER: _ClassVar[int]
    RETRIED_FIELD_NUMBER: _ClassVar[int]
    RESCORED_FIELD_NUMBER: _ClassVar[int]
    GATE_VERDICT_FIELD_NUMBER: _ClassVar[int]
    position: int
    record_time: _timestamp_pb2.Timestamp
    started: RunStarted
    result: Result
    scored: ResultScored
    cancel_requested: RunCancelRequested
    ended: RunEnded
    began: RunBegan
    retried: RunRetried
    rescored: RunRescored
    gate_verdict: _gate_pb2.GateVerdict
    def __init__(self, position: _Optional[int] = ..., record_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., started: _Optional[_Union[RunStarted, _Mapping]] = ..., result: _Optional[_Union[Result, _Mapping]] = ..., scored: _Optional[_Union[ResultScored, _Mapping]] = ..., cancel_requested: _Optional[_Union[RunCancelRequested, _Mapping]] = ..., ended: _Optional[_Union[RunEnded, _Mapping]] = ..., began: _Optional[_Union[RunBegan, _Mapping]] = ..., retried: _Optional[_Union[RunRetried, _Mapping]] = ..., rescored: _Optional[_Union[RunRescored, _Mapping]] = ..., gate_verdict: _Optional[_Union[_gate_pb2.GateVerdict, _Mapping]] = ...) -> None: ...

class RunBegan(_message.Message):
    __slots__ = ("target",)
    TARGET_FIELD_NUMBER: _ClassVar[int]
    target: _experiment_pb2.Target
    def __init__(self, target: _Optional[_Union[_experiment_pb2.Target, _Mapping]] = ...) -> None: ...

class RunRetried(_message.Message):
    __slots__ = ("round", "count", "author")
    ROUND_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    round: int
    count: int
    author: str
    def __init__(self, round: _Optional[int] = ..., count: _Optional[int] = ..., author: _Optional[str] = ...) -> None: ...

class RunRescored(_message.Message):
    __slots__ = ("scorers", "author")
    SCORERS_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    scorers: _containers.RepeatedCompositeFieldContainer[_experiment_pb2.ScorerSpec]
    author: str
    def __init__(self, scorers: _Optional[_Iterable[_Union[_experiment_pb2.ScorerSpec, _Mapping]]] = ..., author: _Optional[str] = ...) -> None: ...

class RunStarted(_message.Message):
    __slots__ = ("planned",)
    PLANNED_FIELD_NUMBER: _ClassVar[int]
    planned: int
    def __init__(self, planned: _Optional[int] = ...) -> None: ...

class ResultScored(_message.Message):
    __slots__ = ("number", "item_id", "trial", "score")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    TRIAL_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    number: int
    item_id: str
    trial: int
    score: _score_pb2.Score
    def __init__(self, number: _Optional[int] = ..., item_id: _Optional[str] = ..., trial: _Optional[int] = ..., score: _Optional[_Union[_score_pb2.Score, _Mapping]] = ...) -> None: ...

class RunCancelRequested(_message.Message):
    __slots__ = ("author", "reason", "end_reason")
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    END_REASON_FIELD_NUMBER: _ClassVar[int]
    author: str
    reason: str
    end_reason: RunEndReason
    def __init__(self, author: _Optional[str] = ..., reason: _Optional[str] = ..., end_reason: _Optional[_Union[RunEndReason, str]] = ...) -> None: ...

class RunEnded(_message.Message):
    __slots__ = ("status", "counts", "end_reason")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    END_REASON_FIELD_NUMBER: _ClassVar[int]
    status: RunStatus
    counts: RunCounts
    end_reason: RunEndReason
    def __init__(self, status: _Optional[_Union[RunStatus, str]] = ..., counts: _Optional[_Union[RunCounts, _Mapping]] = ..., end_reason: _Optional[_Union[RunEndReason, str]] = ...) -> None: ...
