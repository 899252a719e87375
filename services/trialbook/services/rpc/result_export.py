"""Exports of results on the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from trialbook.services.application import result_export as application
from trialbook.services.application.ports import Store
from trialbook.services.application.result_export import ExportPage, ResultExport
from trialbook.services.domain.errors import Invalid
from trialbook.services.domain.naming import parse_run
from trialbook.services.formats.result_writing import ResultFormat, ResultWriter
from trialbook.services.rpc.result_filter import read_filter
from trialbook.v1 import run_service_pb2 as rpc
from trialbook.v1.run_service_pb2_grpc import RunServiceServicer

_PAGE = 1_000
_PIECE = 256 * 1024
_FORMATS: dict[int, ResultFormat | None] = {
    rpc.RESULT_FILE_FORMAT_UNSPECIFIED: None,
    rpc.RESULT_FILE_FORMAT_JSONL: "jsonl",
    rpc.RESULT_FILE_FORMAT_CSV: "csv",
    rpc.RESULT_FILE_FORMAT_PARQUET: "parquet",
}


class ResultExportCalls(RunServiceServicer):
    """Answers the call of RunService that exports results."""

    _store: Store

    async def ExportResults(
        self, request: rpc.ExportResultsRequest, context: Any
    ) -> AsyncIterator[rpc.ExportResultsResponse]:
        """Write the results of a run as a file."""
        project, run_id = parse_run("parent", request.parent)
        if request.format not in _FORMATS:
            raise Invalid.field("format", f"{request.format} is no format of this version")
        wanted = read_filter("filter", request.filter)
        export = await self._store.read(
            lambda q: application.begin(
                q, project, run_id, wanted, include_superseded=request.include_superseded
            )
        )
        writer = application.open_export("format", _FORMATS[request.format], export)
        async for piece in _File(self._store, export, writer).pieces():
            yield piece


class _File:
    """One ExportResults call: read a page, write it, send it, until there are no more."""

    def __init__(self, store: Store, export: ResultExport, writer: ResultWriter) -> None:
        self._store = store
        self._export = export
        self._writer = writer
        self._count = 0

    async def pieces(self) -> AsyncIterator[rpc.ExportResultsResponse]:
        """Yield the bytes of the file, none of them in large pieces; the last tells the count."""
        after: int | None = 0
        while after is not None:
            page = await self._page(after)
            after = page.after
            data = await asyncio.to_thread(self._written, page)
            for piece in self._cut(data):
                yield piece
        last = await asyncio.to_thread(self._writer.close)
        for piece in self._cut(last):
            yield piece
        yield rpc.ExportResultsResponse(exported_count=self._count)

    async def _page(self, after: int) -> ExportPage:
        return await self._store.read(lambda q: application.page(q, self._export, after, _PAGE))

    def _written(self, page: ExportPage) -> bytes:
        return self._writer.write(application.to_rows(self._export, page))

    def _cut(self, data: bytes) -> list[rpc.ExportResultsResponse]:
        """Return the pieces of some bytes; the last one has all that the writer counts by now."""
        before, self._count = self._count, self._writer.count
        return [
            rpc.ExportResultsResponse(
                data=data[start : start + _PIECE],
                exported_count=self._count if start + _PIECE >= len(data) else before,
            )
            for start in range(0, len(data), _PIECE)
        ]
