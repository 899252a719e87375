"""Phoenix's dataset examples: of its API, of its client, and its CSV download.

Fields: `id` or `node_id`, `input`, `output`, `metadata`, `splits`, `updated_at`, `span_id` or
`spanId`, `annotations`. In CSV: `example_id`, and a column for each member of the three objects:
`input_question`, `output_answer`, `metadata_topic`.

The id becomes the external id, the span the item's source, the first split the split. Further
splits, and fields that are not known, go to the metadata, under `phoenix`. The date is left out,
and reported. Its two OpenAI downloads: see `openai_evals`.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from trialbook.services.formats.foreign import ForeignFields
from trialbook.services.formats.row import FieldProblem, IgnoredFields, Record, Row

_PARTS = ("input", "output", "metadata")
_DROPPED = ("updated_at",)


def recognises(fields: Collection[str]) -> bool:
    """Say whether rows with these fields may be Phoenix's."""
    if "example_id" in fields:
        return any(name.startswith("input_") for name in fields)
    return "input" in fields and "output" in fields


def read(record: Record, ignored: IgnoredFields) -> Row:
    """Return the item of a row. Raises FieldProblem."""
    fields = ForeignFields.of(record)
    example = fields.text("example_id")
    if example:
        _gather(fields)
    node, own = fields.text("node_id"), fields.text("id")
    span = fields.text("span_id") or fields.text("spanId")
    splits = fields.text_or_texts("splits")
    if len(splits) > 1:
        fields.put("splits", splits)
    fields.drop(_DROPPED, ignored)
    return Row(
        record.line,
        fields.required_json("input"),
        expected=_unless_empty(fields.json("output")),
        split=splits[0] if splits else "",
        external_id=example or own or node,
        source_type="trace" if span else "",
        source_reference=span,
        metadata=_unless_empty(fields.metadata("phoenix")),
    )


def _gather(fields: ForeignFields) -> None:
    """Make objects again of the columns of the CSV download."""
    parts: dict[str, dict[str, msgspec.Raw]] = {part: {} for part in _PARTS}
    for name in list(fields.rest()):
        part, _, member = name.partition("_")
        if part in parts and member:
            parts[part][member] = fields.rest().pop(name)
    for part, members in parts.items():
        if members and fields.has(part):
            raise FieldProblem(
                part, f"stands beside {part}_{next(iter(members))}; keep one of them"
            )
        if members:
            fields.put(part, members)


def _unless_empty(text: str | None) -> str | None:
    """Phoenix writes an empty object where an example has no output, or no metadata."""
    return None if text == "{}" else text
