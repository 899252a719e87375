from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ItemSelection(_message.Message):
    __slots__ = ("item_ids", "splits", "tags", "filter", "sample")
    ITEM_IDS_FIELD_NUMBER: _ClassVar[int]
    SPLITS_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_FIELD_NUMBER: _ClassVar[int]
    item_ids: _containers.RepeatedScalarFieldContainer[str]
    splits: _containers.RepeatedScalarFieldContainer[str]
    tags: _containers.RepeatedScalarFieldContainer[str]
    filter: str
    sample: ItemSample
    def __init__(self, item_ids: _Optional[_Iterable[str]] = ..., splits: _Optional[_Iterable[str]] = ..., tags: _Optional[_Iterable[str]] = ..., filter: _Optional[str] = ..., sample: _Optional[_Union[ItemSample, _Mapping]] = ...) -> None: ...

class ItemSample(_message.Message):
    __slots__ = ("count", "fraction", "seed")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    FRACTION_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    count: int
    fraction: float
    seed: int
    def __init__(self, count: _Optional[int] = ..., fraction: _Optional[float] = ..., seed: _Optional[int] = ...) -> None: ...
