"""LangSmith's examples, as its client and its exports write them.

Fields: `id`, `inputs`, `outputs`, `metadata`, `split`, `source_run_id`, `dataset_id`, `name`,
`created_at`, `modified_at`, `attachments`, `runs`. Its API tells the splits as
`metadata.dataset_split`.

The id becomes the external id, the source run the item's source, the first split the split. Further
splits, the name, attachments, and fields that are not known, go to the metadata, under `langsmith`.
The dataset's id, the dates and the runs are left out, and reported.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from trialbook.services.formats.foreign import ForeignFields
from trialbook.services.formats.row import IgnoredFields, Record, Row

_SPLITS = "dataset_split"
_DROPPED = ("dataset_id", "created_at", "modified_at", "runs")


def recognises(fields: Collection[str]) -> bool:
    """Say whether rows with these fields may be LangSmith's."""
    return "inputs" in fields


def read(record: Record, ignored: IgnoredFields) -> Row:
    """Return the item of a row. Raises FieldProblem."""
    fields = ForeignFields.of(record)
    splits = fields.text_or_texts("split") or _splits_in_metadata(fields)
    if len(splits) > 1:
        fields.put("splits", splits)
    run = fields.text("source_run_id")
    fields.drop(_DROPPED, ignored)
    return Row(
        record.line,
        fields.required_json("inputs"),
        expected=fields.json("outputs"),
        split=splits[0] if splits else "",
        external_id=fields.text("id"),
        source_type="trace" if run else "",
        source_reference=run,
        metadata=fields.metadata("langsmith"),
    )


def _splits_in_metadata(fields: ForeignFields) -> tuple[str, ...]:
    if not fields.is_object("metadata"):
        return ()
    whole = fields.json("metadata") or "{}"
    metadata = ForeignFields(whole.encode(), "metadata")
    if not metadata.has(_SPLITS):
        fields.put("metadata", msgspec.Raw(whole.encode()))
        return ()
    splits = metadata.text_or_texts(_SPLITS)
    if metadata.rest():
        fields.put("metadata", metadata.rest())
    return splits
