from trialbook.v1 import experiment_pb2 as _experiment_pb2
from trialbook.v1 import payload_pb2 as _payload_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ScorerOrigin(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SCORER_ORIGIN_UNSPECIFIED: _ClassVar[ScorerOrigin]
    SCORER_ORIGIN_BUILT_IN: _ClassVar[ScorerOrigin]
    SCORER_ORIGIN_WORKER: _ClassVar[ScorerOrigin]

class ScoreDirection(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SCORE_DIRECTION_UNSPECIFIED: _ClassVar[ScoreDirection]
    SCORE_DIRECTION_HIGHER_IS_BETTER: _ClassVar[ScoreDirection]
    SCORE_DIRECTION_LOWER_IS_BETTER: _ClassVar[ScoreDirection]
SCORER_ORIGIN_UNSPECIFIED: ScorerOrigin
SCORER_ORIGIN_BUILT_IN: ScorerOrigin
SCORER_ORIGIN_WORKER: ScorerOrigin
SCORE_DIRECTION_UNSPECIFIED: ScoreDirection
SCORE_DIRECTION_HIGHER_IS_BETTER: ScoreDirection
SCORE_DIRECTION_LOWER_IS_BETTER: ScoreDirection

class Scorer(_message.Message):
    __slots__ = ("name", "scorer_id", "version", "description", "origin", "params_schema", "direction", "minimum", "maximum", "needs_expected", "scope")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SCORER_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    PARAMS_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    DIRECTION_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_FIELD_NUMBER: _ClassVar[int]
    MAXIMUM_FIELD_NUMBER: _ClassVar[int]
    NEEDS_EXPECTED_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    name: str
    scorer_id: str
    version: int
    description: str
    origin: ScorerOrigin
    params_schema: _payload_pb2.Payload
    direction: ScoreDirection
    minimum: float
    maximum: float
    needs_expected: bool
    scope: _experiment_pb2.ScorerScope
    def __init__(self, name: _Optional[str] = ..., scorer_id: _Optional[str] = ..., version: _Optional[int] = ..., description: _Optional[str] = ..., origin: _Optional[_Union[ScorerOrigin, str]] = ..., params_schema: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., direction: _Optional[_Union[ScoreDirection, str]] = ..., minimum: _Optional[float] = ..., maximum: _Optional[float] = ..., needs_expected: _Optional[bool] = ..., scope: _Optional[_Union[_experiment_pb2.ScorerScope, str]] = ...) -> None: ...
