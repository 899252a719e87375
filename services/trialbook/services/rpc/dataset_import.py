"""Imports of files on the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from trialbook.services.application.dataset import require
from trialbook.services.application.dataset_import import (
    FileReport,
    ImportedFile,
    ReportBook,
    RowBatches,
    check_options,
    open_file,
    rows_refused,
)
from trialbook.services.application.item import check_note, check_text
from trialbook.services.application.ports import CommandContext, Store
from trialbook.services.domain.errors import Invalid, RequestIdReused
from trialbook.services.domain.naming import parse_dataset
from trialbook.services.engine.engine import Engine
from trialbook.services.formats.reading import FileReader, ReadOptions
from trialbook.services.rpc.caller import command
from trialbook.services.rpc.dataset_file_message import read_options, to_report
from trialbook.services.rpc.dataset_message import to_dataset
from trialbook.services.rpc.file_spool import FileSpool
from trialbook.services.rpc.import_preview import ImportPreview, previewed
from trialbook.services.rpc.import_session import ImportPlan, ImportSession, opened
from trialbook.services.rpc.item_import import read_mode
from trialbook.v1 import dataset_service_pb2 as rpc
from trialbook.v1.dataset_service_pb2_grpc import DatasetServiceServicer

_LONGEST_NAME = 200
_TELL_EVERY = 0.5

_Requests = AsyncIterator[rpc.ImportFileRequest]


class FileImportCalls(DatasetServiceServicer):
    """Answers the call of DatasetService that imports a file."""

    _store: Store
    _engine: Engine
    _largest_file: int

    async def ImportFile(
        self, request_iterator: _Requests, context: Any
    ) -> AsyncIterator[rpc.ImportFileResponse]:
        """Add the items of a file as one version."""
        first = await anext(request_iterator, None)
        if first is None:
            raise Invalid.field("parent", "is required in the first message of an import")
        file_import = _FileImport(self._store, self._engine, first, context)
        with FileSpool(self._largest_file) as spool:
            work = asyncio.create_task(file_import.run(spool, request_iterator))
            try:
                while not (await asyncio.wait([work], timeout=_TELL_EVERY))[0]:
                    yield rpc.ImportFileResponse(report=to_report(file_import.report()))
            finally:
                await _ended(work)
            done = work.result()
        report = rpc.ImportFileResponse(report=to_report(done.report))
        if file_import.is_vain:
            yield report
            raise rows_refused(done.report)
        report.dataset.CopyFrom(to_dataset(done.dataset))
        yield report


async def _ended(work: asyncio.Task[Any]) -> None:
    """Wait until work has come to its end, ahead of time if it is still under way."""
    if not work.done():
        work.cancel()
        await asyncio.wait([work])
        if not work.cancelled():
            work.exception()  # looked at: the caller has gone, and nobody else will


class _Refused(Exception):
    """Rows were refused, so the import is dropped."""


class _FileImport:
    """One ImportFile call: take the file, read it, and bring its items or say what would be."""

    def __init__(
        self, store: Store, engine: Engine, first: rpc.ImportFileRequest, context: Any
    ) -> None:
        self._store = store
        self._engine = engine
        self._first = first
        self._options = read_options("options", first)
        self._plan = _plan(first, self._options)
        self._context = _context(context, first)
        self._book = ReportBook()
        self._reader: FileReader | None = None

    def report(self) -> FileReport | None:
        """Return what was done so far; None while the file arrives."""
        return None if self._reader is None else self._book.report(self._reader)

    @property
    def is_vain(self) -> bool:
        """Whether refused rows keep the whole file out."""
        options = self._first.options
        return bool(self._book.refused_count) and not (options.partial or options.dry_run)

    async def run(self, spool: FileSpool, requests: _Requests) -> ImportedFile:
        """Do all of it. What fails leaves nothing behind."""
        await self._take(spool, requests)
        before = await self._store.recall(self._context, ImportedFile)
        if before is not None:
            if before.sha256 != spool.sha256:
                raise RequestIdReused(self._first.request_id)
            return before
        self._reader = await asyncio.to_thread(open_file, spool.stream, self._options)
        if self._first.options.dry_run:
            return await self._preview(self._reader, spool.sha256)
        with suppress(_Refused):
            return await self._import(self._reader, spool.sha256)
        return await self._unchanged(self._reader, spool.sha256)

    async def _take(self, spool: FileSpool, requests: _Requests) -> None:
        await spool.write(self._first.data)
        last = self._first.last
        async for request in requests:
            if last:
                raise Invalid.field("last", "was set before; nothing may follow the last message")
            if request.parent not in ("", self._first.parent):
                raise Invalid.field("parent", "must not change in the middle of an import")
            await spool.write(request.data)
            last = request.last
        if not last:
            # A client that goes away ends the stream too: only its word tells the two apart.
            raise Invalid.field("last", "is not set in any message; set it in the last one")

    async def _import(self, reader: FileReader, sha256: bytes) -> ImportedFile:
        async with opened(self._store, self._engine, self._context, self._plan) as session:
            await self._bring_all(reader, session)
            if self.is_vain:
                raise _Refused
            report = self._book.report(reader)
            return await session.commit_as(
                lambda done: ImportedFile(done.dataset, report, sha256), ImportedFile
            )

    async def _preview(self, reader: FileReader, sha256: bytes) -> ImportedFile:
        await self._bring_all(reader, await previewed(self._store, self._plan))
        return await self._unchanged(reader, sha256)

    async def _unchanged(self, reader: FileReader, sha256: bytes) -> ImportedFile:
        plan = self._plan
        view = await self._store.read(lambda q: require(q, plan.project, plan.dataset_id))
        return ImportedFile(view, self._book.report(reader), sha256)

    async def _bring_all(self, reader: FileReader, sink: ImportSession | ImportPreview) -> None:
        """Bring all rows, the next ones being read while some are written.

        Once it is sure that nothing will come of it, the rest is looked at for the report only.
        """
        batches = RowBatches(reader, self._first.file_name)
        reading = asyncio.create_task(asyncio.to_thread(batches.read))
        try:
            while (batch := await reading) is not None:
                reading = asyncio.create_task(asyncio.to_thread(batches.read))
                brought = await sink.bring(batch.drafts)
                self._book.add(batch, brought.tally, brought.refused)
                if isinstance(sink, ImportSession) and self.is_vain:
                    sink = ImportPreview(self._store, self._plan, sink.ticket)
        finally:
            # A thread cannot be cancelled, and reads from a file that is about to be closed.
            await asyncio.wait([reading])


def _plan(first: rpc.ImportFileRequest, options: ReadOptions) -> ImportPlan:
    project, dataset = parse_dataset("parent", first.parent)
    check_options("options", options)
    problems = check_text("file_name", first.file_name, _LONGEST_NAME)
    if problems:
        raise Invalid(problems)
    check_note(first.message)
    return ImportPlan(
        project,
        dataset,
        read_mode("options.mode", first.options.mode),
        first.expected_version if first.HasField("expected_version") else None,
        first.message,
        # Refused rows are gathered for the report, whatever becomes of the others.
        partial=True,
    )


def _context(context: Any, first: rpc.ImportFileRequest) -> CommandContext:
    """Recognise an import by what its first message says apart from the file."""
    named = rpc.ImportFileRequest()
    named.CopyFrom(first)
    named.ClearField("data")
    named.ClearField("last")
    return command(context, "ImportFile", named)
