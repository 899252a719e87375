"""Items: the test cases of a dataset, as they are given and as they are stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from trialbook.client.errors import invalid_field
from trialbook.client.models.codec import json_of, time_of
from trialbook.client.models.item_fields import (
    FIELD_NAMES,
    LISTS,
    NULLABLE,
    text_field,
    write_field,
)
from trialbook.client.models.item_source import ItemSource
from trialbook.client.models.scorer_spec import Scorer
from trialbook.client.models.tool_mock import (
    UNMOCKED_TOOL_POLICIES,
    ToolMock,
    UnmockedToolPolicy,
)
from trialbook.client.payload import MISSING, decode
from trialbook.v1 import dataset_pb2


@dataclass(frozen=True, slots=True)
class Item:
    """A test case to add. Values are anything that has a JSON form, or `Json` text.

    `expected=None` is JSON's null, a value to compare with; leave it out if there is none.
    `context`, `metadata`, `expected_trajectory` and `start_options` are objects; None: not set.
    `id` is assigned by the server if it is left out; `external_id` is an identity of your own, in
    any form. `scorers` judge this item in place of the dataset's default ones.
    """

    input: object
    expected: object = MISSING
    id: str | None = None
    context: object = None
    metadata: object = None
    tags: tuple[str, ...] = ()
    split: str | None = None
    external_id: str | None = None
    expected_trajectory: object = None
    start_options: object = None
    tool_mocks: tuple[ToolMock, ...] = ()
    unmocked_tools: UnmockedToolPolicy | None = None
    scorers: tuple[Scorer | str, ...] = ()
    source: ItemSource | None = None

    def to_message(self, path: str = "item") -> dataset_pb2.Item:
        """Write it as the contract's message; `path` names it in errors."""
        message = dataset_pb2.Item(
            item_id=text_field(self.id, f"{path}.id"),
            external_id=text_field(self.external_id, f"{path}.external_id"),
        )
        for name in FIELD_NAMES:
            value = getattr(self, name)
            if value is not MISSING and (value is not None or name in NULLABLE):
                write_field(message, name, value, path)
        return message


ITEM_KEYS: Final = frozenset(field.name for field in fields(Item))


def item_from(value: Item | Mapping[str, object], path: str = "item") -> Item:
    """Return an item given as such, or as a mapping with the same keys.

    Raises `InvalidArgument` if the mapping has no `input`, or a key that items do not have.
    """
    if isinstance(value, Item):
        return value
    _check_keys(value, path)
    # The values are checked when they are written into a message.
    given: dict[str, Any] = {
        key: value[key] for key in value if value[key] is not None or key in NULLABLE
    }
    for key in LISTS & given.keys():
        if isinstance(given[key], list):
            given[key] = tuple(given[key])
    return Item(**given)


def item_message(value: Item | Mapping[str, object], path: str = "item") -> dataset_pb2.Item:
    """Return the contract's message of an item, given as for `item_from`; `path` names it.

    What an import of many items does for each: without making an `Item` of a mapping.
    """
    if isinstance(value, Item):
        return value.to_message(path)
    _check_keys(value, path)
    message = dataset_pb2.Item()
    for name, member in value.items():
        if member is MISSING or (member is None and name not in NULLABLE):
            continue
        if name == "id":
            message.item_id = text_field(member, f"{path}.id")
        elif name == "external_id":
            message.external_id = text_field(member, f"{path}.external_id")
        else:
            write_field(message, name, member, path)
    return message


def _check_keys(value: object, path: str) -> None:
    """Raise `InvalidArgument` unless this is a mapping with `input` and keys that items have."""
    if not isinstance(value, Mapping):
        raise invalid_field(path, f"give an Item or a mapping, not {type(value).__name__}")
    if "input" not in value:
        raise invalid_field(f"{path}.input", f"is required; the keys are {sorted(value)}")
    if not value.keys() <= ITEM_KEYS:
        unknown = sorted(value.keys() - ITEM_KEYS)
        raise invalid_field(path, f"has unknown keys {unknown}; known are {sorted(ITEM_KEYS)}")


@dataclass(frozen=True, slots=True)
class DatasetItem:
    """A test case as it is stored, with its JSON texts and, decoded when asked for, its values.

    `version` is the dataset version that wrote this content, at `update_time`; `added_version` is
    the one that added the item. A purged item has no values any more; its input reads as null.
    """

    name: str
    id: str
    external_id: str
    input_json: str
    expected_json: str | None
    expected_trajectory_json: str | None
    context_json: str | None
    metadata_json: str | None
    tags: tuple[str, ...]
    split: str
    start_options_json: str | None
    tool_mocks: tuple[ToolMock, ...]
    unmocked_tools: UnmockedToolPolicy
    scorers: tuple[Scorer, ...]
    source: ItemSource
    ordinal: int
    added_version: int
    version: int
    create_time: datetime
    update_time: datetime
    purged: bool

    @property
    def input(self) -> Any:
        """What the target is given."""
        return decode(self.input_json)

    @property
    def has_expected(self) -> bool:
        """Whether there is an expected value; it may be null."""
        return self.expected_json is not None

    @property
    def expected(self) -> Any:
        """What the target should answer; None if the item does not say."""
        return _value(self.expected_json)

    @property
    def expected_trajectory(self) -> dict[str, Any]:
        """What the agent should do on the way to its output; empty if it is not set."""
        return _value(self.expected_trajectory_json) or {}

    @property
    def context(self) -> dict[str, Any]:
        """Request context; empty if it is not set."""
        return _value(self.context_json) or {}

    @property
    def metadata(self) -> dict[str, Any]:
        """The caller's own object; empty if it is not set."""
        return _value(self.metadata_json) or {}

    @property
    def start_options(self) -> dict[str, Any]:
        """Options for the target that hold for this item; empty if it is not set."""
        return _value(self.start_options_json) or {}

    @classmethod
    def from_message(cls, message: dataset_pb2.Item) -> DatasetItem:
        """Read it from the contract's message."""
        return cls(
            name=message.name,
            id=message.item_id,
            external_id=message.external_id,
            input_json=json_of(message.input) or "null",
            expected_json=json_of(message.expected),
            expected_trajectory_json=json_of(message.expected_trajectory),
            context_json=json_of(message.context),
            metadata_json=json_of(message.metadata),
            tags=tuple(message.tags),
            split=message.split,
            start_options_json=json_of(message.start_options),
            tool_mocks=tuple(map(ToolMock.from_message, message.tool_mocks)),
            unmocked_tools=UNMOCKED_TOOL_POLICIES.member(message.unmocked_tools),
            scorers=tuple(map(Scorer.from_message, message.scorers)),
            source=ItemSource.from_message(message.source),
            ordinal=message.ordinal,
            added_version=message.added_version,
            version=message.version,
            create_time=time_of(message.create_time),
            update_time=time_of(message.update_time),
            purged=message.purged,
        )


def _value(text: str | None) -> Any:
    return None if text is None else decode(text)
