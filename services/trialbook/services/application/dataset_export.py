"""Exports of files: items of a version as rows of our own layout."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from trialbook.services.application.item_extras import StoredExtras, json_of, read_extras
from trialbook.services.application.views import ItemView
from trialbook.services.domain.errors import Invalid
from trialbook.services.domain.experiment import ScorerSpec
from trialbook.services.formats.file_format import FormatName
from trialbook.services.formats.row import MockRow, Row, ScorerRow, Unreadable
from trialbook.services.formats.writing import FileWriter, open_writer

_MANUAL = "manual"
_EMPTY = StoredExtras()


def open_export(path: str, form: FormatName | None) -> FileWriter:
    """Return what writes a file of a format, given in the field `path`. Raises Invalid."""
    if form is None:
        raise Invalid.field(path, "is required: JSONL, CSV or PARQUET")
    if form == "json":
        raise Invalid.field(path, "is no format of exports; choose JSONL, CSV or PARQUET")
    try:
        return open_writer(form)
    except Unreadable as error:
        raise Invalid.field(path, error.message) from error


def to_rows(items: Iterable[ItemView]) -> Iterator[Row]:
    """Yield the rows of items. Purged ones have nothing to be written."""
    return (_row(item) for item in items if item.purged_at is None)


def _row(item: ItemView) -> Row:
    extras = _EMPTY if item.extras is None else read_extras(item.extras)
    return Row(
        item.ordinal,
        item.input,
        item.expected,
        item.context,
        item.metadata,
        item.tags,
        item.split,
        item.item_id,
        item.external_id,
        json_of(extras.expected_trajectory),
        json_of(extras.start_options),
        tuple(
            MockRow(mock.tool, json_of(mock.arguments), json_of(mock.output))
            for mock in extras.tool_mocks
        ),
        extras.unmocked_tools,
        tuple(map(_scorer, extras.scorers)),
        # Said in any case: an item whose row says nothing comes from the file it is imported from.
        item.source or _MANUAL,
        extras.source_reference,
    )


def _scorer(spec: ScorerSpec) -> ScorerRow:
    alias = "" if spec.alias == spec.scorer else spec.alias
    return ScorerRow(
        spec.scorer,
        alias,
        spec.params or None,
        spec.step_id,
        spec.output_pointer,
        spec.expected_pointer,
    )
