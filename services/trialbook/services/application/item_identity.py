"""Which item of the dataset a given one is, and what becomes of it."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from trialbook.services.application.item_content import ItemContent
from trialbook.services.application.item_state import ItemStates, KnownItem
from trialbook.services.domain.errors import Violation


class ImportMode(enum.StrEnum):
    """What to do with a given item that the dataset has already, with other content."""

    ADD = "add"
    """Refuse it."""
    UPSERT = "upsert"
    """Let it have the content given, and come back if it was removed."""


class GivenItem(NamedTuple):
    """An item on its way in: its ids, empty where it has none, and its content."""

    item_id: str
    external_id: str
    content: ItemContent


class Fate(enum.Enum):
    """What becomes of a given item."""

    ADDED = enum.auto()
    CHANGED = enum.auto()
    RESTORED = enum.auto()
    UNCHANGED = enum.auto()
    REPEATED = enum.auto()
    """It stands in the same batch before, with the same content."""
    REFUSED = enum.auto()


class Decision(NamedTuple):
    """What becomes of one given item.

    `known` is the item that it is, or that is in its way; `first` the place of the one that it
    repeats; `problem` why it is refused: the field, and a sentence.
    """

    fate: Fate
    known: KnownItem | None = None
    first: int = 0
    problem: tuple[str, str] | None = None


_ADDED = Decision(Fate.ADDED)
_PURGED = "was purged; leave it out, or choose another id"


@dataclass(slots=True)
class Known:
    """The items that some given ones may be."""

    by_item_id: dict[str, KnownItem] = field(default_factory=dict)
    by_external_id: dict[str, KnownItem] = field(default_factory=dict)

    @classmethod
    def of(cls, items: Iterable[KnownItem]) -> Known:
        """Return items by their ids."""
        known = cls()
        for item in items:
            known.by_item_id[item.item_id] = item
            if item.external_id:
                known.by_external_id[item.external_id] = item
        return known

    def with_those(self, others: Known) -> Known:
        """Return these items and others, which come first where both have an id."""
        return Known(
            self.by_item_id | others.by_item_id, self.by_external_id | others.by_external_id
        )


def look_up(states: ItemStates, number: int, given: Sequence[GivenItem]) -> Known:
    """Return what a dataset knows of given items by their ids."""
    item_ids = {item.item_id for item in given if item.item_id}
    external_ids = {item.external_id for item in given if item.external_id}
    if not item_ids and not external_ids:
        return Known()
    return Known.of(states.known_items(number, item_ids, external_ids))


def decide(
    known: Known, given: Sequence[GivenItem], mode: ImportMode, *, version: int = 0
) -> list[Decision]:
    """Decide what becomes of given items that have ids; those without any are added.

    `version` is the one that an import brings: what it has touched already, it touches no more.
    """
    batch = _Batch(known, mode, version)
    return [
        batch.decide(index, item) if item.item_id or item.external_id else _ADDED
        for index, item in enumerate(given)
    ]


class _Batch:
    """Decides on items one after the other, each with a view to those before it."""

    def __init__(self, known: Known, mode: ImportMode, version: int) -> None:
        self._known = known
        self._mode = mode
        self._version = version
        self._by_item_id: dict[str, tuple[int, GivenItem]] = {}
        self._by_external_id: dict[str, tuple[int, GivenItem]] = {}
        self._touched: dict[int, tuple[int, GivenItem]] = {}

    def decide(self, index: int, item: GivenItem) -> Decision:
        """Return what becomes of the item at this place."""
        by_external = self._known.by_external_id.get(item.external_id)
        by_id = self._known.by_item_id.get(item.item_id)
        other = _mismatch(item, by_id, by_external)
        if other is not None:
            return _refused(*other, by_external or by_id)
        known = by_external or by_id
        before = self._before(item, known)
        if before is not None:
            return _repeated(item, before, is_known=known is not None)
        self._remember(index, item, known)
        return _ADDED if known is None else self._met(item, known)

    def _before(self, item: GivenItem, known: KnownItem | None) -> tuple[int, GivenItem] | None:
        if known is not None:
            return self._touched.get(known.ordinal)
        return self._by_external_id.get(item.external_id) or self._by_item_id.get(item.item_id)

    def _remember(self, index: int, item: GivenItem, known: KnownItem | None) -> None:
        if known is not None:
            self._touched[known.ordinal] = index, item
            return
        if item.item_id:
            self._by_item_id[item.item_id] = index, item
        if item.external_id:
            self._by_external_id[item.external_id] = index, item

    def _met(self, item: GivenItem, known: KnownItem) -> Decision:
        digest = item.content.digest
        if known.purged:
            return _refused(_field(item), _PURGED, known)
        if known.version and digest == known.digest:
            return Decision(Fate.UNCHANGED, known)
        if known.version and known.version == self._version:
            return _refused(_field(item), "stands in this import before, with other content", known)
        if self._mode is ImportMode.UPSERT:
            return Decision(Fate.CHANGED if known.version else Fate.RESTORED, known)
        if not known.version:
            return _refused(
                _field(item), "belongs to a removed item; restore that, or choose another id", known
            )
        if digest == known.first_digest:
            return Decision(Fate.UNCHANGED, known)
        return _refused(
            _field(item),
            "is there with other content; update or upsert it, or choose another id",
            known,
        )


def _repeated(item: GivenItem, before: tuple[int, GivenItem], *, is_known: bool) -> Decision:
    index, first = before
    ids = zip(item[:2], first[:2], strict=True)
    same_ids = is_known or all(not mine or mine == other for mine, other in ids)
    if same_ids and item.content.digest == first.content.digest:
        return Decision(Fate.REPEATED, first=index)
    what = "other content" if same_ids else "another id"
    return _refused(_field(item), f"stands in this call before, with {what}; leave one out")


def _mismatch(
    item: GivenItem, by_id: KnownItem | None, by_external: KnownItem | None
) -> tuple[str, str] | None:
    """Say what is wrong with ids that are not those of one item."""
    if by_external is not None and item.item_id and item.item_id != by_external.item_id:
        return "external_id", f"belongs to the item {by_external.item_id!r}"
    if by_id is not None and item.external_id and item.external_id != by_id.external_id:
        has = f"has the external id {by_id.external_id!r}" if by_id.external_id else "has none"
        return "item_id", f"is there, and {has}, which cannot be changed"
    return None


def _refused(name: str, message: str, known: KnownItem | None = None) -> Decision:
    return Decision(Fate.REFUSED, known, problem=(name, message))


def _field(item: GivenItem) -> str:
    return "external_id" if item.external_id else "item_id"


def refusals(
    decisions: Sequence[Decision], given: Sequence[GivenItem], offset: int
) -> list[Violation]:
    """Return why items are refused, as violations of `items[n]`."""
    found = []
    for index, decision in enumerate(decisions):
        if decision.problem is not None:
            name, message = decision.problem
            value: str = getattr(given[index], name)
            found.append(Violation(f"items[{index + offset}].{name}", f"{value[:80]!r} {message}"))
    return found
