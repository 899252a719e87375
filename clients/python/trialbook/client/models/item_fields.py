"""The fields of an item on their way into the contract's message, checked one by one.

Beside models, plain values stand for them, so that rows of files need no classes: a mapping with
`tool`, `output` and perhaps `arguments` is a tool mock, one with `scorer` and perhaps `alias`,
`params`, `scope`, `step_id`, `output_pointer` and `expected_pointer` a scorer, one with `type` and
perhaps `reference` a source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Any, Final, TypeAlias, TypeVar

from trialbook.client.errors import invalid_field
from trialbook.client.models.item_source import ItemSource, ItemSourceType
from trialbook.client.models.scorer_spec import Scorer, ScorerScope
from trialbook.client.models.tool_mock import (
    UNMOCKED_TOOL_POLICIES,
    ToolMock,
    UnmockedToolPolicy,
)
from trialbook.client.payload import MISSING, encode_field
from trialbook.v1 import dataset_pb2

MemberT = TypeVar("MemberT", bound=StrEnum)
Writer: TypeAlias = Callable[[dataset_pb2.Item, str, Any, str], None]
"""Writes the value of a field into a message; the last argument names the field in errors."""


def write_field(message: dataset_pb2.Item, name: str, value: object, path: str) -> None:
    """Set one of `FIELD_NAMES`. Raises `InvalidArgument` that names `path` and the field."""
    _WRITERS[name](message, name, value, path)


def text_field(value: object, path: str) -> str:
    """Return a text; None is the empty one. Raises `InvalidArgument` for anything else."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise invalid_field(path, "give a string")
    return value


def _write_json(message: dataset_pb2.Item, name: str, value: object, path: str) -> None:
    getattr(message, name).json = encode_field(value, f"{path}.{name}")


def _write_text(message: dataset_pb2.Item, name: str, value: object, path: str) -> None:
    setattr(message, name, text_field(value, f"{path}.{name}"))


def _write_tags(message: dataset_pb2.Item, name: str, value: object, path: str) -> None:
    if not isinstance(value, list | tuple) or not all(isinstance(tag, str) for tag in value):
        raise invalid_field(f"{path}.{name}", "give a list of strings")
    message.tags.extend(value)


def _write_tool_mocks(message: dataset_pb2.Item, name: str, value: object, path: str) -> None:
    for member, where in _members(value, f"{path}.{name}"):
        message.tool_mocks.append(_tool_mock(member, where).to_message())


def _write_unmocked_tools(message: dataset_pb2.Item, name: str, value: object, path: str) -> None:
    policy = _member(UnmockedToolPolicy, value, f"{path}.{name}")
    wire_name = UNMOCKED_TOOL_POLICIES.wire_name(policy)
    message.MergeFrom(dataset_pb2.Item(unmocked_tools=wire_name))


def _write_scorers(message: dataset_pb2.Item, name: str, value: object, path: str) -> None:
    for member, where in _members(value, f"{path}.{name}"):
        message.scorers.append(_scorer(member, where).to_message())


def _write_source(message: dataset_pb2.Item, name: str, value: object, path: str) -> None:
    message.source.CopyFrom(_source(value, f"{path}.{name}").to_message())


_WRITERS: Final[Mapping[str, Writer]] = {
    "input": _write_json,
    "expected": _write_json,
    "expected_trajectory": _write_json,
    "context": _write_json,
    "metadata": _write_json,
    "tags": _write_tags,
    "split": _write_text,
    "start_options": _write_json,
    "tool_mocks": _write_tool_mocks,
    "unmocked_tools": _write_unmocked_tools,
    "scorers": _write_scorers,
    "source": _write_source,
}
FIELD_NAMES: Final = tuple(_WRITERS)
"""The fields that a caller sets and may change; the ids are not among them."""
_TEXTS: Final = ("alias", "step_id", "output_pointer", "expected_pointer")
"""The fields of a scorer that are texts."""
LISTS: Final = frozenset({"tags", "tool_mocks", "scorers"})
NULLABLE: Final = frozenset({"input", "expected"})
"""The fields in which None is JSON's null. In the others it says that there is no value."""


def _members(value: object, path: str) -> Iterator[tuple[object, str]]:
    if not isinstance(value, list | tuple):
        raise invalid_field(path, "give a list")
    for index, member in enumerate(value):
        yield member, f"{path}[{index}]"


def _tool_mock(value: object, path: str) -> ToolMock:
    if isinstance(value, ToolMock):
        return value
    given = _mapping(value, path, "tool", ("tool", "arguments", "output"))
    if "output" not in given:
        raise invalid_field(f"{path}.output", "is required")
    arguments = given.get("arguments", MISSING)
    return ToolMock(text_field(given["tool"], f"{path}.tool"), given["output"], arguments=arguments)


def _scorer(value: object, path: str) -> Scorer:
    if isinstance(value, Scorer):
        return value
    if isinstance(value, str):
        return Scorer(value)
    # The version is the service's to say; it stands in what an export wrote.
    given = _mapping(value, path, "scorer", ("scorer", "params", "version", "scope", *_TEXTS))
    params = given.get("params")
    if not isinstance(params, Mapping | None):
        raise invalid_field(f"{path}.params", "give an object")
    scope = given.get("scope")
    texts = {name: text_field(given.get(name), f"{path}.{name}") for name in _TEXTS}
    return Scorer(
        text_field(given["scorer"], f"{path}.scorer"),
        alias=texts["alias"],
        params=params,
        scope=None if scope is None else _member(ScorerScope, scope, f"{path}.scope"),
        step_id=texts["step_id"],
        output_pointer=texts["output_pointer"],
        expected_pointer=texts["expected_pointer"],
    )


def _source(value: object, path: str) -> ItemSource:
    if isinstance(value, ItemSource):
        return value
    given = _mapping(value, path, "type", ("type", "reference"))
    kind = _member(ItemSourceType, given["type"], f"{path}.type")
    return ItemSource(kind, text_field(given.get("reference"), f"{path}.reference"))


def _mapping(value: object, path: str, needed: str, known: tuple[str, ...]) -> Mapping[str, object]:
    """Return a value that must be a mapping with some keys. Raises `InvalidArgument`."""
    if not isinstance(value, Mapping):
        raise invalid_field(path, f"give a mapping with {', '.join(known)}")
    if needed not in value:
        raise invalid_field(f"{path}.{needed}", "is required")
    unknown = sorted(value.keys() - set(known))
    if unknown:
        raise invalid_field(path, f"has unknown keys {unknown}; known are {sorted(known)}")
    return value


def _member(members: type[MemberT], value: object, path: str) -> MemberT:
    for member in members:
        if member == value:
            return member
    raise invalid_field(path, f"is {value!r}; known are {', '.join(members)}")
