"""Options and reports of imports between the wire and the application."""

from __future__ import annotations

from typing import cast

from trialbook.services.application.dataset_import import FileReport
from trialbook.services.domain.errors import Invalid
from trialbook.services.formats.columns import Mapping
from trialbook.services.formats.file_format import FormatName
from trialbook.services.formats.layouts import LayoutName
from trialbook.services.formats.reading import ReadOptions
from trialbook.v1 import dataset_file_pb2 as pb
from trialbook.v1 import dataset_service_pb2 as rpc

_FORMAT_PREFIX = "FILE_FORMAT_"
_LAYOUT_PREFIX = "FILE_LAYOUT_"


def read_options(path: str, request: rpc.ImportFileRequest) -> ReadOptions:
    """Return how to read a file. Raises Invalid for formats and layouts of other versions."""
    options = request.options
    return ReadOptions(
        read_format(f"{path}.format", options.format),
        _read_layout(f"{path}.layout", options.layout),
        [Mapping(column.column, column.target, column.json) for column in options.columns],
        options.delimiter,
        request.file_name,
    )


def read_format(path: str, number: pb.FileFormat) -> FormatName | None:
    """Return a format; None if it is not specified. Raises Invalid."""
    if not number:
        return None
    if number not in pb.FileFormat.values():
        raise Invalid.field(path, f"{number} is no format of this version")
    name = pb.FileFormat.Name(number).removeprefix(_FORMAT_PREFIX).lower()
    return cast("FormatName", name)


def _read_layout(path: str, number: pb.FileLayout) -> LayoutName | None:
    if not number:
        return None
    if number not in pb.FileLayout.values():
        raise Invalid.field(path, f"{number} is no layout of this version")
    name = pb.FileLayout.Name(number).removeprefix(_LAYOUT_PREFIX).lower()
    return cast("LayoutName", name)


def to_report(report: FileReport | None) -> pb.ImportReport:
    """Return a report for the wire; an empty one while there is none."""
    if report is None:
        return pb.ImportReport()
    return pb.ImportReport(
        row_count=report.row_count,
        added_count=report.tally.added,
        changed_count=report.tally.changed + report.tally.restored,
        unchanged_count=report.tally.unchanged,
        refused_count=report.refused_count,
        refused=[
            pb.RefusedRow(line=row.line, path=row.path, description=row.message)
            for row in report.refused
        ],
        ignored_fields=report.ignored_fields,
        format=_FORMAT_PREFIX + report.format.upper(),
        layout=_LAYOUT_PREFIX + report.layout.upper(),
    )
