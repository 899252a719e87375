import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from trialbook.v1 import payload_pb2 as _payload_pb2
from trialbook.v1 import trace_pb2 as _trace_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StepMatch(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STEP_MATCH_UNSPECIFIED: _ClassVar[StepMatch]
    STEP_MATCH_MATCHED: _ClassVar[StepMatch]
    STEP_MATCH_MISSING: _ClassVar[StepMatch]
    STEP_MATCH_EXTRA: _ClassVar[StepMatch]
    STEP_MATCH_OUT_OF_ORDER: _ClassVar[StepMatch]
    STEP_MATCH_DIFFERENT: _ClassVar[StepMatch]
STEP_MATCH_UNSPECIFIED: StepMatch
STEP_MATCH_MATCHED: StepMatch
STEP_MATCH_MISSING: StepMatch
STEP_MATCH_EXTRA: StepMatch
STEP_MATCH_OUT_OF_ORDER: StepMatch
STEP_MATCH_DIFFERENT: StepMatch

class GetTraceRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetTraceResponse(_message.Message):
    __slots__ = ("state", "start_time", "duration", "services", "links", "records")
    STATE_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    SERVICES_FIELD_NUMBER: _ClassVar[int]
    LINKS_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    state: _trace_pb2.TraceState
    start_time: _timestamp_pb2.Timestamp
    duration: _duration_pb2.Duration
    services: _containers.RepeatedScalarFieldContainer[str]
    links: _containers.RepeatedCompositeFieldContainer[_trace_pb2.TraceLink]
    records: int
    def __init__(self, state: _Optional[_Union[_trace_pb2.TraceState, _Mapping]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., services: _Optional[_Iterable[str]] = ..., links: _Optional[_Iterable[_Union[_trace_pb2.TraceLink, _Mapping]]] = ..., records: _Optional[int] = ...) -> None: ...

class GetTrajectoryRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetTrajectoryResponse(_message.Message):
    __slots__ = ("trajectory", "state", "why_missing", "links")
    TRAJECTORY_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    WHY_MISSING_FIELD_NUMBER: _ClassVar[int]
    LINKS_FIELD_NUMBER: _ClassVar[int]
    trajectory: _trace_pb2.Trajectory
    state: _trace_pb2.TraceState
    why_missing: str
    links: _containers.RepeatedCompositeFieldContainer[_trace_pb2.TraceLink]
    def __init__(self, trajectory: _Optional[_Union[_trace_pb2.Trajectory, _Mapping]] = ..., state: _Optional[_Union[_trace_pb2.TraceState, _Mapping]] = ..., why_missing: _Optional[str] = ..., links: _Optional[_Iterable[_Union[_trace_pb2.TraceLink, _Mapping]]] = ...) -> None: ...

class DiffTrajectoryRequest(_message.Message):
    __slots__ = ("name", "expected_trajectory")
    NAME_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_TRAJECTORY_FIELD_NUMBER: _ClassVar[int]
    name: str
    expected_trajectory: _payload_pb2.Payload
    def __init__(self, name: _Optional[str] = ..., expected_trajectory: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ...) -> None: ...

class StepDifference(_message.Message):
    __slots__ = ("match", "expected", "step", "argument_differences")
    MATCH_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    ARGUMENT_DIFFERENCES_FIELD_NUMBER: _ClassVar[int]
    match: StepMatch
    expected: _payload_pb2.Payload
    step: int
    argument_differences: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, match: _Optional[_Union[StepMatch, str]] = ..., expected: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., step: _Optional[int] = ..., argument_differences: _Optional[_Iterable[str]] = ...) -> None: ...

class DiffTrajectoryResponse(_message.Message):
    __slots__ = ("differences", "trajectory", "precision", "recall", "links")
    DIFFERENCES_FIELD_NUMBER: _ClassVar[int]
    TRAJECTORY_FIELD_NUMBER: _ClassVar[int]
    PRECISION_FIELD_NUMBER: _ClassVar[int]
    RECALL_FIELD_NUMBER: _ClassVar[int]
    LINKS_FIELD_NUMBER: _ClassVar[int]
    differences: _containers.RepeatedCompositeFieldContainer[StepDifference]
    trajectory: _trace_pb2.Trajectory
    precision: float
    recall: float
    links: _containers.RepeatedCompositeFieldContainer[_trace_pb2.TraceLink]
    def __init__(self, differences: _Optional[_Iterable[_Union[StepDifference, _Mapping]]] = ..., trajectory: _Optional[_Union[_trace_pb2.Trajectory, _Mapping]] = ..., precision: _Optional[float] = ..., recall: _Optional[float] = ..., links: _Optional[_Iterable[_Union[_trace_pb2.TraceLink, _Mapping]]] = ...) -> None: ...

class ListSpansRequest(_message.Message):
    __slots__ = ("name", "page_size", "page_token")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    name: str
    page_size: int
    page_token: str
    def __init__(self, name: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListSpansResponse(_message.Message):
    __slots__ = ("spans", "next_page_token")
    SPANS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    spans: _containers.RepeatedCompositeFieldContainer[_trace_pb2.Span]
    next_page_token: str
    def __init__(self, spans: _Optional[_Iterable[_Union[_trace_pb2.Span, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetTraceViewersRequest(_message.Message):
    __slots__ = ("parent",)
    PARENT_FIELD_NUMBER: _ClassVar[int]
    parent: str
    def __init__(self, parent: _Optional[str] = ...) -> None: ...

class GetTraceViewersResponse(_message.Message):
    __slots__ = ("viewers",)
    VIEWERS_FIELD_NUMBER: _ClassVar[int]
    viewers: _containers.RepeatedCompositeFieldContainer[_trace_pb2.TraceViewer]
    def __init__(self, viewers: _Optional[_Iterable[_Union[_trace_pb2.TraceViewer, _Mapping]]] = ...) -> None: ...

class SetTraceViewersRequest(_message.Message):
    __slots__ = ("parent", "viewers", "request_id")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    VIEWERS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    parent: str
    viewers: _containers.RepeatedCompositeFieldContainer[_trace_pb2.TraceViewer]
    request_id: str
    def __init__(self, parent: _Optional[str] = ..., viewers: _Optional[_Iterable[_Union[_trace_pb2.TraceViewer, _Mapping]]] = ..., request_id: _Optional[str] = ...) -> None: ...

class SetTraceViewersResponse(_message.Message):
    __slots__ = ("viewers",)
    VIEWERS_FIELD_NUMBER: _ClassVar[int]
    viewers: _containers.RepeatedCompositeFieldContainer[_trace_pb2.TraceViewer]
    def __init__(self, viewers: _Optional[_Iterable[_Union[_trace_pb2.TraceViewer, _Mapping]]] = ...) -> None: ...
