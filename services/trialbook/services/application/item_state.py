"""What changes of items rest on: which items there are, and what they hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import msgspec

from trialbook.services.domain.dataset import ItemFact


class KnownItem(msgspec.Struct, frozen=True, gc=False):
    """An item that a dataset has, or had, or that an import is just bringing.

    `version` is the one that wrote the content that holds now; 0 for a removed item. `digest` is
    that content's, and `first_digest` that of the content with which the item was added.
    """

    item_id: str
    ordinal: int
    external_id: str
    version: int
    digest: bytes
    first_digest: bytes
    purged: bool


class HeldItem(msgspec.Struct, frozen=True, gc=False):
    """An item whose content held at some version."""

    ordinal: int
    item_id: str
    digest: bytes
    purged: bool


class ItemStates(Protocol):
    """The states of items in one snapshot, those of arriving imports included."""

    def known_items(
        self, number: int, item_ids: Collection[str], external_ids: Collection[str]
    ) -> list[KnownItem]:
        """Return the items that have one of these ids, or one of these external ids."""
        ...

    def digests_at(
        self, number: int, version: int, after: int, limit: int
    ) -> list[tuple[int, bytes]]:
        """Return (ordinal, digest) of a version's items with ordinals above `after`, in order."""
        ...

    def facts_at(self, number: int, version: int, ordinals: Sequence[int]) -> dict[int, ItemFact]:
        """Return the contents of items at a version by ordinal; large bodies as references."""
        ...

    def last_facts(self, number: int, ordinals: Sequence[int]) -> dict[int, ItemFact]:
        """Return the newest contents of items by ordinal, those of removed ones too."""
        ...

    def held_before(self, number: int, version: int, limit: int) -> list[HeldItem]:
        """Return items whose contents held at a version and hold no more."""
        ...

    def held_since(self, number: int, version: int, limit: int) -> list[HeldItem]:
        """Return items whose contents hold now and did not at a version."""
        ...

    def bodies(self, digests: Collection[bytes]) -> Mapping[bytes, str]:
        """Return large bodies by digest."""
        ...
