from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FileFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FILE_FORMAT_UNSPECIFIED: _ClassVar[FileFormat]
    FILE_FORMAT_JSONL: _ClassVar[FileFormat]
    FILE_FORMAT_CSV: _ClassVar[FileFormat]
    FILE_FORMAT_PARQUET: _ClassVar[FileFormat]
    FILE_FORMAT_JSON: _ClassVar[FileFormat]

class FileLayout(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FILE_LAYOUT_UNSPECIFIED: _ClassVar[FileLayout]
    FILE_LAYOUT_TRIALBOOK: _ClassVar[FileLayout]
    FILE_LAYOUT_MASTRA: _ClassVar[FileLayout]
    FILE_LAYOUT_LANGFUSE: _ClassVar[FileLayout]
    FILE_LAYOUT_LANGSMITH: _ClassVar[FileLayout]
    FILE_LAYOUT_BRAINTRUST: _ClassVar[FileLayout]
    FILE_LAYOUT_PHOENIX: _ClassVar[FileLayout]
    FILE_LAYOUT_OPENAI_EVALS: _ClassVar[FileLayout]
    FILE_LAYOUT_COLUMNS: _ClassVar[FileLayout]

class ImportMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    IMPORT_MODE_UNSPECIFIED: _ClassVar[ImportMode]
    IMPORT_MODE_ADD: _ClassVar[ImportMode]
    IMPORT_MODE_UPSERT: _ClassVar[ImportMode]
FILE_FORMAT_UNSPECIFIED: FileFormat
FILE_FORMAT_JSONL: FileFormat
FILE_FORMAT_CSV: FileFormat
FILE_FORMAT_PARQUET: FileFormat
FILE_FORMAT_JSON: FileFormat
FILE_LAYOUT_UNSPECIFIED: FileLayout
FILE_LAYOUT_TRIALBOOK: FileLayout
FILE_LAYOUT_MASTRA: FileLayout
FILE_LAYOUT_LANGFUSE: FileLayout
FILE_LAYOUT_LANGSMITH: FileLayout
FILE_LAYOUT_BRAINTRUST: FileLayout
FILE_LAYOUT_PHOENIX: FileLayout
FILE_LAYOUT_OPENAI_EVALS: FileLayout
FILE_LAYOUT_COLUMNS: FileLayout
IMPORT_MODE_UNSPECIFIED: ImportMode
IMPORT_MODE_ADD: ImportMode
IMPORT_MODE_UPSERT: ImportMode

class ColumnMapping(_message.Message):
    __slots__ = ("column", "target", "json")
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    JSON_FIELD_NUMBER: _ClassVar[int]
    column: str
    target: str
    json: bool
    def __init__(self, column: _Optional[str] = ..., target: _Optional[str] = ..., json: _Optional[bool] = ...) -> None: ...

class ImportOptions(_message.Message):
    __slots__ = ("format", "layout", "columns", "delimiter", "mode", "partial", "dry_run")
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    LAYOUT_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    DELIMITER_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    PARTIAL_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    format: FileFormat
    layout: FileLayout
    columns: _containers.RepeatedCompositeFieldContainer[ColumnMapping]
    delimiter: str
    mode: ImportMode
    partial: bool
    dry_run: bool
    def __init__(self, format: _Optional[_Union[FileFormat, str]] = ..., layout: _Optional[_Union[FileLayout, str]] = ..., columns: _Optional[_Iterable[_Union[ColumnMapping, _Mapping]]] = ..., delimiter: _Optional[str] = ..., mode: _Optional[_Union[ImportMode, str]] = ..., partial: _Optional[bool] = ..., dry_run: _Optional[bool] = ...) -> None: ...

class ImportReport(_message.Message):
    __slots__ = ("row_count", "added_count", "changed_count", "unchanged_count", "refused_count", "refused", "ignored_fields", "format", "layout")
    ROW_COUNT_FIELD_NUMBER: _ClassVar[int]
    ADDED_COUNT_FIELD_NUMBER: _ClassVar[int]
    CHANGED_COUNT_FIELD_NUMBER: _ClassVar[int]
    UNCHANGED_COUNT_FIELD_NUMBER: _ClassVar[int]
    REFUSED_COUNT_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    IGNORED_FIELDS_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    LAYOUT_FIELD_NUMBER: _ClassVar[int]
    row_count: int
    added_count: int
    changed_count: int
    unchanged_count: int
    refused_count: int
    refused: _containers.RepeatedCompositeFieldContainer[RefusedRow]
    ignored_fields: _containers.RepeatedScalarFieldContainer[str]
    format: FileFormat
    layout: FileLayout
    def __init__(self, row_count: _Optional[int] = ..., added_count: _Optional[int] = ..., changed_count: _Optional[int] = ..., unchanged_count: _Optional[int] = ..., refused_count: _Optional[int] = ..., refused: _Optional[_Iterable[_Union[RefusedRow, _Mapping]]] = ..., ignored_fields: _Optional[_Iterable[str]] = ..., format: _Optional[_Union[FileFormat, str]] = ..., layout: _Optional[_Union[FileLayout, str]] = ...) -> None: ...

class RefusedRow(_message.Message):
    __slots__ = ("line", "path", "description")
    LINE_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    line: int
    path: str
    description: str
    def __init__(self, line: _Optional[int] = ..., path: _Optional[str] = ..., description: _Optional[str] = ...) -> None: ...
