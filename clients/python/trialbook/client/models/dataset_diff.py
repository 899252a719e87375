"""What differs between two versions of a dataset, and what happened to an item."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from trialbook.client.models.codec import EnumCodec, json_of, time_of
from trialbook.client.models.item import DatasetItem
from trialbook.client.payload import decode
from trialbook.v1 import dataset_diff_pb2, dataset_service_pb2


class ItemChangeKind(StrEnum):
    """What became of an item. RESTORED is used in the history of an item only."""

    UNSPECIFIED = "unspecified"
    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    RESTORED = "restored"


ITEM_CHANGE_KINDS: Final = EnumCodec(
    ItemChangeKind, dataset_diff_pb2.ItemChangeKind, "ITEM_CHANGE_KIND"
)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One difference, at a path such as `input.messages[2].content`.

    A side that has nothing there has no text, and None for its value.
    """

    path: str
    before_json: str | None
    after_json: str | None

    @property
    def before(self) -> Any:
        """What was there."""
        return None if self.before_json is None else decode(self.before_json)

    @property
    def after(self) -> Any:
        """What is there now."""
        return None if self.after_json is None else decode(self.after_json)

    @classmethod
    def from_message(cls, message: dataset_diff_pb2.FieldChange) -> FieldChange:
        """Read it from the contract's message."""
        return cls(message.path, json_of(message.before), json_of(message.after))


@dataclass(frozen=True, slots=True)
class ItemDifference:
    """One item that differs between two versions: added, changed or removed."""

    item_id: str
    kind: ItemChangeKind
    before: DatasetItem | None
    after: DatasetItem | None
    changes: tuple[FieldChange, ...]

    @classmethod
    def from_message(cls, message: dataset_diff_pb2.ItemDifference) -> ItemDifference:
        """Read it from the contract's message."""
        return cls(
            item_id=message.item_id,
            kind=ITEM_CHANGE_KINDS.member(message.kind),
            before=DatasetItem.from_message(message.before) if message.HasField("before") else None,
            after=DatasetItem.from_message(message.after) if message.HasField("after") else None,
            changes=_changes(message.changes),
        )


@dataclass(frozen=True, slots=True)
class DatasetDiff:
    """What differs between two versions in sum; `differences` of the client gives the items."""

    from_version: int
    to_version: int
    added_count: int
    changed_count: int
    removed_count: int
    settings_changes: tuple[FieldChange, ...]

    @classmethod
    def from_message(cls, message: dataset_service_pb2.DiffVersionsResponse) -> DatasetDiff:
        """Read it from the contract's message."""
        return cls(
            from_version=message.from_version,
            to_version=message.to_version,
            added_count=message.added_count,
            changed_count=message.changed_count,
            removed_count=message.removed_count,
            settings_changes=_changes(message.settings_changes),
        )


@dataclass(frozen=True, slots=True)
class ItemRevision:
    """One step of an item's life: what happened, in which version, and what the item was then."""

    kind: ItemChangeKind
    version: int
    item: DatasetItem
    changes: tuple[FieldChange, ...]
    message: str
    author: str
    create_time: datetime

    @classmethod
    def from_message(cls, message: dataset_diff_pb2.ItemRevision) -> ItemRevision:
        """Read it from the contract's message."""
        return cls(
            kind=ITEM_CHANGE_KINDS.member(message.kind),
            version=message.version,
            item=DatasetItem.from_message(message.item),
            changes=_changes(message.changes),
            message=message.message,
            author=message.author,
            create_time=time_of(message.create_time),
        )


def _changes(messages: Iterable[dataset_diff_pb2.FieldChange]) -> tuple[FieldChange, ...]:
    return tuple(map(FieldChange.from_message, messages))
