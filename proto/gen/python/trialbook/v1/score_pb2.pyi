import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from trialbook.v1 import payload_pb2 as _payload_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ScoreStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SCORE_STATUS_UNSPECIFIED: _ClassVar[ScoreStatus]
    SCORE_STATUS_SCORED: _ClassVar[ScoreStatus]
    SCORE_STATUS_FAILED: _ClassVar[ScoreStatus]
    SCORE_STATUS_NOT_EVALUABLE: _ClassVar[ScoreStatus]
    SCORE_STATUS_SKIPPED: _ClassVar[ScoreStatus]
SCORE_STATUS_UNSPECIFIED: ScoreStatus
SCORE_STATUS_SCORED: ScoreStatus
SCORE_STATUS_FAILED: ScoreStatus
SCORE_STATUS_NOT_EVALUABLE: ScoreStatus
SCORE_STATUS_SKIPPED: ScoreStatus

class Score(_message.Message):
    __slots__ = ("scorer", "status", "value", "passed", "label", "reason", "evidence", "duration", "name", "scorer_version", "stale")
    SCORER_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    PASSED_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SCORER_VERSION_FIELD_NUMBER: _ClassVar[int]
    STALE_FIELD_NUMBER: _ClassVar[int]
    scorer: str
    status: ScoreStatus
    value: float
    passed: bool
    label: str
    reason: str
    evidence: _payload_pb2.Payload
    duration: _duration_pb2.Duration
    name: str
    scorer_version: int
    stale: bool
    def __init__(self, scorer: _Optional[str] = ..., status: _Optional[_Union[ScoreStatus, str]] = ..., value: _Optional[float] = ..., passed: _Optional[bool] = ..., label: _Optional[str] = ..., reason: _Optional[str] = ..., evidence: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., name: _Optional[str] = ..., scorer_version: _Optional[int] = ..., stale: _Optional[bool] = ...) -> None: ...
