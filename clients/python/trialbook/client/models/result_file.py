"""Results as files."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from trialbook.client.models.codec import EnumCodec
from trialbook.v1 import run_service_pb2


class ResultFileFormat(StrEnum):
    """The form of a file of results."""

    UNSPECIFIED = "unspecified"
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


RESULT_FILE_FORMATS: Final = EnumCodec(
    ResultFileFormat, run_service_pb2.ResultFileFormat, "RESULT_FILE_FORMAT"
)


@dataclass(frozen=True, slots=True)
class ExportedResults:
    """What an export wrote: how many results, in how many bytes."""

    result_count: int
    byte_count: int
