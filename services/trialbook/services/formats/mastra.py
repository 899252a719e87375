"""Mastra's dataset snapshots (`formatVersion` 1), and rows with the fields of its item payload.

A snapshot is one JSON document: `formatVersion`, `datasetIdentity`, `configuration`, `items` (each
`itemIdentity`, `createdAt`, `updatedAt`, `payload`), `provenance`, and `digest`, the SHA-256 of the
rest in canonical form, which is checked. A payload has `externalId`, `input`, `groundTruth`,
`expectedTrajectory`, `toolMocks`, `unmockedToolPolicy`, `scorerIds`, `requestContext`, `metadata`
and `source`.

An item without an `externalId` gets its `itemIdentity` as its external id, so that a snapshot that
is imported again finds its items. An empty `scorerIds`, which means no scorers there, a source that
has no counterpart here, and fields that are not known, go to the metadata, under `mastra`. The
configuration, the dates and the arguments of mocks that ignore them are left out, and reported.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from trialbook.services.formats.foreign import ForeignFields
from trialbook.services.formats.mastra_digest import digest_of
from trialbook.services.formats.row import (
    FieldProblem,
    IgnoredFields,
    MockRow,
    Record,
    Row,
    ScorerRow,
    Unreadable,
    problem_of,
)

_SOURCES = {
    "csv": "csv",
    "json": "json",
    "trace": "trace",
    "llm": "generated",
    "experiment-result": "result",
}
_HEAD = ("formatVersion", "datasetIdentity", "items")
_DATES = ("createdAt", "updatedAt")


class _Item(msgspec.Struct):
    itemIdentity: str  # noqa: N815 — their spelling
    payload: msgspec.Raw
    createdAt: str = ""  # noqa: N815
    updatedAt: str = ""  # noqa: N815


def is_snapshot(document: Collection[str]) -> bool:
    """Say whether a JSON document is a snapshot."""
    return all(name in document for name in _HEAD)


def snapshot_rows(
    data: bytes, document: Mapping[str, msgspec.Raw], ignored: IgnoredFields
) -> list[msgspec.Raw]:
    """Return the payloads of a snapshot's items, each with its `itemIdentity`.

    Raises Unreadable for another format version, or if the digest is not that of the content.
    """
    version = bytes(document["formatVersion"])
    if version != b"1":
        raise Unreadable(f"is a Mastra snapshot of formatVersion {version.decode()}, and not of 1")
    if "digest" in document and bytes(document["digest"]).decode() != f'"{digest_of(data)}"':
        raise Unreadable("is a Mastra snapshot whose digest does not fit its content; export again")
    _note_configuration(document, ignored)
    try:
        items = msgspec.json.decode(document["items"], type=list[_Item])
        return [_payload(item) for item in items]
    except (ValueError, RecursionError) as error:
        problem = problem_of(error)
        raise Unreadable(f"items{problem.path} {problem.message}") from error


def _note_configuration(document: Mapping[str, msgspec.Raw], ignored: IgnoredFields) -> None:
    if "configuration" in document:
        for name in msgspec.json.decode(document["configuration"], type=dict[str, msgspec.Raw]):
            ignored.add(f"configuration.{name}")
    for name in ("datasetIdentity", "provenance"):
        if name in document:
            ignored.add(name)


def _payload(item: _Item) -> msgspec.Raw:
    fields: dict[str, Any] = msgspec.json.decode(item.payload, type=dict[str, msgspec.Raw])
    own = {"itemIdentity": item.itemIdentity, "createdAt": item.createdAt}
    return msgspec.Raw(msgspec.json.encode(fields | own | {"updatedAt": item.updatedAt}))


def recognises(fields: Collection[str]) -> bool:
    """Say whether rows with these fields may be Mastra's."""
    return "input" in fields and ("groundTruth" in fields or "itemIdentity" in fields)


def read(record: Record, ignored: IgnoredFields) -> Row:
    """Return the item of a payload. Raises FieldProblem."""
    fields = ForeignFields.of(record)
    identity, external = fields.text("itemIdentity"), fields.text("externalId")
    if identity and external:
        fields.put("itemIdentity", identity)
    source_type, reference = _source(fields)
    fields.drop(_DATES, ignored)
    return Row(
        record.line,
        fields.required_json("input"),
        expected=fields.json("groundTruth"),
        expected_trajectory=fields.json("expectedTrajectory"),
        context=fields.json("requestContext"),
        tool_mocks=tuple(_mock(mock, ignored) for mock in fields.objects("toolMocks")),
        unmocked_tools=_policy(fields),
        scorers=_scorers(fields),
        external_id=external or identity,
        source_type=source_type,
        source_reference=reference,
        metadata=fields.metadata("mastra"),
    )


def _source(fields: ForeignFields) -> tuple[str, str]:
    source = fields.object("source")
    if source is None:
        return "", ""
    kind, reference = source.text("type"), source.text("referenceId")
    if kind not in _SOURCES:
        fields.put("source", {"type": kind, "referenceId": reference})
        return "", ""
    return _SOURCES[kind], reference


def _mock(mock: ForeignFields, ignored: IgnoredFields) -> MockRow:
    tool, arguments = mock.text("toolName"), mock.json("args")
    if mock.text("matchArgs") == "ignore":
        if arguments not in (None, "{}"):
            ignored.add("toolMocks.args")
        arguments = None
    output = mock.json("output") or "null"
    for name in mock.rest():
        ignored.add(f"toolMocks.{name}")
    return MockRow(tool, arguments, output)


def _policy(fields: ForeignFields) -> str:
    policy = fields.text("unmockedToolPolicy")
    if policy not in {"", "allow", "deny"}:
        raise FieldProblem("unmockedToolPolicy", f"is {policy[:80]!r}; it must be allow or deny")
    return policy


def _scorers(fields: ForeignFields) -> tuple[ScorerRow, ...]:
    given = fields.has("scorerIds")
    scorers = tuple(ScorerRow(name) for name in fields.texts("scorerIds"))
    if given and not scorers:
        fields.put("scorerIds", [])
    return scorers
