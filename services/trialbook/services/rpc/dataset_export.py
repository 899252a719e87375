"""Exports of files on the wire."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

from trialbook.services.application.dataset import require
from trialbook.services.application.dataset_export import open_export, to_rows
from trialbook.services.application.item_selection import (
    ItemSelection,
    Selected,
    resolved,
    select,
)
from trialbook.services.application.ports import Queries, Store
from trialbook.services.application.read_point import resolve
from trialbook.services.formats.writing import FileWriter
from trialbook.services.rpc.dataset_file_message import read_format
from trialbook.services.rpc.item_selection import read_selection
from trialbook.services.rpc.read_point import parse_read, read_point
from trialbook.v1 import dataset_service_pb2 as rpc
from trialbook.v1.dataset_service_pb2_grpc import DatasetServiceServicer

_PAGE = 1_000
_PIECE = 1024 * 1024


class FileExportCalls(DatasetServiceServicer):
    """Answers the call of DatasetService that exports a file."""

    _store: Store

    async def ExportItems(
        self, request: rpc.ExportItemsRequest, context: Any
    ) -> AsyncIterator[rpc.ExportItemsResponse]:
        """Write the items of a version as a file."""
        writer = open_export("format", read_format("format", request.format))
        export = await _begun(self._store, request, writer)
        yield rpc.ExportItemsResponse(version=export.version)
        async for data in export.pieces():
            yield rpc.ExportItemsResponse(data=data)
        yield rpc.ExportItemsResponse(item_count=export.item_count, sha256=export.sha256)


class _Export:
    """One ExportItems call: read a page, write it, send it, until there are no more."""

    def __init__(
        self, store: Store, writer: FileWriter, number: int, version: int, selection: ItemSelection
    ) -> None:
        self._store = store
        self._writer = writer
        self._number = number
        self._selection = selection
        self._digest = hashlib.sha256()
        self.version = version
        self.item_count = 0

    @property
    def sha256(self) -> bytes:
        """The digest of all pieces so far."""
        return self._digest.digest()

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the bytes of the file, none of them in large pieces."""
        after: int | None = 0
        while after is not None:
            page = await self._page(after)
            after = page.after
            for piece in await asyncio.to_thread(self._written, page):
                yield piece
        for piece in await asyncio.to_thread(self._closed):
            yield piece

    async def _page(self, after: int) -> Selected:
        return await self._store.read(
            lambda q: select(
                q, self._number, self.version, self._selection, after=after, limit=_PAGE
            )
        )

    def _written(self, page: Selected) -> list[bytes]:
        rows = list(to_rows(page.rows))
        self.item_count += len(rows)
        return list(self._cut(self._writer.write(rows)))

    def _closed(self) -> list[bytes]:
        return list(self._cut(self._writer.close()))

    def _cut(self, data: bytes) -> Iterator[bytes]:
        self._digest.update(data)
        for start in range(0, len(data), _PIECE):
            yield data[start : start + _PIECE]


async def _begun(store: Store, request: rpc.ExportItemsRequest, writer: FileWriter) -> _Export:
    """Find the version and what is selected of it. Raises Invalid, NotFound, VersionNotFound."""
    project, dataset, named = parse_read("parent", request.parent)
    point = read_point(request, named)
    selection = read_selection("selection", request.selection)

    def query(queries: Queries) -> _Export:
        view = require(queries, project, dataset)
        version = resolve(queries, view, point)
        chosen = resolved(queries, view.number, version, selection)
        return _Export(store, writer, view.number, version, chosen)

    return await store.read(query)
