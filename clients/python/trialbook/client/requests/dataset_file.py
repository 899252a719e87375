"""The calls of DatasetService that take and give files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path, PurePath
from typing import BinaryIO, NoReturn, TypeAlias

from trialbook.client.errors import Internal, TrialbookError
from trialbook.client.models.dataset_file import (
    FILE_FORMATS,
    ExportedFile,
    FileFormat,
    ImportedFile,
    ImportOptions,
    ImportReport,
    RowsRefused,
)
from trialbook.client.models.item_selection import ItemSelection
from trialbook.client.names import Reference, new_request_id, resource_name
from trialbook.client.requests.file import File
from trialbook.client.requests.item_read import timestamp_of
from trialbook.v1 import dataset_service_pb2 as service

IMPORT_METHOD = "DatasetService/ImportFile"
EXPORT_METHOD = "DatasetService/ExportItems"
PIECE_BYTES = 1024 * 1024
ROWS_REFUSED = "ROWS_REFUSED"

Progress: TypeAlias = Callable[[ImportReport], object]


def import_messages(
    project: str,
    dataset: Reference,
    file: File,
    *,
    options: ImportOptions,
    file_name: str | None,
    expected_version: int | None,
    note: str,
    request_id: str | None,
) -> Iterator[service.ImportFileRequest]:
    """Yield the messages of an import, each with a piece of the file; the last one says so."""
    request = service.ImportFileRequest(
        parent=resource_name(project, "datasets", dataset),
        options=options.to_message(),
        file_name=_name_of(file) if file_name is None else file_name,
        expected_version=expected_version,
        message=note,
        request_id=request_id or new_request_id(),
    )
    with _opened(file) as stream:
        piece = stream.read(PIECE_BYTES)
        while piece:
            request.data = piece
            piece = stream.read(PIECE_BYTES)
            if piece:
                yield request
                request = service.ImportFileRequest()
    request.last = True
    yield request


def read_answers(
    answers: Iterable[service.ImportFileResponse], progress: Progress | None
) -> ImportedFile:
    """Return what the last answer says, and tell the progress that the others do."""
    report = ImportReport()
    try:
        for answer in answers:
            report = ImportReport.from_message(answer.report)
            if progress is not None:
                progress(report)
            if answer.HasField("dataset"):
                return ImportedFile.from_message(answer)
    except TrialbookError as error:
        _raise_with_report(error, report)
    raise Internal("the import ended without a report; look at the dataset before trying again")


def _raise_with_report(error: TrialbookError, report: ImportReport) -> NoReturn:
    if error.reason == ROWS_REFUSED:
        raise RowsRefused(error, report) from None
    raise error


def export_request(
    project: str,
    dataset: Reference,
    form: FileFormat | str,
    *,
    version: int | None,
    label: str | None,
    as_of: datetime | None,
    selection: ItemSelection | None,
) -> service.ExportItemsRequest:
    """Ask for the items of a version as a file."""
    return service.ExportItemsRequest(
        parent=resource_name(project, "datasets", dataset),
        version=version or 0,
        label=label or "",
        as_of=timestamp_of(as_of),
        selection=None if selection is None else selection.to_message(),
        format=FILE_FORMATS.wire_name(FileFormat(form)),
    )


class Download:
    """Writes what comes of an exported file, and checks that it came whole."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()
        self._version = 0

    def take(self, answer: service.ExportItemsResponse) -> ExportedFile | None:
        """Write the bytes of an answer; return what was written if it is the last one."""
        self._version = answer.version or self._version
        self._digest.update(answer.data)
        self._stream.write(answer.data)
        if not answer.sha256:
            return None
        if answer.sha256 != self._digest.digest():
            raise Internal("the file that came is not the one that was sent; export it again")
        return ExportedFile(self._version, answer.item_count, answer.sha256.hex())


@contextmanager
def _opened(file: File) -> Iterator[BinaryIO]:
    if not isinstance(file, str | os.PathLike):
        yield file
        return
    with Path(file).open("rb") as stream:
        yield stream


def _name_of(file: File) -> str:
    """Return the last part of a file's name; empty for a stream without one."""
    name = file if isinstance(file, str | os.PathLike) else getattr(file, "name", "")
    return PurePath(name).name[:200] if isinstance(name, str | os.PathLike) else ""
