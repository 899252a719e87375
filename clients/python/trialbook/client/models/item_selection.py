"""Some of a version's items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trialbook.client.errors import invalid_field
from trialbook.v1 import experiment_pb2, item_selection_pb2, run_pb2


@dataclass(frozen=True, slots=True)
class ItemSample:
    """A random choice: `count` items, or each with the chance `fraction`. Give one of the two.

    The same seed gives the same choice of the same items, whatever their order.
    """

    count: int | None = None
    fraction: float | None = None
    seed: int = 0

    def to_message(self) -> item_selection_pb2.ItemSample:
        """Write it as the contract's message."""
        if (self.count is None) == (self.fraction is None):
            raise invalid_field("selection.sample", "give either count or fraction")
        if self.count is not None:
            return item_selection_pb2.ItemSample(count=self.count, seed=self.seed)
        return item_selection_pb2.ItemSample(fraction=self.fraction, seed=self.seed)

    @classmethod
    def from_message(cls, message: item_selection_pb2.ItemSample) -> ItemSample:
        """Read it from the contract's message."""
        if message.HasField("count"):
            return cls(count=message.count, seed=message.seed)
        return cls(fraction=message.fraction, seed=message.seed)


@dataclass(frozen=True, slots=True)
class ItemSelection:
    """Some of a version's items: those for which every part that is given holds.

    `splits` means any of these ("" is the split of items without one), `tags` all of these.
    `filter` is a condition such as `metadata.difficulty = "hard" AND NOT tags:"flaky"`, and
    `sample` chooses from what the others leave.
    """

    item_ids: Sequence[str] = ()
    splits: Sequence[str] = ()
    tags: Sequence[str] = ()
    filter: str = ""
    sample: ItemSample | None = None

    def to_message(self) -> item_selection_pb2.ItemSelection:
        """Write it as the contract's message."""
        for name in ("item_ids", "splits", "tags"):
            if isinstance(getattr(self, name), str):
                raise invalid_field(f"selection.{name}", "give a list of strings")
        return item_selection_pb2.ItemSelection(
            item_ids=self.item_ids,
            splits=self.splits,
            tags=self.tags,
            filter=self.filter,
            sample=None if self.sample is None else self.sample.to_message(),
        )

    @classmethod
    def from_message(cls, message: item_selection_pb2.ItemSelection) -> ItemSelection:
        """Read it from the contract's message."""
        return cls(
            tuple(message.item_ids),
            tuple(message.splits),
            tuple(message.tags),
            message.filter,
            ItemSample.from_message(message.sample) if message.HasField("sample") else None,
        )

    @classmethod
    def of_field(cls, message: experiment_pb2.Experiment | run_pb2.Run) -> ItemSelection | None:
        """Read the `selection` of a message; None if it is not set."""
        return cls.from_message(message.selection) if message.HasField("selection") else None
