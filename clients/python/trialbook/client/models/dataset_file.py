"""Files of items: how they are written and read, and what an import or export of one did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from trialbook.client.errors import InvalidArgument, TrialbookError
from trialbook.client.models.codec import EnumCodec
from trialbook.client.models.dataset import Dataset
from trialbook.v1 import dataset_file_pb2, dataset_service_pb2


class FileFormat(StrEnum):
    """How a file is written. UNSPECIFIED: told by the file, in an import only."""

    UNSPECIFIED = "unspecified"
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
    JSON = "json"


class FileLayout(StrEnum):
    """What the fields of a file mean. UNSPECIFIED: told by the fields of the first rows."""

    UNSPECIFIED = "unspecified"
    TRIALBOOK = "trialbook"
    MASTRA = "mastra"
    LANGFUSE = "langfuse"
    LANGSMITH = "langsmith"
    BRAINTRUST = "braintrust"
    PHOENIX = "phoenix"
    OPENAI_EVALS = "openai_evals"
    COLUMNS = "columns"


FILE_FORMATS: Final = EnumCodec(FileFormat, dataset_file_pb2.FileFormat, "FILE_FORMAT")
FILE_LAYOUTS: Final = EnumCodec(FileLayout, dataset_file_pb2.FileLayout, "FILE_LAYOUT")


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Where a column goes: a field such as `input`, or a path inside one: `input.question`.

    `json` says that the column's text is JSON.
    """

    column: str
    target: str
    json: bool = False

    def to_message(self) -> dataset_file_pb2.ColumnMapping:
        """Write it as the contract's message."""
        return dataset_file_pb2.ColumnMapping(
            column=self.column, target=self.target, json=self.json
        )


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How to import a file. What is not given is told by the file.

    `upsert` lets rows replace the content of items that are there already, which are refused
    otherwise if their content is another. `partial` leaves refused rows out instead of refusing the
    whole file; `dry_run` changes nothing, and reports what would happen.
    """

    format: FileFormat = FileFormat.UNSPECIFIED
    layout: FileLayout = FileLayout.UNSPECIFIED
    columns: Sequence[ColumnMapping] = ()
    delimiter: str = ""
    upsert: bool = False
    partial: bool = False
    dry_run: bool = False

    def to_message(self) -> dataset_file_pb2.ImportOptions:
        """Write it as the contract's message."""
        return dataset_file_pb2.ImportOptions(
            format=FILE_FORMATS.wire_name(self.format),
            layout=FILE_LAYOUTS.wire_name(self.layout),
            columns=[column.to_message() for column in self.columns],
            delimiter=self.delimiter,
            mode="IMPORT_MODE_UPSERT" if self.upsert else "IMPORT_MODE_ADD",
            partial=self.partial,
            dry_run=self.dry_run,
        )


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was refused: its line (or number), the field, and what is wrong."""

    line: int
    path: str
    description: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of how many rows. `refused` has the first 1,000 refused rows.

    `ignored_fields` are fields of the file that are not part of the import.
    """

    row_count: int = 0
    added_count: int = 0
    changed_count: int = 0
    unchanged_count: int = 0
    refused_count: int = 0
    refused: tuple[RefusedRow, ...] = ()
    ignored_fields: tuple[str, ...] = ()
    format: FileFormat = FileFormat.UNSPECIFIED
    layout: FileLayout = FileLayout.UNSPECIFIED

    @classmethod
    def from_message(cls, message: dataset_file_pb2.ImportReport) -> ImportReport:
        """Read it from the contract's message."""
        return cls(
            message.row_count,
            message.added_count,
            message.changed_count,
            message.unchanged_count,
            message.refused_count,
            tuple(RefusedRow(row.line, row.path, row.description) for row in message.refused),
            tuple(message.ignored_fields),
            FILE_FORMATS.member(message.format),
            FILE_LAYOUTS.member(message.layout),
        )


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """What the import of a file did, and the dataset after it."""

    dataset: Dataset
    report: ImportReport = field(default_factory=ImportReport)

    @classmethod
    def from_message(cls, message: dataset_service_pb2.ImportFileResponse) -> ImportedFile:
        """Read it from the contract's last message."""
        return cls(Dataset.from_message(message.dataset), ImportReport.from_message(message.report))


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """What an export wrote: of which version, how many items, and the file's SHA-256 in hex."""

    version: int
    item_count: int
    sha256: str


class RowsRefused(InvalidArgument):
    """Rows of a file were refused, so nothing was imported; `report` has them."""

    def __init__(self, error: TrialbookError, report: ImportReport) -> None:
        super().__init__(
            error.message,
            code=error.code,
            reason=error.reason,
            violations=error.violations,
            metadata=error.metadata,
        )
        self.report = report
