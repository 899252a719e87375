import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from trialbook.v1 import gate_pb2 as _gate_pb2
from trialbook.v1 import item_selection_pb2 as _item_selection_pb2
from trialbook.v1 import payload_pb2 as _payload_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TargetKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TARGET_KIND_UNSPECIFIED: _ClassVar[TargetKind]
    TARGET_KIND_AGENT: _ClassVar[TargetKind]
    TARGET_KIND_WORKFLOW: _ClassVar[TargetKind]
    TARGET_KIND_SCORER: _ClassVar[TargetKind]
    TARGET_KIND_PROCESSOR: _ClassVar[TargetKind]

class ScorerScope(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SCORER_SCOPE_UNSPECIFIED: _ClassVar[ScorerScope]
    SCORER_SCOPE_ITEM: _ClassVar[ScorerScope]
    SCORER_SCOPE_STEP: _ClassVar[ScorerScope]
    SCORER_SCOPE_RUN: _ClassVar[ScorerScope]
    SCORER_SCOPE_TRAJECTORY: _ClassVar[ScorerScope]
TARGET_KIND_UNSPECIFIED: TargetKind
TARGET_KIND_AGENT: TargetKind
TARGET_KIND_WORKFLOW: TargetKind
TARGET_KIND_SCORER: TargetKind
TARGET_KIND_PROCESSOR: TargetKind
SCORER_SCOPE_UNSPECIFIED: ScorerScope
SCORER_SCOPE_ITEM: ScorerScope
SCORER_SCOPE_STEP: ScorerScope
SCORER_SCOPE_RUN: ScorerScope
SCORER_SCOPE_TRAJECTORY: ScorerScope

class Experiment(_message.Message):
    __slots__ = ("name", "uid", "display_name", "description", "dataset", "target", "scorers", "settings", "version", "etag", "create_time", "update_time", "target_options", "context", "selection", "gate")
    NAME_FIELD_NUMBER: _ClassVar[int]
    UID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    DATASET_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    SCORERS_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    TARGET_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    SELECTION_FIELD_NUMBER: _ClassVar[int]
    GATE_FIELD_NUMBER: _ClassVar[int]
    name: str
    uid: str
    display_name: str
    description: str
    dataset: str
    target: Target
    scorers: _containers.RepeatedCompositeFieldContainer[ScorerSpec]
    settings: RunSettings
    version: int
    etag: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    target_options: _payload_pb2.Payload
    context: _payload_pb2.Payload
    selection: _item_selection_pb2.ItemSelection
    gate: _gate_pb2.Gate
    def __init__(self, name: _Optional[str] = ..., uid: _Optional[str] = ..., display_name: _Optional[str] = ..., description: _Optional[str] = ..., dataset: _Optional[str] = ..., target: _Optional[_Union[Target, _Mapping]] = ..., scorers: _Optional[_Iterable[_Union[ScorerSpec, _Mapping]]] = ..., settings: _Optional[_Union[RunSettings, _Mapping]] = ..., version: _Optional[int] = ..., etag: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., target_options: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., context: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., selection: _Optional[_Union[_item_selection_pb2.ItemSelection, _Mapping]] = ..., gate: _Optional[_Union[_gate_pb2.Gate, _Mapping]] = ...) -> None: ...

class ExperimentVersion(_message.Message):
    __slots__ = ("name", "version", "experiment", "author", "create_time")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    EXPERIMENT_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: int
    experiment: Experiment
    author: str
    create_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., version: _Optional[int] = ..., experiment: _Optional[_Union[Experiment, _Mapping]] = ..., author: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Target(_message.Message):
    __slots__ = ("kind", "name", "revision")
    KIND_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    kind: TargetKind
    name: str
    revision: str
    def __init__(self, kind: _Optional[_Union[TargetKind, str]] = ..., name: _Optional[str] = ..., revision: _Optional[str] = ...) -> None: ...

class ScorerSpec(_message.Message):
    __slots__ = ("scorer", "alias", "params", "scorer_version", "scope", "step_id", "output_pointer", "expected_pointer", "by_caller", "per_item", "superseded")
    SCORER_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    PARAMS_FIELD_NUMBER: _ClassVar[int]
    SCORER_VERSION_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    STEP_ID_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_POINTER_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_POINTER_FIELD_NUMBER: _ClassVar[int]
    BY_CALLER_FIELD_NUMBER: _ClassVar[int]
    PER_ITEM_FIELD_NUMBER: _ClassVar[int]
    SUPERSEDED_FIELD_NUMBER: _ClassVar[int]
    scorer: str
    alias: str
    params: _payload_pb2.Payload
    scorer_version: int
    scope: ScorerScope
    step_id: str
    output_pointer: str
    expected_pointer: str
    by_caller: bool
    per_item: bool
    superseded: bool
    def __init__(self, scorer: _Optional[str] = ..., alias: _Optional[str] = ..., params: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., scorer_version: _Optional[int] = ..., scope: _Optional[_Union[ScorerScope, str]] = ..., step_id: _Optional[str] = ..., output_pointer: _Optional[str] = ..., expected_pointer: _Optional[str] = ..., by_caller: _Optional[bool] = ..., per_item: _Optional[bool] = ..., superseded: _Optional[bool] = ...) -> None: ...

class RunSettings(_message.Message):
    __slots__ = ("concurrency", "attempt_timeout", "max_retries", "initial_backoff", "max_backoff", "trials", "run_deadline", "rate_limit", "max_failures", "seed")
    CONCURRENCY_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    MAX_RETRIES_FIELD_NUMBER: _ClassVar[int]
    INITIAL_BACKOFF_FIELD_NUMBER: _ClassVar[int]
    MAX_BACKOFF_FIELD_NUMBER: _ClassVar[int]
    TRIALS_FIELD_NUMBER: _ClassVar[int]
    RUN_DEADLINE_FIELD_NUMBER: _ClassVar[int]
    RATE_LIMIT_FIELD_NUMBER: _ClassVar[int]
    MAX_FAILURES_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    concurrency: int
    attempt_timeout: _duration_pb2.Duration
    max_retries: int
    initial_backoff: _duration_pb2.Duration
    max_backoff: _duration_pb2.Duration
    trials: int
    run_deadline: _duration_pb2.Duration
    rate_limit: float
    max_failures: int
    seed: int
    def __init__(self, concurrency: _Optional[int] = ..., attempt_timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., max_retries: _Optional[int] = ..., initial_backoff: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., max_backoff: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., trials: _Optional[int] = ..., run_deadline: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., rate_limit: _Optional[float] = ..., max_failures: _Optional[int] = ..., seed: _Optional[int] = ...) -> None: ...
