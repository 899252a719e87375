"""What few items have, as one JSON object beside the fields that most have."""

from __future__ import annotations

from typing import Any

import msgspec

from trialbook.services.application.scorer import ScorerDraft
from trialbook.services.domain.experiment import ScorerScope, ScorerSpec

DENY = "deny"
"""The policy that lets tool calls fail which no mock answers; empty is the other one."""

_WHITE_SPACE = " \t\r\n"


class ToolMock(msgspec.Struct, frozen=True, gc=False):
    """What a tool is to answer. `arguments` and `output` are JSON texts; None where absent."""

    tool: str
    output: str | None
    arguments: str | None = None


class ItemExtras(msgspec.Struct, frozen=True):
    """What few items have, as a caller sends it: JSON texts, None or empty where absent."""

    expected_trajectory: str | None = None
    start_options: str | None = None
    tool_mocks: tuple[ToolMock, ...] = ()
    unmocked_tools: str = ""
    scorers: tuple[ScorerDraft, ...] = ()
    source_reference: str = ""


NO_EXTRAS = ItemExtras()
_ABSENT = msgspec.Raw(b"")


class StoredToolMock(msgspec.Struct, frozen=True, omit_defaults=True):
    """A tool mock as it lies in an event."""

    tool: str
    arguments: msgspec.Raw = _ABSENT
    output: msgspec.Raw = _ABSENT


class StoredExtras(msgspec.Struct, frozen=True, omit_defaults=True):
    """The extras of an item as they lie in an event, scorers pinned to their versions.

    JSON is kept byte for byte, but for white space around a value.
    """

    expected_trajectory: msgspec.Raw = _ABSENT
    start_options: msgspec.Raw = _ABSENT
    tool_mocks: tuple[StoredToolMock, ...] = ()
    unmocked_tools: str = ""
    scorers: tuple[ScorerSpec, ...] = ()
    source_reference: str = ""


_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(StoredExtras)
_NOTHING = StoredExtras()


def write_extras(extras: ItemExtras, scorers: tuple[ScorerSpec, ...]) -> str | None:
    """Return checked extras as one JSON text; None if there are none."""
    if extras is NO_EXTRAS:
        return None
    mocks = tuple(
        StoredToolMock(mock.tool, _raw(mock.arguments), _raw(mock.output))
        for mock in extras.tool_mocks
    )
    return encode_extras(
        StoredExtras(
            _raw(extras.expected_trajectory),
            _raw(extras.start_options),
            mocks,
            extras.unmocked_tools,
            scorers,
            extras.source_reference,
        )
    )


def encode_extras(stored: StoredExtras) -> str | None:
    """Return stored extras as a JSON text; None if there are none."""
    text = _encode(stored).decode()
    return None if text == "{}" else text


def read_extras(text: str | None) -> StoredExtras:
    """Return what a JSON text of `write_extras` says."""
    return _NOTHING if text is None else _decoder.decode(text)


class _OnlyScorers(msgspec.Struct, frozen=True):
    scorers: tuple[ScorerSpec, ...] = ()


_scorer_decoder = msgspec.json.Decoder(_OnlyScorers)


def scorers_of(text: str | None) -> tuple[ScorerSpec, ...]:
    """Return the scorers that an item has of its own, from its extras."""
    if text is None or '"scorers"' not in text:
        return ()
    return _scorer_decoder.decode(text).scorers


def comparable_extras(text: str | None) -> str | None:
    """Return what of the extras belongs to an item's content, as JSON; None if nothing does.

    Where an item comes from does not, nor do the versions to which its scorers are pinned.
    """
    if text is None:
        return None
    stored = read_extras(text)
    content: dict[str, Any] = {
        name: value
        for name in ("expected_trajectory", "start_options", "tool_mocks", "unmocked_tools")
        if (value := getattr(stored, name)) not in (_ABSENT, (), "")
    }
    if stored.scorers:
        content["scorers"] = [
            (spec.scorer, spec.alias, _raw(spec.params or "{}"), *_parts(spec))
            for spec in stored.scorers
        ]
    return _encode(content).decode() if content else None


def _parts(spec: ScorerSpec) -> tuple[str, ...]:
    """Return what a scorer judges, where that is not all of the result."""
    parts = (spec.scope, spec.step_id, spec.output_pointer, spec.expected_pointer)
    return () if parts == (ScorerScope.ITEM, "", "", "") else parts


def json_of(value: msgspec.Raw) -> str | None:
    """Return the JSON text of a stored value; None if it is absent."""
    return bytes(value).decode() or None


def _raw(text: str | None) -> msgspec.Raw:
    return _ABSENT if text is None else msgspec.Raw(text.strip(_WHITE_SPACE).encode())
