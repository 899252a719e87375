"""Langfuse's dataset items, as its API returns them and its tables export them.

Fields: `id`, `status`, `input`, `expectedOutput`, `metadata`, `sourceTraceId`,
`sourceObservationId`, `datasetId`, `datasetName`, `createdAt`, `updatedAt`, `mediaReferences`,
`htmlSourcePath`.

The id becomes the external id, the trace the item's source. An item whose status is ARCHIVED, which
Langfuse leaves out of its runs, is refused. The observation, and fields that are not known, go to
the metadata, under `langfuse`. The dataset's id and name, the dates, `mediaReferences` (which
repeat what the payloads say) and `htmlSourcePath` are left out, and reported.
"""

from __future__ import annotations

from collections.abc import Collection

from trialbook.services.formats.foreign import ForeignFields
from trialbook.services.formats.row import FieldProblem, IgnoredFields, Record, Row

_SIGNS = frozenset({"expectedOutput", "sourceTraceId", "datasetName"})
_DROPPED = (
    "datasetId",
    "datasetName",
    "createdAt",
    "updatedAt",
    "mediaReferences",
    "htmlSourcePath",
)


def recognises(fields: Collection[str]) -> bool:
    """Say whether rows with these fields may be Langfuse's."""
    return "input" in fields and not _SIGNS.isdisjoint(fields)


def read(record: Record, ignored: IgnoredFields) -> Row:
    """Return the item of a row. Raises FieldProblem."""
    fields = ForeignFields.of(record)
    if fields.text("status") == "ARCHIVED":
        raise FieldProblem("status", "is ARCHIVED; set it to ACTIVE, or import without this row")
    trace = fields.text("sourceTraceId")
    fields.drop(_DROPPED, ignored)
    return Row(
        record.line,
        fields.required_json("input"),
        expected=fields.json("expectedOutput"),
        external_id=fields.text("id"),
        source_type="trace" if trace else "",
        source_reference=trace,
        metadata=fields.metadata("langfuse"),
    )
