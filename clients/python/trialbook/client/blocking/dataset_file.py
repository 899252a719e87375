"""Import and export of files, as methods of `Client.datasets`."""

from __future__ import annotations

from datetime import datetime

from trialbook.client.blocking.transport import BlockingTransport
from trialbook.client.errors import Internal
from trialbook.client.models.dataset_file import (
    ExportedFile,
    FileFormat,
    ImportedFile,
    ImportOptions,
)
from trialbook.client.models.item_selection import ItemSelection
from trialbook.client.names import Reference
from trialbook.client.requests import dataset_file as requests
from trialbook.client.requests.file import File, written
from trialbook.v1.dataset_service_pb2 import ExportItemsResponse, ImportFileResponse

DEFAULT_OPTIONS = ImportOptions()


class FileCalls:
    """What takes the items of a dataset from files, and writes them into files."""

    _transport: BlockingTransport
    _project: str

    def import_file(
        self,
        dataset: Reference,
        file: File,
        *,
        options: ImportOptions = DEFAULT_OPTIONS,
        file_name: str | None = None,
        expected_version: int | None = None,
        message: str = "",
        request_id: str | None = None,
        progress: requests.Progress | None = None,
    ) -> ImportedFile:
        """Add the items of a CSV, JSON lines, JSON or Parquet file as one version, all or none.

        Rows that the dataset has already change nothing. `RowsRefused` has the report if rows were
        refused. `progress` is called with the report so far, at least once a second while the
        server works. Not made again by itself when the connection breaks: then nothing is stored.
        """
        messages = requests.import_messages(
            self._project,
            dataset,
            file,
            options=options,
            file_name=file_name,
            expected_version=expected_version,
            note=message,
            request_id=request_id,
        )
        answers = self._transport.exchange(requests.IMPORT_METHOD, messages, ImportFileResponse)
        return requests.read_answers(answers, progress)

    def export_file(
        self,
        dataset: Reference,
        file: File,
        format: FileFormat | str = FileFormat.JSONL,  # noqa: A002 - the contract's word
        *,
        version: int | None = None,
        label: str | None = None,
        as_of: datetime | None = None,
        selection: ItemSelection | None = None,
    ) -> ExportedFile:
        """Write the items of a version, or a selection of them, as "jsonl", "csv" or "parquet".

        A path gets the whole file or is left as it was; an open file gets the bytes as they come.
        Their SHA-256 is checked. Imported into an empty dataset and exported again, the file is
        the same byte for byte.
        """
        request = requests.export_request(
            self._project,
            dataset,
            format,
            version=version,
            label=label,
            as_of=as_of,
            selection=selection,
        )
        answers = self._transport.stream(requests.EXPORT_METHOD, request, ExportItemsResponse)
        with written(file) as stream:
            download = requests.Download(stream)
            for answer in answers:
                done = download.take(answer)
                if done is not None:
                    return done
            raise Internal("the export ended before the file did; call again")
