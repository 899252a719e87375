"""Samples of OpenAI's evals: of the open framework, and of the hosted service.

The framework's JSON lines have `input` (a text, or chat messages), `ideal` (a text, or a list of
texts that are all right), and further fields that single evals use; Phoenix's download writes
`messages` for `input`. The hosted service's have `item`, an object of the user's own, and as there
is need `sample`, what a model had answered.

`ideal` becomes the expected value as it is. Of a hosted sample, the item is the input; its members
can be told apart with a column mapping, such as `item.question` to `input`. `sample`, and all other
fields, go to the metadata, under `openai_evals`.
"""

from __future__ import annotations

from collections.abc import Collection

from trialbook.services.formats.foreign import ForeignFields
from trialbook.services.formats.row import IgnoredFields, Record, Row

_HOSTED = frozenset({"item", "sample"})


def recognises(fields: Collection[str]) -> bool:
    """Say whether rows with these fields may be samples."""
    if "ideal" in fields:
        return "input" in fields or "messages" in fields
    return "item" in fields and _HOSTED.issuperset(fields)


def read(record: Record, _: IgnoredFields) -> Row:
    """Return the item of a row. Raises FieldProblem."""
    fields = ForeignFields.of(record)
    name = next((name for name in ("input", "messages", "item") if fields.has(name)), "input")
    return Row(
        record.line,
        fields.required_json(name),
        expected=fields.json("ideal"),
        metadata=fields.metadata("openai_evals"),
    )
