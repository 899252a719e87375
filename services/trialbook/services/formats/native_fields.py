"""A row as the JSON fields of our own layout, in a fixed order, absent ones left out."""

from __future__ import annotations

from typing import Any

import msgspec

from trialbook.services.formats.row import MockRow, Row, ScorerRow


def native_fields(row: Row) -> dict[str, Any]:
    """Return the fields of a row; payloads are `msgspec.Raw`, and so stay byte for byte."""
    fields: dict[str, Any] = {}
    if row.item_id:
        fields["id"] = row.item_id
    if row.external_id:
        fields["external_id"] = row.external_id
    fields["input"] = msgspec.Raw(row.input.encode())
    _put(fields, "expected", row.expected)
    _put(fields, "expected_trajectory", row.expected_trajectory)
    _put(fields, "context", row.context)
    _put(fields, "metadata", row.metadata)
    if row.tags:
        fields["tags"] = row.tags
    if row.split:
        fields["split"] = row.split
    _put(fields, "start_options", row.start_options)
    if row.tool_mocks:
        fields["tool_mocks"] = [_mock(mock) for mock in row.tool_mocks]
    if row.unmocked_tools:
        fields["unmocked_tools"] = row.unmocked_tools
    if row.scorers:
        fields["scorers"] = [_scorer(scorer) for scorer in row.scorers]
    if row.source_type:
        fields["source"] = {"type": row.source_type}
        if row.source_reference:
            fields["source"]["reference"] = row.source_reference
    return fields


def _put(fields: dict[str, Any], name: str, text: str | None) -> None:
    if text is not None:
        fields[name] = msgspec.Raw(text.encode())


def _mock(mock: MockRow) -> dict[str, Any]:
    fields: dict[str, Any] = {"tool": mock.tool}
    _put(fields, "arguments", mock.arguments)
    _put(fields, "output", mock.output)
    return fields


def _scorer(scorer: ScorerRow) -> dict[str, Any]:
    fields: dict[str, Any] = {"scorer": scorer.scorer}
    if scorer.alias:
        fields["alias"] = scorer.alias
    _put(fields, "params", scorer.params)
    for name in ("step_id", "output_pointer", "expected_pointer"):
        if value := getattr(scorer, name):
            fields[name] = value
    return fields
