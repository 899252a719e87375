import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from trialbook.v1 import experiment_pb2 as _experiment_pb2
from trialbook.v1 import payload_pb2 as _payload_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DatasetSettings(_message.Message):
    __slots__ = ("input_schema", "expected_schema", "context_schema", "default_scorers", "tags")
    INPUT_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_SCORERS_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    input_schema: _payload_pb2.Payload
    expected_schema: _payload_pb2.Payload
    context_schema: _payload_pb2.Payload
    default_scorers: _containers.RepeatedCompositeFieldContainer[_experiment_pb2.ScorerSpec]
    tags: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, input_schema: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., expected_schema: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., context_schema: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., default_scorers: _Optional[_Iterable[_Union[_experiment_pb2.ScorerSpec, _Mapping]]] = ..., tags: _Optional[_Iterable[str]] = ...) -> None: ...

class DatasetLabel(_message.Message):
    __slots__ = ("name", "label_id", "version", "frozen", "message", "author", "update_time")
    NAME_FIELD_NUMBER: _ClassVar[int]
    LABEL_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    FROZEN_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    label_id: str
    version: int
    frozen: bool
    message: str
    author: str
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., label_id: _Optional[str] = ..., version: _Optional[int] = ..., frozen: _Optional[bool] = ..., message: _Optional[str] = ..., author: _Optional[str] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SchemaReport(_message.Message):
    __slots__ = ("checked_count", "failing_count", "failures")
    CHECKED_COUNT_FIELD_NUMBER: _ClassVar[int]
    FAILING_COUNT_FIELD_NUMBER: _ClassVar[int]
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    checked_count: int
    failing_count: int
    failures: _containers.RepeatedCompositeFieldContainer[SchemaFailure]
    def __init__(self, checked_count: _Optional[int] = ..., failing_count: _Optional[int] = ..., failures: _Optional[_Iterable[_Union[SchemaFailure, _Mapping]]] = ...) -> None: ...

class SchemaFailure(_message.Message):
    __slots__ = ("item_id", "path", "description")
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    item_id: str
    path: str
    description: str
    def __init__(self, item_id: _Optional[str] = ..., path: _Optional[str] = ..., description: _Optional[str] = ...) -> None: ...
