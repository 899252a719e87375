"""Braintrust's dataset rows, as its API fetches and takes them.

Fields: `id`, `input`, `expected`, `metadata`, `tags`, `origin`, `created`, `project_id`,
`dataset_id`, `span_id`, `root_span_id`, `is_root`, `_xact_id`, `_pagination_key`, `comments`,
`audit_data`, `facets`, `classifications`; in rows that are to be inserted also `_is_merge`,
`_merge_paths`, `_parent_id` and `_object_delete`; in old rows `output` for `expected`.

The id becomes the external id. A row with `_object_delete` is refused. `origin`, `comments`,
`facets`, `classifications`, and fields that are not known, go to the metadata, under `braintrust`.
The others are about Braintrust's own storage; they are left out, and reported.
"""

from __future__ import annotations

from collections.abc import Collection

from trialbook.services.formats.foreign import ForeignFields
from trialbook.services.formats.row import FieldProblem, IgnoredFields, Record, Row

_SIGNS = frozenset({"_xact_id", "root_span_id", "_is_merge", "_object_delete", "_pagination_key"})
_DROPPED = (
    "created",
    "project_id",
    "dataset_id",
    "span_id",
    "root_span_id",
    "is_root",
    "_xact_id",
    "_pagination_key",
    "audit_data",
    "_is_merge",
    "_merge_paths",
    "_parent_id",
)


def recognises(fields: Collection[str]) -> bool:
    """Say whether rows with these fields may be Braintrust's."""
    return "input" in fields and not _SIGNS.isdisjoint(fields)


def read(record: Record, ignored: IgnoredFields) -> Row:
    """Return the item of a row. Raises FieldProblem."""
    fields = ForeignFields.of(record)
    if fields.boolean("_object_delete"):
        raise FieldProblem("_object_delete", "is set: the row deletes an item; leave it out")
    fields.drop(_DROPPED, ignored)
    expected = fields.json("expected")
    return Row(
        record.line,
        fields.required_json("input"),
        expected=fields.json("output") if expected is None else expected,
        tags=fields.texts("tags"),
        external_id=fields.text("id"),
        metadata=fields.metadata("braintrust"),
    )
