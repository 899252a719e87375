import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from trialbook.v1 import payload_pb2 as _payload_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Event(_message.Message):
    __slots__ = ("position", "noun", "kind", "schema_version", "project", "resource", "create_time", "author", "command", "command_id", "cause", "reason", "data", "fact_count")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    NOUN_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_VERSION_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    COMMAND_ID_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    FACT_COUNT_FIELD_NUMBER: _ClassVar[int]
    position: int
    noun: str
    kind: str
    schema_version: int
    project: str
    resource: str
    create_time: _timestamp_pb2.Timestamp
    author: str
    command: str
    command_id: str
    cause: str
    reason: str
    data: _payload_pb2.Payload
    fact_count: int
    def __init__(self, position: _Optional[int] = ..., noun: _Optional[str] = ..., kind: _Optional[str] = ..., schema_version: _Optional[int] = ..., project: _Optional[str] = ..., resource: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., author: _Optional[str] = ..., command: _Optional[str] = ..., command_id: _Optional[str] = ..., cause: _Optional[str] = ..., reason: _Optional[str] = ..., data: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., fact_count: _Optional[int] = ...) -> None: ...

class EventFilter(_message.Message):
    __slots__ = ("nouns", "kinds", "resource", "author")
    NOUNS_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    nouns: _containers.RepeatedScalarFieldContainer[str]
    kinds: _containers.RepeatedScalarFieldContainer[str]
    resource: str
    author: str
    def __init__(self, nouns: _Optional[_Iterable[str]] = ..., kinds: _Optional[_Iterable[str]] = ..., resource: _Optional[str] = ..., author: _Optional[str] = ...) -> None: ...

class EventConsumer(_message.Message):
    __slots__ = ("name", "position", "behind", "author", "update_time")
    NAME_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    BEHIND_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    position: int
    behind: int
    author: str
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., position: _Optional[int] = ..., behind: _Optional[int] = ..., author: _Optional[str] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
