"""The fields of items as JSON, from the command line or a file, for the client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from trialbook.client import Json

PAYLOADS = ("input", "expected", "expected_trajectory", "context", "metadata", "start_options")
"""Fields that hold JSON of the user's, which is kept byte for byte."""
IDENTITIES = frozenset({"id", "external_id"})
TEXTS = ("id", "external_id", "split", "unmocked_tools")
STRUCTURED = ("tags", "tool_mocks", "scorers", "source")
FIELDS = (*PAYLOADS, *TEXTS, *STRUCTURED)
CLEARABLE = tuple(name for name in FIELDS if name not in {*IDENTITIES, "input"})


def client_value(name: str, raw: bytes) -> Any:
    """Return the JSON of a field in the form in which the client takes it."""
    if name in PAYLOADS:
        return Json(raw.decode())
    value = msgspec.json.decode(raw)
    if name == "tool_mocks" and isinstance(value, list):
        return [_tool_mock(member) for member in msgspec.json.decode(raw, type=list[msgspec.Raw])]
    if name in IDENTITIES and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


def with_member(text: str | None, path: list[str | int], value: str) -> str:
    """Return JSON text with the value at a path replaced; all else stays byte for byte.

    Objects that are missing on the way are made. Raises ValueError, in words, where the path leads
    into something that has no such member.
    """
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        return _with_element(text, step, rest, value)
    members = _decoded(text or "{}", dict[str, msgspec.Raw], f"there is no object to hold {step!r}")
    old = members.get(step)
    inner = with_member(None if old is None else bytes(old).decode(), rest, value)
    members[step] = msgspec.Raw(inner.encode())
    return msgspec.json.encode(members).decode()


def _with_element(text: str | None, index: int, rest: list[str | int], value: str) -> str:
    elements = _decoded(text or "[]", list[msgspec.Raw], f"there is no list to hold [{index}]")
    if index > len(elements):
        raise ValueError(f"the list has {len(elements)} elements, so [{index}] is not one of them")
    old = bytes(elements[index]).decode() if index < len(elements) else None
    elements[index : index + 1] = [msgspec.Raw(with_member(old, rest, value).encode())]
    return msgspec.json.encode(elements).decode()


def _decoded(text: str, kind: Any, problem: str) -> Any:
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.MsgspecError as error:
        raise ValueError(problem) from error


def _tool_mock(raw: msgspec.Raw) -> Any:
    """A mock whose payloads are kept byte for byte; what is none is for the client to refuse."""
    value = msgspec.json.decode(raw)
    if not isinstance(value, Mapping):
        return value
    members = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    payloads = {
        name: Json(bytes(members[name]).decode())
        for name in ("arguments", "output")
        if name in members
    }
    return {**value, **payloads}
