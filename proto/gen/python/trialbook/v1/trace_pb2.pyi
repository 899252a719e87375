import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from trialbook.v1 import payload_pb2 as _payload_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TraceStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRACE_STATUS_UNSPECIFIED: _ClassVar[TraceStatus]
    TRACE_STATUS_PENDING: _ClassVar[TraceStatus]
    TRACE_STATUS_COMPLETE: _ClassVar[TraceStatus]
    TRACE_STATUS_PARTIAL: _ClassVar[TraceStatus]
    TRACE_STATUS_MISSING: _ClassVar[TraceStatus]

class StepType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STEP_TYPE_UNSPECIFIED: _ClassVar[StepType]
    STEP_TYPE_TOOL_CALL: _ClassVar[StepType]
    STEP_TYPE_MCP_TOOL_CALL: _ClassVar[StepType]
    STEP_TYPE_MODEL_GENERATION: _ClassVar[StepType]
    STEP_TYPE_AGENT_RUN: _ClassVar[StepType]
    STEP_TYPE_WORKFLOW_RUN: _ClassVar[StepType]
    STEP_TYPE_WORKFLOW_STEP: _ClassVar[StepType]
    STEP_TYPE_WORKFLOW_PARALLEL: _ClassVar[StepType]
    STEP_TYPE_WORKFLOW_CONDITIONAL: _ClassVar[StepType]
    STEP_TYPE_WORKFLOW_LOOP: _ClassVar[StepType]
    STEP_TYPE_WORKFLOW_SLEEP: _ClassVar[StepType]
    STEP_TYPE_WORKFLOW_WAIT_EVENT: _ClassVar[StepType]
    STEP_TYPE_PROCESSOR_RUN: _ClassVar[StepType]
    STEP_TYPE_HANDOFF: _ClassVar[StepType]
    STEP_TYPE_RETRIEVAL: _ClassVar[StepType]
    STEP_TYPE_EMBEDDING: _ClassVar[StepType]
    STEP_TYPE_PLAN: _ClassVar[StepType]
    STEP_TYPE_MEMORY: _ClassVar[StepType]
    STEP_TYPE_RERANK: _ClassVar[StepType]
    STEP_TYPE_GUARDRAIL: _ClassVar[StepType]

class StepSource(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STEP_SOURCE_UNSPECIFIED: _ClassVar[StepSource]
    STEP_SOURCE_SPAN: _ClassVar[StepSource]
    STEP_SOURCE_MESSAGE_PARTS: _ClassVar[StepSource]
    STEP_SOURCE_MESSAGES: _ClassVar[StepSource]
    STEP_SOURCE_STEP_RESULT: _ClassVar[StepSource]
    STEP_SOURCE_REPORTED: _ClassVar[StepSource]

class TrajectorySource(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRAJECTORY_SOURCE_UNSPECIFIED: _ClassVar[TrajectorySource]
    TRAJECTORY_SOURCE_TRACE: _ClassVar[TrajectorySource]
    TRAJECTORY_SOURCE_MESSAGES: _ClassVar[TrajectorySource]
    TRAJECTORY_SOURCE_STEP_RESULTS: _ClassVar[TrajectorySource]
    TRAJECTORY_SOURCE_REPORTED: _ClassVar[TrajectorySource]
TRACE_STATUS_UNSPECIFIED: TraceStatus
TRACE_STATUS_PENDING: TraceStatus
TRACE_STATUS_COMPLETE: TraceStatus
TRACE_STATUS_PARTIAL: TraceStatus
TRACE_STATUS_MISSING: TraceStatus
STEP_TYPE_UNSPECIFIED: StepType
STEP_TYPE_TOOL_CALL: StepType
STEP_TYPE_MCP_TOOL_CALL: StepType
STEP_TYPE_MODEL_GENERATION: StepType
STEP_TYPE_AGENT_RUN: StepType
STEP_TYPE_WORKFLOW_RUN: StepType
STEP_TYPE_WORKFLOW_STEP: StepType
STEP_TYPE_WORKFLOW_PARALLEL: StepType
STEP_TYPE_WORKFLOW_CONDITIONAL: StepType
STEP_TYPE_WORKFLOW_LOOP: StepType
STEP_TYPE_WORKFLOW_SLEEP: StepType
STEP_TYPE_WORKFLOW_WAIT_EVENT: StepType
STEP_TYPE_PROCESSOR_RUN: StepType
STEP_TYPE_HANDOFF: StepType
STEP_TYPE_RETRIEVAL: StepType
STEP_TYPE_EMBEDDING: StepType
STEP_TYPE_PLAN: StepType
STEP_TYPE_MEMORY: StepType
STEP_TYPE_RERANK: StepType
STEP_TYPE_GUARDRAIL: StepType
STEP_SOURCE_UNSPECIFIED: StepSource
STEP_SOURCE_SPAN: StepSource
STEP_SOURCE_MESSAGE_PARTS: StepSource
STEP_SOURCE_MESSAGES: StepSource
STEP_SOURCE_STEP_RESULT: StepSource
STEP_SOURCE_REPORTED: StepSource
TRAJECTORY_SOURCE_UNSPECIFIED: TrajectorySource
TRAJECTORY_SOURCE_TRACE: TrajectorySource
TRAJECTORY_SOURCE_MESSAGES: TrajectorySource
TRAJECTORY_SOURCE_STEP_RESULTS: TrajectorySource
TRAJECTORY_SOURCE_REPORTED: TrajectorySource

class TraceReport(_message.Message):
    __slots__ = ("trace_ids", "span_id", "span_count", "open_spans")
    TRACE_IDS_FIELD_NUMBER: _ClassVar[int]
    SPAN_ID_FIELD_NUMBER: _ClassVar[int]
    SPAN_COUNT_FIELD_NUMBER: _ClassVar[int]
    OPEN_SPANS_FIELD_NUMBER: _ClassVar[int]
    trace_ids: _containers.RepeatedScalarFieldContainer[str]
    span_id: str
    span_count: int
    open_spans: int
    def __init__(self, trace_ids: _Optional[_Iterable[str]] = ..., span_id: _Optional[str] = ..., span_count: _Optional[int] = ..., open_spans: _Optional[int] = ...) -> None: ...

class TraceState(_message.Message):
    __slots__ = ("status", "trace_ids", "span_id", "received_spans", "expected_spans", "rejected_spans", "stale", "settle_time")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    TRACE_IDS_FIELD_NUMBER: _ClassVar[int]
    SPAN_ID_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_SPANS_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_SPANS_FIELD_NUMBER: _ClassVar[int]
    REJECTED_SPANS_FIELD_NUMBER: _ClassVar[int]
    STALE_FIELD_NUMBER: _ClassVar[int]
    SETTLE_TIME_FIELD_NUMBER: _ClassVar[int]
    status: TraceStatus
    trace_ids: _containers.RepeatedScalarFieldContainer[str]
    span_id: str
    received_spans: int
    expected_spans: int
    rejected_spans: int
    stale: bool
    settle_time: _timestamp_pb2.Timestamp
    def __init__(self, status: _Optional[_Union[TraceStatus, str]] = ..., trace_ids: _Optional[_Iterable[str]] = ..., span_id: _Optional[str] = ..., received_spans: _Optional[int] = ..., expected_spans: _Optional[int] = ..., rejected_spans: _Optional[int] = ..., stale: _Optional[bool] = ..., settle_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SpanRef(_message.Message):
    __slots__ = ("trace_id", "span_id")
    TRACE_ID_FIELD_NUMBER: _ClassVar[int]
    SPAN_ID_FIELD_NUMBER: _ClassVar[int]
    trace_id: str
    span_id: str
    def __init__(self, trace_id: _Optional[str] = ..., span_id: _Optional[str] = ...) -> None: ...

class TrajectoryStep(_message.Message):
    __slots__ = ("step_type", "name", "parent", "args", "output", "success", "error", "input_tokens", "output_tokens", "model", "agent", "call_id", "start_time", "duration", "parallel_group", "attributes", "spans", "rule", "source", "missing")
    STEP_TYPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PARENT_FIELD_NUMBER: _ClassVar[int]
    ARGS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    INPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    AGENT_FIELD_NUMBER: _ClassVar[int]
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    PARALLEL_GROUP_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    SPANS_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    MISSING_FIELD_NUMBER: _ClassVar[int]
    step_type: StepType
    name: str
    parent: int
    args: _payload_pb2.Payload
    output: _payload_pb2.Payload
    success: bool
    error: str
    input_tokens: int
    output_tokens: int
    model: str
    agent: str
    call_id: str
    start_time: _timestamp_pb2.Timestamp
    duration: _duration_pb2.Duration
    parallel_group: int
    attributes: _payload_pb2.Payload
    spans: _containers.RepeatedCompositeFieldContainer[SpanRef]
    rule: str
    source: StepSource
    missing: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, step_type: _Optional[_Union[StepType, str]] = ..., name: _Optional[str] = ..., parent: _Optional[int] = ..., args: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., output: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., success: _Optional[bool] = ..., error: _Optional[str] = ..., input_tokens: _Optional[int] = ..., output_tokens: _Optional[int] = ..., model: _Optional[str] = ..., agent: _Optional[str] = ..., call_id: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., parallel_group: _Optional[int] = ..., attributes: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., spans: _Optional[_Iterable[_Union[SpanRef, _Mapping]]] = ..., rule: _Optional[str] = ..., source: _Optional[_Union[StepSource, str]] = ..., missing: _Optional[_Iterable[str]] = ...) -> None: ...

class TrajectoryEvidence(_message.Message):
    __slots__ = ("complete", "tools_observable", "args_captured", "tokens_captured", "received_spans", "expected_spans", "rejected_spans", "dropped_attributes", "truncated_values", "missing_parents", "notes")
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    TOOLS_OBSERVABLE_FIELD_NUMBER: _ClassVar[int]
    ARGS_CAPTURED_FIELD_NUMBER: _ClassVar[int]
    TOKENS_CAPTURED_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_SPANS_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_SPANS_FIELD_NUMBER: _ClassVar[int]
    REJECTED_SPANS_FIELD_NUMBER: _ClassVar[int]
    DROPPED_ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_VALUES_FIELD_NUMBER: _ClassVar[int]
    MISSING_PARENTS_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    complete: bool
    tools_observable: bool
    args_captured: bool
    tokens_captured: bool
    received_spans: int
    expected_spans: int
    rejected_spans: int
    dropped_attributes: int
    truncated_values: int
    missing_parents: int
    notes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, complete: _Optional[bool] = ..., tools_observable: _Optional[bool] = ..., args_captured: _Optional[bool] = ..., tokens_captured: _Optional[bool] = ..., received_spans: _Optional[int] = ..., expected_spans: _Optional[int] = ..., rejected_spans: _Optional[int] = ..., dropped_attributes: _Optional[int] = ..., truncated_values: _Optional[int] = ..., missing_parents: _Optional[int] = ..., notes: _Optional[_Iterable[str]] = ...) -> None: ...

class Trajectory(_message.Message):
    __slots__ = ("steps", "source", "evidence", "duration", "normalizer_version")
    STEPS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    NORMALIZER_VERSION_FIELD_NUMBER: _ClassVar[int]
    steps: _containers.RepeatedCompositeFieldContainer[TrajectoryStep]
    source: TrajectorySource
    evidence: TrajectoryEvidence
    duration: _duration_pb2.Duration
    normalizer_version: int
    def __init__(self, steps: _Optional[_Iterable[_Union[TrajectoryStep, _Mapping]]] = ..., source: _Optional[_Union[TrajectorySource, str]] = ..., evidence: _Optional[_Union[TrajectoryEvidence, _Mapping]] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., normalizer_version: _Optional[int] = ...) -> None: ...

class Span(_message.Message):
    __slots__ = ("ref", "parent_id", "name", "kind", "start_time", "end_time", "status_code", "status_message", "service", "scope", "attributes", "events", "links")
    REF_FIELD_NUMBER: _ClassVar[int]
    PARENT_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    STATUS_CODE_FIELD_NUMBER: _ClassVar[int]
    STATUS_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    LINKS_FIELD_NUMBER: _ClassVar[int]
    ref: SpanRef
    parent_id: str
    name: str
    kind: int
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    status_code: int
    status_message: str
    service: str
    scope: str
    attributes: _payload_pb2.Payload
    events: _payload_pb2.Payload
    links: _containers.RepeatedCompositeFieldContainer[SpanRef]
    def __init__(self, ref: _Optional[_Union[SpanRef, _Mapping]] = ..., parent_id: _Optional[str] = ..., name: _Optional[str] = ..., kind: _Optional[int] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., status_code: _Optional[int] = ..., status_message: _Optional[str] = ..., service: _Optional[str] = ..., scope: _Optional[str] = ..., attributes: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., events: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., links: _Optional[_Iterable[_Union[SpanRef, _Mapping]]] = ...) -> None: ...

class TraceViewer(_message.Message):
    __slots__ = ("name", "url_template")
    NAME_FIELD_NUMBER: _ClassVar[int]
    URL_TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    name: str
    url_template: str
    def __init__(self, name: _Optional[str] = ..., url_template: _Optional[str] = ...) -> None: ...

class TraceLink(_message.Message):
    __slots__ = ("viewer", "url")
    VIEWER_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    viewer: str
    url: str
    def __init__(self, viewer: _Optional[str] = ..., url: _Optional[str] = ...) -> None: ...
