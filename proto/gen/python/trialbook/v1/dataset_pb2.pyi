import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from trialbook.v1 import dataset_settings_pb2 as _dataset_settings_pb2
from trialbook.v1 import experiment_pb2 as _experiment_pb2
from trialbook.v1 import payload_pb2 as _payload_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class UnmockedToolPolicy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UNMOCKED_TOOL_POLICY_UNSPECIFIED: _ClassVar[UnmockedToolPolicy]
    UNMOCKED_TOOL_POLICY_ALLOW: _ClassVar[UnmockedToolPolicy]
    UNMOCKED_TOOL_POLICY_DENY: _ClassVar[UnmockedToolPolicy]

class ItemSourceType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ITEM_SOURCE_TYPE_UNSPECIFIED: _ClassVar[ItemSourceType]
    ITEM_SOURCE_TYPE_MANUAL: _ClassVar[ItemSourceType]
    ITEM_SOURCE_TYPE_CSV: _ClassVar[ItemSourceType]
    ITEM_SOURCE_TYPE_JSONL: _ClassVar[ItemSourceType]
    ITEM_SOURCE_TYPE_JSON: _ClassVar[ItemSourceType]
    ITEM_SOURCE_TYPE_PARQUET: _ClassVar[ItemSourceType]
    ITEM_SOURCE_TYPE_TRACE: _ClassVar[ItemSourceType]
    ITEM_SOURCE_TYPE_RESULT: _ClassVar[ItemSourceType]
    ITEM_SOURCE_TYPE_GENERATED: _ClassVar[ItemSourceType]
UNMOCKED_TOOL_POLICY_UNSPECIFIED: UnmockedToolPolicy
UNMOCKED_TOOL_POLICY_ALLOW: UnmockedToolPolicy
UNMOCKED_TOOL_POLICY_DENY: UnmockedToolPolicy
ITEM_SOURCE_TYPE_UNSPECIFIED: ItemSourceType
ITEM_SOURCE_TYPE_MANUAL: ItemSourceType
ITEM_SOURCE_TYPE_CSV: ItemSourceType
ITEM_SOURCE_TYPE_JSONL: ItemSourceType
ITEM_SOURCE_TYPE_JSON: ItemSourceType
ITEM_SOURCE_TYPE_PARQUET: ItemSourceType
ITEM_SOURCE_TYPE_TRACE: ItemSourceType
ITEM_SOURCE_TYPE_RESULT: ItemSourceType
ITEM_SOURCE_TYPE_GENERATED: ItemSourceType

class Dataset(_message.Message):
    __slots__ = ("name", "uid", "display_name", "description", "metadata", "version", "item_count", "etag", "create_time", "update_time", "settings")
    NAME_FIELD_NUMBER: _ClassVar[int]
    UID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ITEM_COUNT_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    name: str
    uid: str
    display_name: str
    description: str
    metadata: _payload_pb2.Payload
    version: int
    item_count: int
    etag: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    settings: _dataset_settings_pb2.DatasetSettings
    def __init__(self, name: _Optional[str] = ..., uid: _Optional[str] = ..., display_name: _Optional[str] = ..., description: _Optional[str] = ..., metadata: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., version: _Optional[int] = ..., item_count: _Optional[int] = ..., etag: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., settings: _Optional[_Union[_dataset_settings_pb2.DatasetSettings, _Mapping]] = ...) -> None: ...

class Item(_message.Message):
    __slots__ = ("name", "item_id", "input", "expected", "context", "metadata", "tags", "split", "ordinal", "added_version", "create_time", "external_id", "expected_trajectory", "start_options", "tool_mocks", "unmocked_tools", "scorers", "source", "version", "update_time", "purged")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    SPLIT_FIELD_NUMBER: _ClassVar[int]
    ORDINAL_FIELD_NUMBER: _ClassVar[int]
    ADDED_VERSION_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_ID_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_TRAJECTORY_FIELD_NUMBER: _ClassVar[int]
    START_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    TOOL_MOCKS_FIELD_NUMBER: _ClassVar[int]
    UNMOCKED_TOOLS_FIELD_NUMBER: _ClassVar[int]
    SCORERS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    PURGED_FIELD_NUMBER: _ClassVar[int]
    name: str
    item_id: str
    input: _payload_pb2.Payload
    expected: _payload_pb2.Payload
    context: _payload_pb2.Payload
    metadata: _payload_pb2.Payload
    tags: _containers.RepeatedScalarFieldContainer[str]
    split: str
    ordinal: int
    added_version: int
    create_time: _timestamp_pb2.Timestamp
    external_id: str
    expected_trajectory: _payload_pb2.Payload
    start_options: _payload_pb2.Payload
    tool_mocks: _containers.RepeatedCompositeFieldContainer[ToolMock]
    unmocked_tools: UnmockedToolPolicy
    scorers: _containers.RepeatedCompositeFieldContainer[_experiment_pb2.ScorerSpec]
    source: ItemSource
    version: int
    update_time: _timestamp_pb2.Timestamp
    purged: bool
    def __init__(self, name: _Optional[str] = ..., item_id: _Optional[str] = ..., input: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., expected: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., context: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., metadata: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., tags: _Optional[_Iterable[str]] = ..., split: _Optional[str] = ..., ordinal: _Optional[int] = ..., added_version: _Optional[int] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., external_id: _Optional[str] = ..., expected_trajectory: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., start_options: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., tool_mocks: _Optional[_Iterable[_Union[ToolMock, _Mapping]]] = ..., unmocked_tools: _Optional[_Union[UnmockedToolPolicy, str]] = ..., scorers: _Optional[_Iterable[_Union[_experiment_pb2.ScorerSpec, _Mapping]]] = ..., source: _Optional[_Union[ItemSource, _Mapping]] = ..., version: _Optional[int] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., purged: _Optional[bool] = ...) -> None: ...

class ToolMock(_message.Message):
    __slots__ = ("tool", "arguments", "output")
    TOOL_FIELD_NUMBER: _ClassVar[int]
    ARGUMENTS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    tool: str
    arguments: _payload_pb2.Payload
    output: _payload_pb2.Payload
    def __init__(self, tool: _Optional[str] = ..., arguments: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ..., output: _Optional[_Union[_payload_pb2.Payload, _Mapping]] = ...) -> None: ...

class ItemSource(_message.Message):
    __slots__ = ("type", "reference")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    type: ItemSourceType
    reference: str
    def __init__(self, type: _Optional[_Union[ItemSourceType, str]] = ..., reference: _Optional[str] = ...) -> None: ...

class DatasetVersion(_message.Message):
    __slots__ = ("name", "version", "item_count", "added_count", "author", "create_time", "changed_count", "removed_count", "restored_count", "settings_changed", "message", "settings", "labels")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ITEM_COUNT_FIELD_NUMBER: _ClassVar[int]
    ADDED_COUNT_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    CHANGED_COUNT_FIELD_NUMBER: _ClassVar[int]
    REMOVED_COUNT_FIELD_NUMBER: _ClassVar[int]
    RESTORED_COUNT_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_CHANGED_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: int
    item_count: int
    added_count: int
    author: str
    create_time: _timestamp_pb2.Timestamp
    changed_count: int
    removed_count: int
    restored_count: int
    settings_changed: bool
    message: str
    settings: _dataset_settings_pb2.DatasetSettings
    labels: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., version: _Optional[int] = ..., item_count: _Optional[int] = ..., added_count: _Optional[int] = ..., author: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., changed_count: _Optional[int] = ..., removed_count: _Optional[int] = ..., restored_count: _Optional[int] = ..., settings_changed: _Optional[bool] = ..., message: _Optional[str] = ..., settings: _Optional[_Union[_dataset_settings_pb2.DatasetSettings, _Mapping]] = ..., labels: _Optional[_Iterable[str]] = ...) -> None: ...
