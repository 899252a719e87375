"""Datasets, their items and versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from trialbook.client import names
from trialbook.client.errors import invalid_field
from trialbook.client.models.codec import json_of, time_of
from trialbook.client.payload import MISSING, decode, encode_field
from trialbook.v1 import dataset_pb2, dataset_service_pb2
from trialbook.v1.payload_pb2 import Payload


@dataclass(frozen=True, slots=True)
class Dataset:
    """A versioned collection of test cases."""

    name: str
    uid: str
    display_name: str
    description: str
    metadata_json: str | None
    version: int
    item_count: int
    etag: str
    create_time: datetime
    update_time: datetime

    @property
    def id(self) -> str:
        """The last part of the name."""
        return names.last_part(self.name)

    @property
    def metadata(self) -> dict[str, Any]:
        """The caller's own object; empty if it is not set."""
        return decode(self.metadata_json) if self.metadata_json else {}

    @classmethod
    def from_message(cls, message: dataset_pb2.Dataset) -> Dataset:
        """Read it from the contract's message."""
        return cls(
            name=message.name,
            uid=message.uid,
            display_name=message.display_name,
            description=message.description,
            metadata_json=json_of(message.metadata),
            version=message.version,
            item_count=message.item_count,
            etag=message.etag,
            create_time=time_of(message.create_time),
            update_time=time_of(message.update_time),
        )


@dataclass(frozen=True, slots=True)
class Item:
    """A test case to add. Values are anything that has a JSON form, or `Json` text.

    `expected=None` is JSON's null, a value to compare with; leave it out if there is none.
    `id` is assigned by the server if it is left out.
    """

    input: object
    expected: object = MISSING
    id: str | None = None
    context: object = None
    metadata: object = None
    tags: tuple[str, ...] = ()
    split: str | None = None

    def to_message(self, path: str = "item") -> dataset_pb2.Item:
        """Write it as the contract's message; `path` names it in errors."""
        message = dataset_pb2.Item(
            item_id=self.id or "", tags=self.tags, split=self.split or "", input=Payload()
        )
        message.input.json = encode_field(self.input, f"{path}.input")
        if self.expected is not MISSING:
            message.expected.json = encode_field(self.expected, f"{path}.expected")
        if self.context is not None:
            message.context.json = encode_field(self.context, f"{path}.context")
        if self.metadata is not None:
            message.metadata.json = encode_field(self.metadata, f"{path}.metadata")
        return message


ITEM_FIELDS: Final = frozenset(field.name for field in fields(Item))


def item_from(value: Item | Mapping[str, object], path: str = "item") -> Item:
    """Return an item given as such, or as a mapping with the same keys.

    Raises `InvalidArgument` if the mapping has no `input`, or a key that items do not have.
    """
    if isinstance(value, Item):
        return value
    if not isinstance(value, Mapping):
        raise invalid_field(path, f"give an Item or a mapping, not {type(value).__name__}")
    given = dict(value)
    if "input" not in given:
        raise invalid_field(f"{path}.input", f"is required; the keys are {sorted(given)}")
    unknown = sorted(given.keys() - ITEM_FIELDS)
    if unknown:
        raise invalid_field(path, f"has unknown keys {unknown}; known are {sorted(ITEM_FIELDS)}")
    tags = given.pop("tags", None) or ()
    if isinstance(tags, str) or not isinstance(tags, list | tuple):
        raise invalid_field(f"{path}.tags", "give a list of strings")
    for key in ("id", "split"):
        if not isinstance(given.get(key), str | None):
            raise invalid_field(f"{path}.{key}", "give a string")
    return Item(tags=tuple(str(tag) for tag in tags), **given)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class DatasetItem:
    """A test case as it is stored, with its JSON texts and, decoded when asked for, its values."""

    name: str
    id: str
    input_json: str
    expected_json: str | None
    context_json: str | None
    metadata_json: str | None
    tags: tuple[str, ...]
    split: str
    ordinal: int
    added_version: int
    create_time: datetime

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
        return None if self.expected_json is None else decode(self.expected_json)

    @property
    def context(self) -> dict[str, Any]:
        """Request context; empty if it is not set."""
        return decode(self.context_json) if self.context_json else {}

    @property
    def metadata(self) -> dict[str, Any]:
        """The caller's own object; empty if it is not set."""
        return decode(self.metadata_json) if self.metadata_json else {}

    @classmethod
    def from_message(cls, message: dataset_pb2.Item) -> DatasetItem:
        """Read it from the contract's message."""
        return cls(
            name=message.name,
            id=message.item_id,
            input_json=message.input.json,
            expected_json=json_of(message.expected),
            context_json=json_of(message.context),
            metadata_json=json_of(message.metadata),
            tags=tuple(message.tags),
            split=message.split,
            ordinal=message.ordinal,
            added_version=message.added_version,
            create_time=time_of(message.create_time),
        )


@dataclass(frozen=True, slots=True)
class DatasetVersion:
    """What a dataset was after one change of its items."""

    name: str
    version: int
    item_count: int
    added_count: int
    author: str
    create_time: datetime

    @classmethod
    def from_message(cls, message: dataset_pb2.DatasetVersion) -> DatasetVersion:
        """Read it from the contract's message."""
        return cls(
            name=message.name,
            version=message.version,
            item_count=message.item_count,
            added_count=message.added_count,
            author=message.author,
            create_time=time_of(message.create_time),
        )


@dataclass(frozen=True, slots=True)
class AddedItems:
    """What adding items did: the dataset after it, and the items' ids in the order given."""

    dataset: Dataset
    item_ids: tuple[str, ...]

    @classmethod
    def from_message(cls, message: dataset_service_pb2.AddItemsResponse) -> AddedItems:
        """Read it from the contract's message."""
        return cls(Dataset.from_message(message.dataset), tuple(message.item_ids))


@dataclass(frozen=True, slots=True)
class ImportedItems:
    """What an import did: the dataset after it, and how many items it added."""

    dataset: Dataset
    added_count: int

    @classmethod
    def from_message(cls, message: dataset_service_pb2.ImportItemsResponse) -> ImportedItems:
        """Read it from the contract's message."""
        return cls(Dataset.from_message(message.dataset), message.added_count)
