import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from trialbook.v1 import dataset_pb2 as _dataset_pb2
from trialbook.v1 import experiment_pb2 as _experiment_pb2
from trialbook.v1 import payload_pb2 as _payload_pb2
from trialbook.v1 import run_pb2 as _run_pb2
from trialbook.v1 import score_pb2 as _score_pb2
from trialbook.v1 import scorer_pb2 as _scorer_pb2
from trialbook.v1 import trace_pb2 as _trace_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TaskDisposition(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TASK_DISPOSITION_UNSPECIFIED: _ClassVar[TaskDisposition]
    TASK_DISPOSITION_RECORDED: _ClassVar[TaskDisposition]
    TASK_DISPOSITION_ALREADY_RECORDED: _ClassVar[TaskDisposition]
    TASK_DISPOSITION_FENCED: _ClassVar[TaskDisposition]
    TASK_DISPOSITION_RETRY_SCHEDULED: _ClassVar[TaskDisposition]
TASK_DISPOSITION_UNSPECIFIED: TaskDisposition
TASK_DISPOSITION_RECORDED: TaskDisposition
TASK_DISPOSITION_ALREADY_RECORDED: TaskDisposition
TASK_DISPOSITION_FENCED: TaskDisposition
TASK_DISPOSITION_RETRY_SCHEDULED: TaskDisposition

class Capability(_message.Message):
    __slots__ = ("target", "scorer")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    SCORER_FIELD_NUMBER: _ClassVar[int]
    target: _experiment_pb2.Target
    scorer: _scorer_pb2.Scorer
    def __init__(self, target: _Optional[_Union[_experiment_pb2.Target, _Mapping]] = ..., scorer: _Optional[_Union[_scorer_pb2.Scorer, _Mapping]] = ...) -> None: ...

class Task(_message.Message):
    __slots__ = ("task_id", "lease_token", "run", "attempt", "timeout", "lease_expire_time", "traceparent", "run_traceparent", "target", "scorer")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    LEASE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    RUN_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    LEASE_EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    RUN_TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    SCORER_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    lease_token: str
    run: str
    attempt: int
    timeout: _duration_pb2.Duration
    lease_expire_time: _timestamp_pb2.Timestamp
    traceparent: str
    run_traceparent: str
    target: TargetTask
    scorer: ScorerTask
    def __init__(self, task_id: _Optional[str] = ..., lease_token: _Optional[str] = ..., run: _Optional[str] = ..., attempt: _Optional[int] = ..., timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., lease_expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., traceparent: _Optional[str] = ..., run_traceparent: _Optional[str] = ..., target: _Optional[_Union[TargetTask, _Mapping]] = ..., scorer: _Optional[_Union[ScorerTask, _Mapping]] = ...) -> None: ...

class TargetTask(_message.Message):
    __slots__ = ("target", "item_id", "trial", "input", "context", "options", "seed", "tool_mocks", "unmocked_tools")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    TRIAL_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    TOOL_MOCKS_FIELD_NUMBER: _ClassVar[int]
    UNMOCKED_TOOLS_FIELD_NUMBER: _ClassVar[int]
    target: _experiment_pb2.Target
    item_id: str
    trial: int
    input: _payload_pb2.Payload
    context: _payload_pb2.Payload
    options: _payload_pb2.Payload
    seed: int
    tool_mocks: _containers.RepeatedCompositeFieldContainer[_dataset_pb2.ToolMock]
    unmocked_tools: _dataset_pb2.UnmockedToolPolicy
    def __init__(self, target: _Optional[_Union[_experiment_pb2.Target, _Mapping]] = ..., item_id: _Optional[str] = ..., trial: _Optional[int] = ..., input: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., context: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., options: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., seed: _Optional[int] = ..., tool_mocks: _Optional[_Iterable[_Union[_dataset_pb2.ToolMock, _Mapping]]] = ..., unmocked_tools: _Optional[_Union[_dataset_pb2.UnmockedToolPolicy, str]] = ...) -> None: ...

class ScorerTask(_message.Message):
    __slots__ = ("scorer", "params", "item_id", "trial", "input", "output", "expected", "context", "metadata", "scope", "step_id", "trajectory", "expected_trajectory")
    SCORER_FIELD_NUMBER: _ClassVar[int]
    PARAMS_FIELD_NUMBER: _ClassVar[int]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    TRIAL_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    STEP_ID_FIELD_NUMBER: _ClassVar[int]
    TRAJECTORY_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_TRAJECTORY_FIELD_NUMBER: _ClassVar[int]
    scorer: str
    params: _payload_pb2.Payload
    item_id: str
    trial: int
    input: _payload_pb2.Payload
    output: _payload_pb2.Payload
    expected: _payload_pb2.Payload
    context: _payload_pb2.Payload
    metadata: _payload_pb2.Payload
    scope: _experiment_pb2.ScorerScope
    step_id: str
    trajectory: _payload_pb2.Payload
    expected_trajectory: _payload_pb2.Payload
    def __init__(self, scorer: _Optional[str] = ..., params: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., item_id: _Optional[str] = ..., trial: _Optional[int] = ..., input: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., output: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., expected: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., context: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., metadata: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., scope: _Optional[_Union[_experiment_pb2.ScorerScope, str]] = ..., step_id: _Optional[str] = ..., trajectory: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., expected_trajectory: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ...) -> None: ...

class TaskReport(_message.Message):
    __slots__ = ("task_id", "lease_token", "output", "score", "error", "duration", "usage", "steps", "trace", "trajectory")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    LEASE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    TRACE_FIELD_NUMBER: _ClassVar[int]
    TRAJECTORY_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    lease_token: str
    output: _payload_pb2.Payload
    score: _score_pb2.Score
    error: _run_pb2.TaskError
    duration: _duration_pb2.Duration
    usage: _run_pb2.Usage
    steps: _containers.RepeatedCompositeFieldContainer[_run_pb2.StepResult]
    trace: _trace_pb2.TraceReport
    trajectory: _payload_pb2.Payload
    def __init__(self, task_id: _Optional[str] = ..., lease_token: _Optional[str] = ..., output: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., score: _Optional[_Union[_score_pb2.Score, _Mapping]] = ..., error: _Optional[_Union[_run_pb2.TaskError, _Mapping]] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., usage: _Optional[_Union[_run_pb2.Usage, _Mapping]] = ..., steps: _Optional[_Iterable[_Union[_run_pb2.StepResult, _Mapping]]] = ..., trace: _Optional[_Union[_trace_pb2.TraceReport, _Mapping]] = ..., trajectory: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ...) -> None: ...
