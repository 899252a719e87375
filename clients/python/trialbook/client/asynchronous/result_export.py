"""Results as files, as methods of `AsyncClient.runs`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

from trialbook.client.asynchronous.transport import AsyncTransport
from trialbook.client.models.result_file import ExportedResults, ResultFileFormat
from trialbook.client.models.result_filter import ResultFilter
from trialbook.client.names import Reference
from trialbook.client.requests import result_export as requests
from trialbook.client.requests.file import File, written
from trialbook.v1.run_service_pb2 import ExportResultsResponse


class ExportCalls:
    """What writes the results of a run, with scores, reviews, inputs and expected values."""

    _transport: AsyncTransport
    _project: str

    async def export(
        self,
        run: Reference,
        format: ResultFileFormat | str = ResultFileFormat.JSONL,  # noqa: A002 - the contract's word
        *,
        results: ResultFilter | None = None,
        include_superseded: bool = False,
    ) -> AsyncIterator[bytes]:
        """Iterate over the bytes of a file of results, as "jsonl", "csv" or "parquet".

        Raises when the connection breaks: what came by then is not the whole file.
        """
        request = requests.export_request(
            self._project, run, format, results=results, include_superseded=include_superseded
        )
        stream = self._transport.stream(requests.EXPORT_METHOD, request, ExportResultsResponse)
        async with aclosing(stream) as answers:
            async for answer in answers:
                yield answer.data

    async def export_file(
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
            async with aclosing(answers):
                async for answer in answers:
                    download.take(answer)
        return download.report
