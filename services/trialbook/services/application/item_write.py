"""Writes what was decided about items as facts of one version."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import msgspec

from trialbook.services.application.item_content import to_fact
from trialbook.services.application.item_identity import Decision, Fate, GivenItem
from trialbook.services.application.ports import UnitOfWork
from trialbook.services.domain import dataset as domain
from trialbook.services.domain.content import ContentCollector
from trialbook.services.domain.dataset import ItemCounts, ItemFact, ItemKey


class Tally(msgspec.Struct, frozen=True):
    """How many items were given, by what became of them."""

    added: int = 0
    changed: int = 0
    restored: int = 0
    unchanged: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.added + other.added,
            self.changed + other.changed,
            self.restored + other.restored,
            self.unchanged + other.unchanged,
        )

    @property
    def counts(self) -> ItemCounts:
        """What a version tells of it."""
        return ItemCounts(added=self.added, changed=self.changed, restored=self.restored)

    @property
    def touched(self) -> int:
        """How many items are not as they were."""
        return self.added + self.changed + self.restored


def tally_of(decisions: Sequence[Decision]) -> Tally:
    """Count decisions. What was refused does not count."""
    fates = [decision.fate for decision in decisions]
    return Tally(
        fates.count(Fate.ADDED),
        fates.count(Fate.CHANGED),
        fates.count(Fate.RESTORED),
        fates.count(Fate.UNCHANGED) + fates.count(Fate.REPEATED),
    )


class ItemWriter:
    """Writes items of one version of a dataset; `number` is the dataset's short key."""

    def __init__(self, uow: UnitOfWork, uid: str, number: int, version: int) -> None:
        self._uow = uow
        self._uid = uid
        self._number = number
        self._version = version

    def write(
        self,
        given: Sequence[GivenItem],
        decisions: Sequence[Decision],
        first_ordinal: int,
        *,
        ids_are_free: bool = False,
    ) -> list[str]:
        """Write given items as decided; return the id of each, empty for refused ones.

        New items get ordinals from `first_ordinal`. With `ids_are_free`, no id that may be
        assigned can be taken.
        """
        item_ids = self._item_ids(given, decisions, first_ordinal, ids_are_free=ids_are_free)
        contents = ContentCollector()
        facts: dict[Fate, list[ItemFact]] = {Fate.ADDED: [], Fate.CHANGED: [], Fate.RESTORED: []}
        ordinal = first_ordinal
        for item, decision, item_id in zip(given, decisions, item_ids, strict=True):
            known = decision.known
            if decision.fate is Fate.ADDED:
                fact = to_fact(item_id, ordinal, item.external_id, item.content, contents)
                ordinal += 1
            elif known is not None and decision.fate in facts:
                fact = to_fact(item_id, known.ordinal, known.external_id, item.content, contents)
            else:
                continue
            facts[decision.fate].append(fact)
        self._uow.store_blobs(contents.blobs)
        self.append(
            added=facts[Fate.ADDED], changed=facts[Fate.CHANGED], restored=facts[Fate.RESTORED]
        )
        return item_ids

    def append(
        self,
        *,
        added: Sequence[ItemFact] = (),
        changed: Sequence[ItemFact] = (),
        restored: Sequence[ItemFact] = (),
        removed: Sequence[ItemKey] = (),
    ) -> None:
        """Write facts, whose large bodies are stored already."""
        uid, version = self._uid, self._version
        events: list[msgspec.Struct] = [
            *(domain.ItemsRemoved(uid, version, some) for some in domain.chunks(removed)),
            *(domain.ItemsRestored(uid, version, some) for some in domain.chunks(restored)),
            *(domain.ItemsChanged(uid, version, some) for some in domain.chunks(changed)),
            *(domain.ItemsAdded(uid, version, some) for some in domain.chunks(added)),
        ]
        self._uow.append(domain.items_stream_of(uid), events, expected_version=None)

    def _item_ids(
        self,
        given: Sequence[GivenItem],
        decisions: Sequence[Decision],
        first_ordinal: int,
        *,
        ids_are_free: bool,
    ) -> list[str]:
        item_ids: list[str] = []
        assigned: list[int] = []
        ordinal = first_ordinal
        for index, (item, decision) in enumerate(zip(given, decisions, strict=True)):
            if decision.fate is Fate.ADDED:
                if not item.item_id:
                    assigned.append(index)
                item_ids.append(item.item_id or f"item-{ordinal}")
                ordinal += 1
            else:
                item_ids.append("" if decision.known is None else decision.known.item_id)
        if assigned and not ids_are_free:
            self._avoid_taken(item_ids, assigned)
        for index, decision in enumerate(decisions):
            if decision.fate is Fate.REPEATED:
                item_ids[index] = item_ids[decision.first]
        return item_ids

    def _avoid_taken(self, item_ids: list[str], assigned: Sequence[int]) -> None:
        """Change assigned ids that the dataset has, or that others of the batch were given."""
        places = set(assigned)
        taken = {item_id for place, item_id in enumerate(item_ids) if place not in places}
        taken |= self._uow.datasets.taken_item_ids(
            self._number, [item_ids[place] for place in assigned]
        )
        for place in assigned:
            if item_ids[place] in taken:
                item_ids[place] = f"{item_ids[place]}-{secrets.token_hex(4)}"
