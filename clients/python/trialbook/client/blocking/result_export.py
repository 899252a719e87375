"""Results as files, as methods of `Client.runs`."""

from __future__ import annotations

from collections.abc import Iterator

from trialbook.client.blocking.transport import BlockingTransport
from trialbook.client.models.result_file import ExportedResults, ResultFileFormat
from trialbook.client.models.result_filter import ResultFilter
from trialbook.client.names import Reference
from trialbook.client.requests import result_export as requests
from trialbook.client.requests.file import File, written
from trialbook.v1.run_service_pb2 import ExportResultsResponse


class ExportCalls:
    """What writes the results of a run, with scores, reviews, inputs and expected values."""

    _transport: BlockingTransport
    _project: str

    def export(
        self,
        run: Reference,
        format: ResultFileFormat | str = ResultFileFormat.JSONL,  # noqa: A002 - the contract's word
        *,
        results: ResultFilter | None = None,
        include_superseded: bool = False,
    ) -> Iterator[bytes]:
        """Iterate over the bytes of a file of results, as "jsonl", "csv" or "parquet".

        Raises when the connection breaks: what came by then is not the whole file.
        """
        request = requests.export_request(
            self._project, run, format, results=results, include_superseded=include_superseded
        )
        for answer in self._transport.stream(
            requests.EXPORT_METHOD, request, ExportResultsResponse
        ):
            yield answer.data

    def export_file(
        self,
        run: Reference,
        file: File,
        format: ResultFileFormat | str = ResultFileFormat.JSONL,  # noqa: A002 - the contract's word
        *,
        results: ResultFilter | None = None,
        include_superseded: bool = False,
    ) -> ExportedResults:
        """Write the results of a run into a file, as "jsonl", "csv" or "parquet".

        A path gets the whole file or is left as it was; an open file gets the bytes as they come.
        """
        request = requests.export_request(
            self._project, run, format, results=results, include_superseded=include_superseded
        )
        answers = self._transport.stream(requests.EXPORT_METHOD, request, ExportResultsResponse)
        with written(file) as stream:
            download = requests.ResultDownload(stream)
            for answer in answers:
                download.take(answer)
        return download.report
