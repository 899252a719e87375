"""Trialbook's own layout: what an export writes, and what is written by hand.

A row has `input`, and as there is need `expected`, `expected_trajectory`, `context`, `metadata`,
`start_options` (JSON), `id`, `external_id`, `split` (texts), `tags` (a list of texts),
`tool_mocks` (a list of `{"tool", "arguments", "output"}`), `unmocked_tools` ("allow" or "deny"),
`scorers` (a list of `{"scorer", "alias", "params", "step_id", "output_pointer",
"expected_pointer"}`) and `source` (`{"type", "reference"}`). Nothing else is allowed, so that a
misspelt field does not get lost.
In tables a column `input_json` holds the JSON of `input`, and so on; a column `input` holds text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from trialbook.services.formats.row import (
    FieldProblem,
    IgnoredFields,
    MockRow,
    Record,
    Row,
    ScorerRow,
    problem_of,
)

FIELDS = (
    "id",
    "external_id",
    "input",
    "expected",
    "expected_trajectory",
    "context",
    "metadata",
    "tags",
    "split",
    "start_options",
    "tool_mocks",
    "unmocked_tools",
    "scorers",
    "source",
)
TEXT_FIELDS = frozenset({"id", "external_id", "split", "unmocked_tools"})
PAYLOADS = ("input", "expected", "expected_trajectory", "context", "metadata", "start_options")
"""Fields that hold any JSON, or an object."""

_ABSENT = msgspec.Raw()
_UNMOCKED = ("", "allow", "deny")
_UNKNOWN = "Object contains unknown field `"


class _Mock(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    tool: str
    arguments: msgspec.Raw = _ABSENT
    output: msgspec.Raw = _ABSENT


class _Scorer(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    scorer: str
    alias: str = ""
    params: msgspec.Raw = _ABSENT
    step_id: str = ""
    output_pointer: str = ""
    expected_pointer: str = ""


class _Source(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    type: str = ""
    reference: str = ""


class _Fields(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    input: msgspec.Raw = _ABSENT
    id: str | int | None = None
    expected: msgspec.Raw = _ABSENT
    context: msgspec.Raw = _ABSENT
    metadata: msgspec.Raw = _ABSENT
    tags: tuple[str, ...] | None = None
    split: str | None = None
    external_id: str | int | None = None
    expected_trajectory: msgspec.Raw = _ABSENT
    start_options: msgspec.Raw = _ABSENT
    tool_mocks: tuple[_Mock, ...] | None = None
    unmocked_tools: str | None = None
    scorers: tuple[_Scorer, ...] | None = None
    source: _Source | None = None


_decoder = msgspec.json.Decoder(_Fields)


def recognises(fields: Collection[str]) -> bool:
    """Say whether rows with these fields may be ours."""
    return "input" in fields and all(name in FIELDS for name in fields)


def read(record: Record, _: IgnoredFields) -> Row:
    """Return the item of a row. Raises FieldProblem."""
    try:
        fields = _decoder.decode(record.data)
        return _row(record, fields)
    except (ValueError, RecursionError) as error:
        raise _problem(record, error) from error


def _row(record: Record, fields: _Fields) -> Row:
    given = fields.input
    if not len(given):
        raise _missing_input(msgspec.json.decode(record.data, type=dict[str, msgspec.Raw]))
    if _is_plain(fields):
        return Row(
            record.line,
            bytes(given).decode(),
            _text(fields.expected),
            _object(fields.context),
            _object(fields.metadata),
            fields.tags or (),
            fields.split or "",
            "" if fields.id is None else str(fields.id),
        )
    return _full_row(record, fields)


def _is_plain(fields: _Fields) -> bool:
    """Say whether a row has none of the fields that few rows have."""
    return (
        fields.external_id is None
        and fields.source is None
        and fields.tool_mocks is None
        and fields.scorers is None
        and fields.unmocked_tools is None
        and not len(fields.expected_trajectory)
        and not len(fields.start_options)
    )


def _full_row(record: Record, fields: _Fields) -> Row:
    source = fields.source or _Source()
    unmocked = fields.unmocked_tools or ""
    if unmocked not in _UNMOCKED:
        raise FieldProblem("unmocked_tools", f"is {unmocked!r}; it must be allow or deny")
    return Row(
        record.line,
        bytes(fields.input).decode(),
        _text(fields.expected),
        _object(fields.context),
        _object(fields.metadata),
        fields.tags or (),
        fields.split or "",
        "" if fields.id is None else str(fields.id),
        external_id="" if fields.external_id is None else str(fields.external_id),
        expected_trajectory=_object(fields.expected_trajectory),
        start_options=_object(fields.start_options),
        tool_mocks=tuple(
            MockRow(mock.tool, _text(mock.arguments), _text(mock.output))
            for mock in fields.tool_mocks or ()
        ),
        unmocked_tools=unmocked,
        scorers=tuple(
            ScorerRow(
                scorer.scorer,
                scorer.alias,
                _object(scorer.params),
                scorer.step_id,
                scorer.output_pointer,
                scorer.expected_pointer,
            )
            for scorer in fields.scorers or ()
        ),
        source_type=source.type,
        source_reference=source.reference,
    )


def _text(raw: msgspec.Raw) -> str | None:
    """Return a payload; JSON null is a value."""
    return bytes(raw).decode() if len(raw) else None


def _object(raw: msgspec.Raw) -> str | None:
    """Return an object; JSON null is none."""
    if not len(raw):
        return None
    text = bytes(raw).decode()
    return None if text == "null" else text


def _missing_input(names: Iterable[str]) -> FieldProblem:
    return FieldProblem("input", f"is missing; the row has: {', '.join(names) or 'nothing'}")


def _problem(record: Record, error: Exception) -> FieldProblem:
    text = str(error)
    if not text.startswith(_UNKNOWN) or " - at " in text:
        return problem_of(error)
    names = msgspec.json.decode(record.data, type=dict[str, msgspec.Raw])
    if "input" not in names:
        return _missing_input(names)
    name = text.removeprefix(_UNKNOWN)[:-1]
    return FieldProblem(
        name, f"is no field of an item; an item has {', '.join(FIELDS)}; put it into metadata"
    )
