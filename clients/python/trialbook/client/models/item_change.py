"""What became of a dataset by a change of its items."""

from __future__ import annotations

from dataclasses import dataclass

from trialbook.client.models.dataset import Dataset
from trialbook.v1 import dataset_service_pb2


@dataclass(frozen=True, slots=True)
class AddedItems:
    """What adding items did: the dataset after it, and the items' ids in the order given.

    `added_count` of them are new; the others were there already, with the same content.
    """

    dataset: Dataset
    item_ids: tuple[str, ...]
    added_count: int

    @classmethod
    def from_message(cls, message: dataset_service_pb2.AddItemsResponse) -> AddedItems:
        """Read it from the contract's message."""
        dataset = Dataset.from_message(message.dataset)
        return cls(dataset, tuple(message.item_ids), message.added_count)


@dataclass(frozen=True, slots=True)
class ImportedItems:
    """What an import did: the dataset after it, and what became of how many items."""

    dataset: Dataset
    added_count: int
    changed_count: int
    unchanged_count: int

    @classmethod
    def from_message(cls, message: dataset_service_pb2.ImportItemsResponse) -> ImportedItems:
        """Read it from the contract's message."""
        return cls(
            Dataset.from_message(message.dataset),
            message.added_count,
            message.changed_count,
            message.unchanged_count,
        )


@dataclass(frozen=True, slots=True)
class UpdatedItems:
    """What an update of items did: the dataset after it, and how many have other content now."""

    dataset: Dataset
    changed_count: int

    @classmethod
    def from_message(cls, message: dataset_service_pb2.UpdateItemsResponse) -> UpdatedItems:
        """Read it from the contract's message."""
        return cls(Dataset.from_message(message.dataset), message.changed_count)


@dataclass(frozen=True, slots=True)
class UpsertedItems:
    """What an upsert did: the dataset after it, the items' ids in the order given, and counts."""

    dataset: Dataset
    item_ids: tuple[str, ...]
    added_count: int
    changed_count: int
    restored_count: int

    @classmethod
    def from_message(cls, message: dataset_service_pb2.UpsertItemsResponse) -> UpsertedItems:
        """Read it from the contract's message."""
        return cls(
            Dataset.from_message(message.dataset),
            tuple(message.item_ids),
            message.added_count,
            message.changed_count,
            message.restored_count,
        )


@dataclass(frozen=True, slots=True)
class RemovedItems:
    """What a removal did: the dataset after it, and how many items are gone by it."""

    dataset: Dataset
    removed_count: int

    @classmethod
    def from_message(
        cls,
        message: dataset_service_pb2.RemoveItemsResponse
        | dataset_service_pb2.RemoveDuplicatesResponse,
    ) -> RemovedItems:
        """Read it from the contract's message."""
        return cls(Dataset.from_message(message.dataset), message.removed_count)


@dataclass(frozen=True, slots=True)
class RestoredItems:
    """What a restore did: the dataset after it, and how many items came back or were set back."""

    dataset: Dataset
    restored_count: int
    changed_count: int

    @classmethod
    def from_message(cls, message: dataset_service_pb2.RestoreItemsResponse) -> RestoredItems:
        """Read it from the contract's message."""
        dataset = Dataset.from_message(message.dataset)
        return cls(dataset, message.restored_count, message.changed_count)


@dataclass(frozen=True, slots=True)
class PurgedItems:
    """What a purge erased: items, the content of so many results, and parts of so many events."""

    dataset: Dataset
    purged_count: int
    result_count: int
    event_count: int

    @classmethod
    def from_message(cls, message: dataset_service_pb2.PurgeItemsResponse) -> PurgedItems:
        """Read it from the contract's message."""
        return cls(
            Dataset.from_message(message.dataset),
            message.purged_count,
            message.result_count,
            message.event_count,
        )
