"""Items that are the same."""

from __future__ import annotations

from dataclasses import dataclass

from trialbook.v1 import dataset_service_pb2


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Items that are the same: the first of them, and the others, of which 1,000 are named."""

    item_id: str
    duplicate_ids: tuple[str, ...]
    duplicate_count: int

    @classmethod
    def from_message(cls, message: dataset_service_pb2.DuplicateGroup) -> DuplicateGroup:
        """Read it from the contract's message."""
        return cls(message.item_id, tuple(message.duplicate_ids), message.duplicate_count)
