"""Imports of files: rows become items, in batches, and a report of what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

import msgspec

from trialbook.services.application.item import MAX_ITEMS_PER_CALL, ItemDraft
from trialbook.services.application.item_extras import NO_EXTRAS, ItemExtras, ToolMock
from trialbook.services.application.item_identity import Decision, Fate, GivenItem, Known
from trialbook.services.application.item_state import KnownItem
from trialbook.services.application.item_write import Tally
from trialbook.services.application.scorer import ScorerDraft
from trialbook.services.application.views import DatasetView
from trialbook.services.domain.errors import Invalid, Violation
from trialbook.services.domain.experiment import ScorerScope
from trialbook.services.formats.columns import check_mappings
from trialbook.services.formats.file_format import FormatName
from trialbook.services.formats.layouts import LayoutName
from trialbook.services.formats.reading import FileReader, ReadOptions
from trialbook.services.formats.row import BadRow, FieldProblem, Row, ScorerRow, Unreadable

MOST_REFUSED = 1_000
"""Refused rows that a report has in full."""

_BATCH_CHARACTERS = 4 * 1024 * 1024
_MOST_NAMED = 100
_ALLOW, _MANUAL = "allow", "manual"
_NOTHING = Tally()
_OWN_NAMES = {"item_id": "id"}


class RefusedRow(msgspec.Struct, frozen=True):
    """A row that is not imported: its line, its field, and what is wrong."""

    line: int
    path: str
    message: str


class FileReport(msgspec.Struct, frozen=True):
    """What became of the rows of a file."""

    row_count: int
    tally: Tally
    refused_count: int
    refused: tuple[RefusedRow, ...]
    ignored_fields: tuple[str, ...]
    format: FormatName
    layout: LayoutName


class ImportedFile(msgspec.Struct, frozen=True):
    """The dataset after the import of a file, what that did, and the file's SHA-256."""

    dataset: DatasetView
    report: FileReport
    sha256: bytes


@dataclass(frozen=True, slots=True)
class RowBatch:
    """Some rows of a file: items, with the line of each, and rows that are none."""

    drafts: list[ItemDraft]
    lines: list[int]
    bad_rows: list[BadRow]


@dataclass(slots=True)
class ReportBook:
    """Adds up what becomes of rows."""

    row_count: int = 0
    tally: Tally = _NOTHING
    refused_count: int = 0
    _refused: list[RefusedRow] = field(default_factory=list)

    def add(self, batch: RowBatch, tally: Tally, problems: Mapping[int, list[Violation]]) -> None:
        """Count a batch: what became of its items, and what is wrong with some, by place."""
        self.row_count += len(batch.drafts) + len(batch.bad_rows)
        self.tally += tally
        self.refused_count += len(batch.bad_rows) + len(problems)
        room = MOST_REFUSED - len(self._refused)
        if room > 0 and (batch.bad_rows or problems):
            found = [RefusedRow(*row) for row in batch.bad_rows]
            for place, violations in problems.items():
                found += _refused_rows(batch.lines[place], violations)
            self._refused += sorted(found, key=lambda row: row.line)[:room]

    def report(self, reader: FileReader) -> FileReport:
        """Return how things stand."""
        return FileReport(
            self.row_count,
            self.tally,
            self.refused_count,
            tuple(self._refused),
            reader.ignored_fields,
            reader.format,
            reader.layout,
        )


def _refused_rows(line: int, violations: Iterable[Violation]) -> Iterator[RefusedRow]:
    """Name the fields as the row does, instead of as the request would."""
    for violation in violations:
        path = violation.path.partition(".")[2]
        if violation.reason != "SCHEMA_VIOLATED":
            path = path.removesuffix(".json")
        yield RefusedRow(line, _OWN_NAMES.get(path, path), violation.message)


def check_options(path: str, options: ReadOptions) -> None:
    """Refuse options that cannot be, named below `path`. Raises Invalid."""
    try:
        check_mappings(options.mappings)
    except FieldProblem as problem:
        raise Invalid.field(f"{path}.{problem.path}", problem.message) from problem
    if options.mappings and options.layout not in (None, "columns"):
        raise Invalid.field(
            f"{path}.columns", f"is for the layout of columns, and not for {options.layout}"
        )
    delimiter = options.delimiter
    if delimiter and (len(delimiter) > 1 or delimiter in '"\r\n\0 '):
        raise Invalid.field(f"{path}.delimiter", "must be one character, and no quote or space")


def open_file(stream: BinaryIO, options: ReadOptions) -> FileReader:
    """Open a file. Blocks. Raises Invalid if it cannot be read."""
    try:
        return FileReader(stream, options)
    except Unreadable as error:
        raise unreadable(error) from error


def unreadable(error: Unreadable) -> Invalid:
    """Return what a caller is told of a file that cannot be read."""
    path = f"line[{error.line}]" if error.line else "data"
    return Invalid.field(path, error.message)


def rows_refused(report: FileReport) -> Invalid:
    """Return what a caller is told when rows are refused, and so the whole file is."""
    violations = [
        Violation(f"line[{row.line}]" + (f".{row.path}" if row.path else ""), row.message)
        for row in report.refused[:_MOST_NAMED]
    ]
    return Invalid(
        violations, reason="ROWS_REFUSED", metadata={"refused_count": str(report.refused_count)}
    )


class RowBatches:
    """Reads a file's rows in batches of at most 1,000, fewer if they are large."""

    def __init__(self, reader: FileReader, file_name: str) -> None:
        self._rows = reader.rows()
        self._to_draft = DraftMaker(reader.format, file_name)

    def read(self) -> RowBatch | None:
        """Return the next batch, None at the end. Blocks. Raises Invalid."""
        batch = RowBatch([], [], [])
        try:
            self._fill(batch)
        except Unreadable as error:
            raise unreadable(error) from error
        return batch if batch.drafts or batch.bad_rows else None

    def _fill(self, batch: RowBatch) -> None:
        size = 0
        for count, row in enumerate(self._rows, 1):
            if isinstance(row, BadRow):
                batch.bad_rows.append(row)
            else:
                batch.drafts.append(self._to_draft(row))
                batch.lines.append(row.line)
                size += len(row.input) + len(row.expected or "")
            if count >= MAX_ITEMS_PER_CALL or size >= _BATCH_CHARACTERS:
                return


class DraftMaker:
    """Makes items of rows; rows that do not say where they come from come from the file."""

    def __init__(self, form: FormatName, file_name: str) -> None:
        self._source = form
        self._from_file = ItemExtras(source_reference=file_name) if file_name else NO_EXTRAS

    def __call__(self, row: Row) -> ItemDraft:
        """Return the item of a row."""
        return ItemDraft(
            row.item_id,
            row.input,
            row.expected,
            row.context,
            row.metadata,
            row.tags,
            row.split,
            row.external_id,
            "" if row.source_type == _MANUAL else row.source_type or self._source,
            self._extras(row),
        )

    def _extras(self, row: Row) -> ItemExtras:
        if not _has_extras(row):
            return NO_EXTRAS if row.source_type else self._from_file
        own = row.source_reference if row.source_type else self._from_file.source_reference
        return ItemExtras(
            row.expected_trajectory,
            row.start_options,
            tuple(ToolMock(mock.tool, mock.output, mock.arguments) for mock in row.tool_mocks),
            "" if row.unmocked_tools == _ALLOW else row.unmocked_tools,
            tuple(map(_scorer, row.scorers)),
            own,
        )


def _has_extras(row: Row) -> bool:
    return bool(
        row.source_reference
        or row.tool_mocks
        or row.scorers
        or row.unmocked_tools
        or row.expected_trajectory is not None
        or row.start_options is not None
    )


def _scorer(row: ScorerRow) -> ScorerDraft:
    return ScorerDraft(
        row.scorer,
        row.alias,
        row.params or "",
        ScorerScope.STEP if row.step_id else ScorerScope.ITEM,
        row.step_id,
        row.output_pointer,
        row.expected_pointer,
    )


class Preview:
    """What an import would have brought so far: storage does not know it."""

    def __init__(self, version: int) -> None:
        self._version = version
        self.known = Known()

    def remember(self, given: Sequence[GivenItem], decisions: Sequence[Decision]) -> None:
        """Take items as if they had been written."""
        for item, decision in zip(given, decisions, strict=True):
            if decision.fate in (Fate.ADDED, Fate.CHANGED, Fate.RESTORED) and any(item[:2]):
                self._take(item, decision.known)

    def _take(self, item: GivenItem, known: KnownItem | None) -> None:
        digest = item.content.digest
        taken = KnownItem(
            known.item_id if known else item.item_id,
            known.ordinal if known else -len(self.known.by_item_id) - 1,
            known.external_id if known else item.external_id,
            self._version,
            digest,
            known.first_digest if known else digest,
            purged=False,
        )
        if taken.item_id:
            self.known.by_item_id[taken.item_id] = taken
        if taken.external_id:
            self.known.by_external_id[taken.external_id] = taken
