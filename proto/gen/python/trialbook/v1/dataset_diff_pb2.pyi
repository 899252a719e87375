import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from trialbook.v1 import dataset_pb2 as _dataset_pb2
from trialbook.v1 import payload_pb2 as _payload_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ItemChangeKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ITEM_CHANGE_KIND_UNSPECIFIED: _ClassVar[ItemChangeKind]
    ITEM_CHANGE_KIND_ADDED: _ClassVar[ItemChangeKind]
    ITEM_CHANGE_KIND_CHANGED: _ClassVar[ItemChangeKind]
    ITEM_CHANGE_KIND_REMOVED: _ClassVar[ItemChangeKind]
    ITEM_CHANGE_KIND_RESTORED: _ClassVar[ItemChangeKind]
ITEM_CHANGE_KIND_UNSPECIFIED: ItemChangeKind
ITEM_CHANGE_KIND_ADDED: ItemChangeKind
ITEM_CHANGE_KIND_CHANGED: ItemChangeKind
ITEM_CHANGE_KIND_REMOVED: ItemChangeKind
ITEM_CHANGE_KIND_RESTORED: ItemChangeKind

class FieldChange(_message.Message):
    __slots__ = ("path", "before", "after")
    PATH_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    path: str
    before: _payload_pb2.Payload
    after: _payload_pb2.Payload
    def __init__(self, path: _Optional[str] = ..., before: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., after: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ...) -> None: ...

class ItemDifference(_message.Message):
    __slots__ = ("item_id", "kind", "before", "after", "changes")
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    item_id: str
    kind: ItemChangeKind
    before: _dataset_pb2.Item
    after: _dataset_pb2.Item
    changes: _containers.RepeatedCompositeFieldContainer[FieldChange]
    def __init__(self, item_id: _Optional[str] = ..., kind: _Optional[_Union[ItemChangeKind, str]] = ..., before: _Optional[_Union[_dataset_pb2.Item, _Mapping]] = ..., after: _Optional[_Union[_dataset_pb2.Item, _Mapping]] = ..., changes: _Optional[_Iterable[_Union[FieldChange, _Mapping]]] = ...) -> None: ...

class ItemRevision(_message.Message):
    __slots__ = ("kind", "version", "item", "changes", "author", "message", "create_time")
    KIND_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    kind: ItemChangeKind
    version: int
    item: _dataset_pb2.Item
    changes: _containers.RepeatedCompositeFieldContainer[FieldChange]
    author: str
    message: str
    create_time: _timestamp_pb2.Timestamp
    def __init__(self, kind: _Optional[_Union[ItemChangeKind, str]] = ..., version: _Optional[int] = ..., item: _Optional[_Union[_dataset_pb2.Item, _Mapping]] = ..., changes: _Optional[_Iterable[_Union[FieldChange, _Mapping]]] = ..., author: _Optional[str] = ..., message: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
