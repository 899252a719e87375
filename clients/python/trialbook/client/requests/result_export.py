"""The call of RunService that gives results as a file."""

from __future__ import annotations

from typing import BinaryIO

from trialbook.client.models.result_file import (
    RESULT_FILE_FORMATS,
    ExportedResults,
    ResultFileFormat,
)
from trialbook.client.models.result_filter import ResultFilter
from trialbook.client.names import Reference, resource_name
from trialbook.v1 import run_service_pb2 as service

EXPORT_METHOD = "RunService/ExportResults"


def export_request(
    project: str,
    run: Reference,
    form: ResultFileFormat | str,
    *,
    results: ResultFilter | None,
    include_superseded: bool,
) -> service.ExportResultsRequest:
    """Ask for the results of a run as a file."""
    return service.ExportResultsRequest(
        parent=resource_name(project, "runs", run),
        format=RESULT_FILE_FORMATS.wire_name(ResultFileFormat(form)),
        filter=None if results is None else results.to_message(),
        include_superseded=include_superseded,
    )


class ResultDownload:
    """Writes what comes of an exported file, and counts it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._results = 0
        self._bytes = 0

    def take(self, answer: service.ExportResultsResponse) -> None:
        """Write the bytes of an answer."""
        self._stream.write(answer.data)
        self._bytes += len(answer.data)
        self._results = max(self._results, answer.exported_count)

    @property
    def report(self) -> ExportedResults:
        """What was written so far."""
        return ExportedResults(self._results, self._bytes)
